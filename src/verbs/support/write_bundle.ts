/** `weir support-bundle`: everything that tells how weir does here, in one file for who helps. */
import { EnvironmentError, plainReason, UsageError } from "../../errors.ts";
import { sizeText } from "../../export/mod.ts";
import { type LoadedSettings, loadSettings } from "../../settings/mod.ts";
import { settle, type SourceOptions, sourceOptions } from "../settle.ts";
import { alignRows } from "../table.ts";
import { archive } from "./archive.ts";
import { type Bundle, readBundle } from "./bundle_parts.ts";

export interface SupportBundleOptions extends SourceOptions {
  output?: string;
  flows?: number;
  attach: boolean;
  json?: boolean;
  socket: string;
}

const ONLY_OWNER = 0o600;
/** As a file: where its bytes go when there is no place to write to, as in a pod. */
const STDOUT = "-";

/** Throws UsageError where the file is there already, EnvironmentError where it cannot be written. */
export async function writeBundle(options: SupportBundleOptions): Promise<void> {
  const now = new Date();
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const path = options.output ?? `weir-support-${Deno.hostname()}-${time}.tar.gz`;
  using file = path === STDOUT ? undefined : create(path);
  if (!file && Deno.stdout.isTerminal()) throw new UsageError("Cannot write an archive to a terminal: redirect it");
  const bundle = await readBundle({
    socket: options.socket,
    flows: options.flows ?? 0,
    attach: options.attach,
    settings: await ownSettings(options),
    standard: await loadSettings({}),
  });
  const files = [...bundle.files, { name: "contents.txt", text: contentsText(bundle) }];
  const bytes = await archive(files, now.getTime());
  await writeAll(file ?? Deno.stdout, bytes);
  const said = { file: path, bytes: bytes.length, files: files.map(({ name }) => name), missing: bundle.failures };
  const text = options.json
    ? JSON.stringify(said, null, 2)
    : `${contentsText(bundle)}\n${path}: ${sizeText(bytes.length)}`;
  if (file) console.log(text);
  else console.error(text); // the other one is the archive
}

/** The file is there before the first question is asked: what cannot be written is known at once. */
function create(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, createNew: true, mode: ONLY_OWNER });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new UsageError(`Cannot write ${path}: it is there already; name another file`, { cause });
    }
    throw new EnvironmentError(`Cannot write ${path}: ${plainReason(cause)}; name another file with --output`, {
      cause,
    });
  }
}

async function writeAll(file: Pick<Deno.FsFile, "write">, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** A configuration that cannot be used is a reason to ask for help: it is told, and the rest is collected. */
async function ownSettings(options: SourceOptions): Promise<LoadedSettings | Error> {
  try {
    return await settle(sourceOptions(options));
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

function contentsText({ files, failures }: Bundle): string {
  const rows = files.map(({ name, text }) => [name, sizeText(new TextEncoder().encode(text).length)]);
  const missing = failures.map(({ name, why }) => [name, why]);
  return [
    alignRows([["in it", "size"], ...rows], new Set([1])),
    ...(missing.length ? ["", alignRows([["not to be had", "because"], ...missing])] : []),
  ].join("\n") + "\n";
}
