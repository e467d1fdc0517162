/** Where a replay's bytes come from: a file, or standard input as "-". */
import { UsageError } from "../errors.ts";
import { nearest } from "../settings/mod.ts";

export interface ReplaySource extends Disposable {
  /** For people. */
  name: string;
  /** Undefined for pipes. */
  sizeBytes: number | undefined;
  /** Bytes read into the buffer; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** Throws UsageError when there is no such file. */
export async function openSource(path: string): Promise<ReplaySource> {
  if (path === "-") {
    return {
      name: "standard input",
      sizeBytes: undefined,
      read: (into) => Deno.stdin.read(into),
      [Symbol.dispose]: () => {},
    };
  }
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true });
  } catch (cause) {
    throw new UsageError(`Cannot read ${path}: ${await whyNot(path, cause as Error)}`, { cause });
  }
  const { isFile, isDirectory, size } = await file.stat();
  if (isDirectory) {
    file.close();
    throw new UsageError(`Cannot read ${path}: it is a directory; name a pcap or pcapng file in it`);
  }
  return {
    name: path,
    sizeBytes: isFile ? size : undefined,
    read: (into) => file.read(into),
    [Symbol.dispose]: () => file.close(),
  };
}

async function whyNot(path: string, error: Error): Promise<string> {
  if (!(error instanceof Deno.errors.NotFound)) return error.message;
  const slash = path.lastIndexOf("/") + 1;
  const folder = path.slice(0, slash);
  const near = nearest(path.slice(slash), await namesIn(folder || "."));
  return `there is no such file${near ? `; did you mean "${folder}${near}"?` : ""}`;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  } catch {
    return []; // no such folder, either: then there is nothing to suggest
  }
}
