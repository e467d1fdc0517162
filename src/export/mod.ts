/**
 * Stage 6 of 7, export: records leave as spans.
 *
 * In: flow records. Out: lines, OTLP. Drops: what a receiver rejected, whose reader went away, or that a deadline cut
 * off: in the books as lost_export{reason}. A queue that is full gives up detail, not packets.
 */
export type { SpanContext, SpanInterface } from "./attributes.ts";
export { CountingExporter } from "./counting.ts";
export { type Exporter, type ExporterRecords, READY_RECORDS } from "./exporter.ts";
export { jsonLine } from "./json_lines.ts";
export { LineSender, type LineStream } from "./line_sender.ts";
export { Credentials, givenSecret, type Secret } from "./otlp/credentials.ts";
export { OTLP_PROTOCOL_NAMES, OTLP_PROTOCOLS, type OtlpProtocol, otlpProtocol } from "./otlp/protocol.ts";
export { type Compression, COMPRESSIONS, type ReceiverOptions } from "./otlp/receiver.ts";
export { TlsFiles } from "./otlp/tls_files.ts";
export { Outlets } from "./outlets.ts";
export { QueuedExporter } from "./queued_exporter.ts";
export { queuedContext, type References } from "./references.ts";
export { flowSpan } from "./span.ts";
export type { Answer } from "./sender.ts";
export { colourStyle, countText, durationText, plainStyle, sizeText, textHeader, textLine } from "./text_lines.ts";
