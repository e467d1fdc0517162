/** Errors that somebody catches, and the assertion that nobody does. */

/** A broken invariant: weir's own mistake. It stops the agent, because numbers behind it could not be trusted. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`);
}

/** A call of the kernel, libc or libbpf failed. */
export class KernelError extends Error {
  override readonly name = "KernelError";
  /** Positive errno, 0 where there is none. */
  readonly errno: number;
  /** What the verifier said, where it was the one who refused. */
  readonly verifierLog: string;

  constructor(message: string, options: { errno?: number; verifierLog?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.errno = options.errno ?? 0;
    this.verifierLog = options.verifierLog ?? "";
  }
}

/** Why a system call failed, without its number and arguments: "No such file or directory". */
export function plainReason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/ \(os error \d+\).*$/s, "");
}

/** Something that the person at the keyboard asked for cannot be: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The machine lacks something, or something else has it: exit code 1. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}
