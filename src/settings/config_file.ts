/** A configuration file's text: from a path, or from standard input. */
import { plainReason, UsageError } from "../errors.ts";
import { type ConfigFile, type ConfigFormat, formatOfName, formatOfText } from "./read_configuration.ts";

const STANDARD_INPUT = "-";
/** More than anybody writes. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** Throws {@linkcode UsageError} where it cannot be read. */
export async function openConfigFile(path: string, format: ConfigFormat | undefined): Promise<ConfigFile> {
  if (path === STANDARD_INPUT) {
    const text = await readText("standard input", Deno.stdin.readable);
    return { name: "standard input", text, format: format ?? formatOfText(text), isReadOnce: true };
  }
  const chosen = format ?? formatOfName(path);
  try {
    using file = await Deno.open(path);
    return { name: path, text: await readText(path, file.readable), format: chosen };
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`Cannot read ${path}: ${plainReason(cause)}`, { cause });
  }
}

async function readText(name: string, stream: ReadableStream<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of stream) {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes > FILE_BYTES_MAX) {
      throw new UsageError(`Cannot read ${name}: it is larger than 4 MiB; is it the right one?`);
    }
  }
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`Cannot read ${name}: it is no UTF-8 text`, { cause });
  }
}
