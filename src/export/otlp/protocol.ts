/** The ways of sending OTLP, by the names that settings use. */
export const OTLP_PROTOCOLS = ["grpc", "http_binary", "http_json"] as const;
export type OtlpProtocol = typeof OTLP_PROTOCOLS[number];

/** OpenTelemetry's own names of them (OTEL_EXPORTER_OTLP_PROTOCOL). */
const ALIASES: Record<string, OtlpProtocol> = { "http/protobuf": "http_binary", "http/json": "http_json" };

export const OTLP_PROTOCOL_NAMES: readonly string[] = [...OTLP_PROTOCOLS, ...Object.keys(ALIASES)];

/** Of a name or an alias; undefined for any other word. */
export function otlpProtocol(name: string): OtlpProtocol | undefined {
  return OTLP_PROTOCOLS.find((protocol) => protocol === name) ?? ALIASES[name];
}
