/**
 * Puts what runs into one folder: Deno, the agent, what was built, and the modules it needs. It starts without network
 * and without a compiler, and may be read-only. The image and installations by systemd are made from it.
 *
 *     deno task package FOLDER [DENO]      DENO: another Deno to put in, of another architecture
 */
import { dirname, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname!, "..");
/** The modules that the agent is entered by: the second is a thread's. */
const ENTRIES = ["src/main.ts", "src/collector_thread.ts"];

interface Configuration {
  tasks: { start: { command: string } };
  permissions: unknown;
  imports: Record<string, string>;
}

const [folder, deno = Deno.execPath()] = Deno.args;
if (!folder || Deno.args.length > 2) fail("deno task package FOLDER [DENO]");
await pack(resolve(folder), deno);

async function pack(folder: string, deno: string): Promise<void> {
  if (isFilled(folder)) fail(`Cannot write to ${folder}: it is not empty; name a new folder`);
  const { tasks, permissions, imports }: Configuration = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.json`));
  for (const path of [...sources("src"), ...outputs(), "LICENSE", "deno.lock"]) {
    copy(`${ROOT}/${path}`, `${folder}/${path}`);
  }
  const used = usedImports(imports, folder);
  Deno.writeTextFileSync(`${folder}/deno.json`, JSON.stringify({ permissions, imports: used }, null, 2) + "\n");
  copy(deno, `${folder}/bin/deno`);
  Deno.writeTextFileSync(`${folder}/bin/weir`, launcher(tasks.start.command), { mode: 0o755 });
  await warm(folder);
}

function isFilled(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].length > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function sources(folder: string): string[] {
  return [...Deno.readDirSync(`${ROOT}/${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? sources(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** Of what was built, the agent's part: the rest is for tests. */
function outputs(): string[] {
  const text = Deno.readTextFileSync(`${ROOT}/src/artifacts.ts`);
  const names = [...text.matchAll(/\bread\("([\w.]+)"\)/g)].map(([, name]) => `.output/${name}`);
  return names.length ? names : fail("src/artifacts.ts reads nothing that was built");
}

function copy(from: string, to: string): void {
  Deno.mkdirSync(dirname(to), { recursive: true });
  Deno.copyFileSync(from, to);
}

/** Only what the agent itself imports: the compiler of the table and what tests use stay behind. */
function usedImports(imports: Record<string, string>, folder: string): Record<string, string> {
  const text = sources("src").map((path) => Deno.readTextFileSync(`${folder}/${path}`)).join("\n");
  return Object.fromEntries(
    Object.entries(imports).filter(([name]) => text.includes(`"${name}"`) || text.includes(`"${name}/`)),
  );
}

/** The command of the start task behind its build, so that there is one list of flags and permissions. */
function launcher(task: string): string {
  const [deno, verb, ...words] = task.split("&&").at(-1)!.trim().split(/\s+/);
  const entry = words.pop();
  if (deno !== "deno" || verb !== "run" || entry !== ENTRIES[0]) fail(`the start task is another one now: ${task}`);
  return `#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
export DENO_DIR="$here/cache" DENO_NO_UPDATE_CHECK=1
exec "$here/bin/deno" run --cached-only --frozen --config "$here/deno.json" ${words.join(" ")} "$here/${entry}" "$@"
`;
}

/** Fetches the modules, with the digests that deno.lock has. */
async function warm(folder: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["cache", "-q", ...ENTRIES],
    cwd: folder,
    env: { DENO_DIR: `${folder}/cache`, DENO_NO_UPDATE_CHECK: "1" },
    stdout: "null",
  });
  const { success } = await command.spawn().status;
  if (!success) fail("Cannot fetch the modules: see above");
}

function fail(text: string): never {
  console.error(`package: ${text}`);
  Deno.exit(1);
}
