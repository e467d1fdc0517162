/** Posting bytes over HTTP: what a sender needs of whoever does it. */

export interface HttpAnswer {
  status: number;
  /** Values by name in small letters; null where there is none. */
  header(name: string): string | null;
  /** Its first bytes. */
  body: Uint8Array;
}

export interface HttpTransport {
  /** Rejects when there is no answer. */
  post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer>;
  close(): void;
}

/** Answers are short; of a longer one this much is read. */
export const ANSWER_BYTES_MAX = 65_536;

/** Reads what comes, and no more than ANSWER_BYTES_MAX of it. */
export async function readAnswer(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, ANSWER_BYTES_MAX - bytes.length);
    const longer = new Uint8Array(bytes.length + part.length);
    longer.set(bytes);
    longer.set(part, bytes.length);
    bytes = longer;
    if (bytes.length === ANSWER_BYTES_MAX) break;
  }
  return bytes;
}
