/** The project as a guest gets it: sources, what was built from them, tests, and their packages, all offline. */
import { CpioWriter } from "./cpio.ts";
import { cacheFolder, run } from "../support/host.ts";

/** Where the project lies, here and in the guest: compiled modules are cached by their path. */
export const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
export const GUEST_CACHE = "/deno";
export const SUITE = "tests/bpf";

const PARTS = ["src", ".output", "deno.lock", SUITE, "tests/support", "tests/kernels"];
const PROGRAMS = ["src/main.ts", "src/collector.ts", "tests/kernels/guest.ts", "tests/kernels/guest_peer.ts"];
/** What only a build needs: a guest does not carry 100 MB of compiler. */
const COMPILER = "assemblyscript";
const COMPILER_PACKAGES = /\/npm\/[^/]+\/(assemblyscript|binaryen)$/;

/** Writes the archive to `path`. */
export async function packTree(path: string): Promise<void> {
  const cache = `${cacheFolder()}/deno`;
  const tests = suiteFiles();
  const env = { DENO_DIR: cache };
  const { ok, errors } = await run(Deno.execPath(), ["cache", "-q", "--no-check", ...PROGRAMS, ...tests], ROOT, env);
  if (!ok) throw new Error(`Cannot prepare the packages for the guest: ${errors}`);
  const archive = new CpioWriter(path);
  for (const part of PARTS) archive.copy(`${ROOT}/${part}`, `${ROOT}/${part}`);
  archive.file(`${ROOT}/deno.json`, guestConfiguration());
  archive.copy(`${cache}/npm`, `${GUEST_CACHE}/npm`, (file) => !COMPILER_PACKAGES.test(file));
  archive.copy(`${cache}/gen/file${ROOT}`, `${GUEST_CACHE}/gen/file${ROOT}`);
  for (const { name } of Deno.readDirSync(cache)) {
    if (/^(dep|node)_analysis_cache/.test(name)) archive.copy(`${cache}/${name}`, `${GUEST_CACHE}/${name}`);
  }
  archive.copy(new URL("init.sh", import.meta.url).pathname, "/init");
  archive.close();
}

function guestConfiguration(): string {
  const { imports, ...rest } = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.json`));
  delete imports[COMPILER];
  return JSON.stringify({ ...rest, imports });
}

function suiteFiles(): string[] {
  return [...Deno.readDirSync(`${ROOT}/${SUITE}`)].map(({ name }) => `${SUITE}/${name}`)
    .filter((name) => name.endsWith("_test.ts")).sort();
}
