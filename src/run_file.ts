/**
 * The file beside the socket that says who runs here. It is locked while its agent lives, so a file that nobody locks
 * is what a killed run left.
 */
import { EnvironmentError } from "./errors.ts";

interface Runner {
  pid: number;
  started: string;
}

export interface RunFile {
  /** The run before, if it did not stop by itself. */
  killed: Runner | undefined;
  /** A clean stop: the file goes. */
  release(): void;
}

const FILE_MODE = 0o600;

/** Takes the place at `path`. Throws EnvironmentError when a live agent has it. */
export function claimRunFile(path: string): RunFile {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true, mode: 0o755 });
  const file = Deno.openSync(path, { read: true, write: true, create: true, mode: FILE_MODE });
  const before = readRunner(path);
  if (!file.tryLockSync(true)) {
    file.close();
    throw new EnvironmentError(
      `Cannot start: an agent${before ? ` (pid ${before.pid})` : ""} runs here already; ` +
        "stop it, or choose another socket with --socket",
    );
  }
  file.truncateSync(0);
  const runner: Runner = { pid: Deno.pid, started: new Date().toISOString() };
  file.writeSync(new TextEncoder().encode(JSON.stringify(runner)));
  return {
    killed: before,
    release() {
      Deno.removeSync(path);
      file.close();
    },
  };
}

function readRunner(path: string): Runner | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return undefined; // empty: new, or killed while it was written
  }
}
