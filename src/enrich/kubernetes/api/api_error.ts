/** An answer of the API server that is not what was asked for. */

const STATUS_BYTES_MAX = 64 * 1024;
const MESSAGE_LENGTH_MAX = 300;
const SECOND_MS = 1_000;

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status, or the code of an error event. */
  readonly status: number;
  /** As Kubernetes says it: "Forbidden", "Expired" …; "" where it says none. */
  readonly reason: string;
  /** When to come back, ms; undefined: it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message.slice(0, MESSAGE_LENGTH_MAX));
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** What it knows begins later than what was asked for: everything is to be listed again. */
  get isExpired(): boolean {
    return this.status === 410 || this.reason === "Expired" || this.reason === "Gone";
  }

  /** What it knows ends before what was asked for: it lags, or was restored from a backup. All releases say it so. */
  get isVersionTooLarge(): boolean {
    return this.reason === "Timeout" && this.message.includes("Too large resource version");
  }

  /** It has too much to do: the same will do later. */
  get isBusy(): boolean {
    return this.status === 429 || this.reason === "TooManyRequests";
  }

  /** It does not stream lists, or not yet. */
  get isUnknownQuery(): boolean {
    return this.status === 400 || this.status === 422;
  }
}

/** A Status object (metav1), as error events carry it. */
export function errorOfStatus(status: unknown): ApiError {
  const { code, reason, message } = (status ?? {}) as { code?: unknown; reason?: unknown; message?: unknown };
  return new ApiError(Number(code) || 0, String(reason ?? ""), String(message ?? "an error without a message"));
}

/** Reads the body of an answer that is no success. */
export async function readError(
  status: number,
  retryAfter: string | undefined,
  body: AsyncIterable<Uint8Array>,
): Promise<ApiError> {
  const text = await readText(body);
  const retryAfterMs = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) * SECOND_MS : undefined;
  try {
    const { reason, message } = JSON.parse(text);
    return new ApiError(status, String(reason ?? ""), String(message ?? `HTTP ${status}`), retryAfterMs);
  } catch {
    return new ApiError(status, "", `HTTP ${status} ${text.trim()}`.trim(), retryAfterMs); // not Kubernetes' words
  }
}

/** The text of an answer, or as much of it as errors take. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > STATUS_BYTES_MAX) break;
  }
  return text;
}
