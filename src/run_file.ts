/**
 * The file beside the socket that says who runs here. It is locked while its agent lives, so a file that nobody locks
 * is what a killed run left.
 */
import { dirname } from "node:path";
import { EnvironmentError, plainReason } from "./errors.ts";

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

/** Takes the place at `path`. Throws EnvironmentError when a live agent has it, or the place cannot be used. */
export function claimRunFile(path: string): RunFile {
  const file = openFile(path);
  const before = readRunner(path);
  if (!file.tryLockSync(true)) {
    file.close();
    throw new EnvironmentError(
      `Cannot start: an agent${before ? ` (pid ${before.pid})` : ""} runs here already; ` +
        "stop it, or choose another socket with --socket",
    );
  }
  if (!isStillAt(file, path)) {
    // the agent that stopped meanwhile took its file along: what is locked is nobody's place any more
    file.close();
    return claimRunFile(path);
  }
  file.truncateSync(0);
  const runner: Runner = { pid: Deno.pid, started: new Date().toISOString() };
  file.writeSync(new TextEncoder().encode(JSON.stringify(runner)));
  return {
    killed: before,
    release() {
      if (isStillAt(file, path)) Deno.removeSync(path);
      file.close();
    },
  };
}

function openFile(path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return Deno.openSync(path, { read: true, write: true, create: true, mode: FILE_MODE });
  } catch (cause) {
    throw new EnvironmentError(
      `Cannot use ${path}: ${plainReason(cause)}; choose another socket with --socket`,
      { cause },
    );
  }
}

function isStillAt(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch {
    return false; // gone
  }
}

function readRunner(path: string): Runner | undefined {
  try {
    const { pid, started } = JSON.parse(Deno.readTextFileSync(path));
    return Number.isInteger(pid) && typeof started === "string" ? { pid, started } : undefined;
  } catch {
    return undefined; // empty: new, or killed while it was written
  }
}
