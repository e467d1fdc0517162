/** The ways of sending OTLP, by the names that settings use. */
export const OTLP_PROTOCOLS = ["grpc", "http_binary"] as const;
export type OtlpProtocol = typeof OTLP_PROTOCOLS[number];
