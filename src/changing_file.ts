/** A small file that others replace while weir runs, as a token or a certificate: read again when it changed. */
import { plainReason, UsageError } from "./errors.ts";
import { log } from "./log.ts";

/** Far above any token or certificate chain. */
const FILE_BYTES_MAX = 1024 * 1024;

export class ChangingFile {
  readonly path: string;
  readonly #what: string;
  #text: string;
  #signature: string;
  #problem = "";
  #version = 0;

  /** what: as messages call it. Throws UsageError when it cannot be read. */
  constructor(path: string, what: string) {
    this.path = path;
    this.#what = what;
    try {
      this.#signature = signatureOf(path);
      this.#text = readWhole(path);
    } catch (cause) {
      throw new UsageError(`Cannot read the ${what} ${path}: ${plainReason(cause)}`, { cause });
    }
  }

  /** What it holds now. A file that went away or is empty just now is as it was before. */
  read(): string {
    try {
      const signature = signatureOf(this.path);
      if (signature === this.#signature) return this.#text;
      const text = readWhole(this.path);
      this.#signature = signature;
      this.#problem = "";
      if (text === this.#text) return text;
      this.#text = text;
      this.#version++;
      log.info("Read the {what} {path} again: it changed", { what: this.#what, path: this.path });
    } catch (error) {
      this.#report(plainReason(error));
    }
    return this.#text;
  }

  /** Counts the changes that read() saw. */
  get version(): number {
    return this.#version;
  }

  /** Says so once, not at every look. */
  #report(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    log.warn("Cannot read the {what} {path} any more: {problem}; going on with what it held", {
      what: this.#what,
      path: this.path,
      problem,
    });
  }
}

/** Replaced files have another number, rewritten ones another time. */
function signatureOf(path: string): string {
  const { ino, size, mtime } = Deno.statSync(path);
  return `${ino} ${size} ${mtime?.getTime()}`;
}

function readWhole(path: string): string {
  const { size, isFile } = Deno.statSync(path);
  if (!isFile) throw new Error("it is no file");
  if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} bytes, more than ${FILE_BYTES_MAX}`);
  const text = Deno.readTextFileSync(path).trim();
  if (!text) throw new Error("it is empty");
  return text;
}
