/** What receivers say: ExportTraceServiceResponse and google.rpc.Status. Hostile bytes say nothing. */
import { messages, numberIn, textIn } from "./protobuf_reader.ts";

export interface TraceResponse {
  rejectedSpans: number;
  errorMessage: string;
}

const MESSAGE_BYTES_MAX = 200;
const SECOND_MS = 1_000;
const NS_PER_MS = 1e6;

/** opentelemetry/proto/collector/trace/v1/trace_service.proto */
const Response = { PARTIAL_SUCCESS: 1 } as const;
const PartialSuccess = { REJECTED_SPANS: 1, ERROR_MESSAGE: 2 } as const;

export function readTraceResponse(bytes: Uint8Array): TraceResponse {
  const response: TraceResponse = { rejectedSpans: 0, errorMessage: "" };
  for (const partial of messages(bytes, Response.PARTIAL_SUCCESS)) {
    response.rejectedSpans = numberIn(partial, PartialSuccess.REJECTED_SPANS);
    response.errorMessage = textIn(partial, PartialSuccess.ERROR_MESSAGE, MESSAGE_BYTES_MAX);
  }
  return response;
}

/** The same as JSON, where 64-bit numbers are texts. */
export function readJsonTraceResponse(text: string): TraceResponse {
  let partial: unknown;
  try {
    partial = JSON.parse(text)?.partialSuccess;
  } catch {
    partial = undefined; // no JSON: it says nothing
  }
  const { rejectedSpans, errorMessage } = (partial ?? {}) as { rejectedSpans?: unknown; errorMessage?: unknown };
  const rejected = Number(rejectedSpans);
  return {
    rejectedSpans: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
    errorMessage: typeof errorMessage === "string" ? errorMessage.slice(0, MESSAGE_BYTES_MAX) : "",
  };
}

/** google/rpc/status.proto and error_details.proto, google/protobuf/any.proto and duration.proto */
const Status = { MESSAGE: 2, DETAILS: 3 } as const;
const Any = { TYPE_URL: 1, VALUE: 2 } as const;
const RetryInfo = { RETRY_DELAY: 1 } as const;
const Duration = { SECONDS: 1, NANOS: 2 } as const;
const RETRY_INFO_TYPE = "/google.rpc.RetryInfo";
const TYPE_URL_BYTES_MAX = 100;

/** What a google.rpc.Status says to people. */
export function statusMessage(status: Uint8Array): string {
  return textIn(status, Status.MESSAGE, MESSAGE_BYTES_MAX);
}

/** When a google.rpc.Status asks to be tried again, in ms; undefined where it does not ask. */
export function retryDelayMs(status: Uint8Array): number | undefined {
  for (const detail of messages(status, Status.DETAILS)) {
    if (!textIn(detail, Any.TYPE_URL, TYPE_URL_BYTES_MAX).endsWith(RETRY_INFO_TYPE)) continue;
    let delayMs = 0;
    for (const info of messages(detail, Any.VALUE)) {
      for (const delay of messages(info, RetryInfo.RETRY_DELAY)) {
        delayMs = numberIn(delay, Duration.SECONDS) * SECOND_MS + numberIn(delay, Duration.NANOS) / NS_PER_MS;
      }
    }
    return delayMs;
  }
  return undefined;
}
