/** A capture file that cannot be read on: where, and what is wrong there. What was read before it holds. */
export class CaptureFileError extends Error {
  override readonly name = "CaptureFileError";
  /** Byte of the file at which the trouble begins. */
  readonly offset: number;

  constructor(offset: number, problem: string) {
    super(`at offset ${offset}: ${problem}`);
    this.offset = offset;
  }
}
