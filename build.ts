/**
 * Builds what the agent loads: bpf/ → .output/flow.bpf.o, wasm/ → .output/table.wasm. Does nothing when nothing
 * changed, and installs the compilers once, where Debian's package manager is at hand.
 *
 *     deno run -A build.ts [bpf|wasm] …      all parts when none is named
 */

Deno.chdir(import.meta.dirname!);

const OUTPUT = ".output";
const STAMP = `${OUTPUT}/stamp.json`;

/** Newest first; any of them reads our C. */
const CLANG_VERSIONS = ["clang-19", "clang-18", "clang-17", "clang-16", "clang", "clang-15", "clang-14"];
const CLANG_PACKAGES = ["clang-16", "clang"];

interface Part {
  /** Files whose change makes the output old. */
  inputs: string[];
  /** Something else that does. */
  version?: string;
  outputs: string[];
  build(): Promise<void>;
}

const PARTS: Record<string, Part> = {
  bpf: {
    inputs: [
      ...files("bpf", [".c", ".h"]),
      ...files("tests/bench", [".c"]),
      ...files("tests/support", [".c"]),
      "build.ts",
    ],
    outputs: ["flow.bpf.o", "trace.bpf.o", "layout.bpf.o", "conventional.bpf.o", "stranger.bpf.o"],
    build: buildBpf,
  },
  wasm: {
    inputs: [...files("wasm", [".ts", ".json"]), ...files("wasm/span", [".ts", ".json"]), "build.ts"],
    version: JSON.parse(Deno.readTextFileSync("deno.json")).imports.assemblyscript,
    outputs: ["table.wasm", "table.debug.wasm", "layout.wasm", "bench.wasm", "span.wasm"],
    build: buildWasm,
  },
};

function files(folder: string, endings: string[]): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return names.filter((name) => endings.some((ending) => name.endsWith(ending))).map((name) => `${folder}/${name}`)
    .sort();
}

async function digest({ inputs, version }: Part): Promise<string> {
  const contents = [version, ...inputs.map((path) => [path, Deno.readTextFileSync(path)])];
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(contents)));
  return new Uint8Array(hash).toHex();
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function readStamp(): Record<string, string> {
  try {
    return JSON.parse(Deno.readTextFileSync(STAMP));
  } catch {
    return {}; // never built, or cut short: build
  }
}

function say(text: string): void {
  console.error(`build: ${text}`);
}

function fail(text: string): never {
  say(text);
  Deno.exit(1);
}

/** Runs a command to its end; its output is shown only when it fails. */
function run(command: string, args: string[], env: Record<string, string> = {}): void {
  const { success, code, stdout, stderr } = new Deno.Command(command, { args, env }).outputSync();
  if (success) return;
  Deno.stderr.writeSync(stdout);
  Deno.stderr.writeSync(stderr);
  fail(`${command} ${args.join(" ")} failed with exit code ${code}`);
}

function find(commands: string[]): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"];
  return commands.find((command) => folders.some((folder) => exists(`${folder}/${command}`)));
}

/** Installs Debian packages, once. Elsewhere it says what is missing. */
function install(packages: string[], what: string): void {
  const names = packages.join(" ");
  if (!find(["apt-get"])) fail(`cannot find ${what}: install the equivalents of Debian's ${names} and try again`);
  if (Deno.uid() !== 0) fail(`cannot find ${what}: run "apt-get install ${names}", or build once as root`);
  say(`installing ${names} (once)`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-q"], env);
  run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...packages], env);
}

/** The compilers and headers, installed where they are missing. Returns clang's name. */
function bpfTools(): string {
  const missing = [
    ...(exists("/usr/include/bpf/bpf_helpers.h") ? [] : ["libbpf-dev"]),
    ...(exists("/usr/include/linux/bpf.h") ? [] : ["linux-libc-dev"]),
    ...(find(["bpftool"]) ? [] : ["bpftool"]),
  ];
  if (missing.length) install(missing, missing.join(", "));
  const clang = find(CLANG_VERSIONS);
  if (clang) return clang;
  const known = CLANG_PACKAGES.find((name) =>
    new Deno.Command("apt-cache", { args: ["show", name], stdout: "null", stderr: "null" }).outputSync().success
  );
  install([known ?? "clang"], "clang");
  return find(CLANG_VERSIONS) ?? fail("cannot find clang after installing it");
}

// deno-lint-ignore require-await
async function buildBpf(): Promise<void> {
  const clang = bpfTools();
  const include = `/usr/include/${Deno.build.arch}-linux-gnu`;
  const flags = [
    ..."-O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror".split(" "),
    ...(exists(include) ? [`-I${include}`] : []),
  ];
  const sources = {
    flow: "bpf/flow.bpf.c",
    trace: "bpf/trace.bpf.c",
    layout: "bpf/layout.bpf.c",
    conventional: "tests/bench/conventional.bpf.c",
    stranger: "tests/support/stranger.bpf.c",
  };
  for (const [name, source] of Object.entries(sources)) {
    run(clang, [...flags, "-c", source, "-o", `${OUTPUT}/${name}.unlinked.o`]);
    // bpftool's linker leaves DWARF out and keeps BTF
    run(find(["bpftool"])!, ["gen", "object", `${OUTPUT}/${name}.bpf.o`, `${OUTPUT}/${name}.unlinked.o`]);
    Deno.removeSync(`${OUTPUT}/${name}.unlinked.o`);
  }
}

async function buildWasm(): Promise<void> {
  // imported only here: the compiler takes a second to load
  const { default: asc } = await import("assemblyscript/asc");
  const targets = [
    ["index.ts", "--config", "asconfig.json", "--target", "release"],
    ["index.ts", "--config", "asconfig.json", "--target", "debug"],
    ["layout.ts", "--config", "asconfig.json", "--target", "layout"],
    ["bench.ts", "--config", "asconfig.json", "--target", "bench"],
    ["span/index.ts", "--config", "span/asconfig.json", "--target", "release"],
  ];
  for (const args of targets) {
    const result = await asc.main(args, {
      readFile: (name: string, base: string) => readOrNull(name.startsWith("/") ? name : `wasm/${base}/${name}`),
      writeFile: (name: string, data: Uint8Array | string) => writeOutput(name, data),
      listFiles: () => null,
    });
    if (result.error) fail(`asc failed: ${result.stderr.toString() || result.error.message}`);
  }
}

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null; // asc tries several places for each import
  }
}

function writeOutput(name: string, data: Uint8Array | string): void {
  const path = `${OUTPUT}/${name.split("/").pop()}`;
  if (typeof data === "string") Deno.writeTextFileSync(path, data);
  else Deno.writeFileSync(path, data);
}

const wanted = Deno.args.length ? Deno.args : Object.keys(PARTS);
const stamp = readStamp();
for (const name of wanted) {
  const part = PARTS[name] ?? fail(`unknown part "${name}": bpf and wasm are possible`);
  const inputs = await digest(part);
  if (stamp[name] === inputs && part.outputs.every((output) => exists(`${OUTPUT}/${output}`))) continue;
  say(`${name} …`);
  const started = performance.now();
  Deno.mkdirSync(OUTPUT, { recursive: true });
  await part.build();
  stamp[name] = inputs;
  Deno.writeTextFileSync(STAMP, JSON.stringify(stamp));
  say(`${name} built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
