/**
 * Stage 6 of 7, export: records leave as spans.
 *
 * In: flow records. Out: lines. Drops: records whose reader went away, or that a deadline cut off, in the books as
 * lost_export{reason}.
 */
export type { SpanContext } from "./attributes.ts";
export { CountingExporter } from "./counting.ts";
export type { Exporter, ExporterRecords } from "./exporter.ts";
export { jsonLine } from "./json_lines.ts";
export { LineExporter, type LineStream } from "./line_writer.ts";
export { flowSpan } from "./span.ts";
export { RecordSum } from "./tally.ts";
export { colourStyle, countText, durationText, plainStyle, sizeText, textHeader, textLine } from "./text_lines.ts";
