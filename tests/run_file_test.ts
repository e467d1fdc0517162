import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { EnvironmentError } from "../src/errors.ts";
import { claimRunFile } from "../src/run_file.ts";

function inFolder(test: (path: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir({ prefix: "weir-run-file-" });
    try {
      await test(`${folder}/sub/weir.sock.run`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

/** Claims the place in another process, and prints what claimRunFile() said. then: what it does before it ends. */
async function claimElsewhere(path: string, then: string): Promise<string> {
  const module = new URL("../src/run_file.ts", import.meta.url);
  const script = `
    import { claimRunFile } from ${JSON.stringify(module.href)};
    try {
      const runFile = claimRunFile(${JSON.stringify(path)});
      console.log(JSON.stringify(runFile.killed ?? "nobody"));
      ${then}
    } catch (error) {
      console.log(error.message);
    }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test(
  "claimRunFile() makes the place with the runner's name in it, and a clean stop takes it away",
  inFolder((path) => {
    const runFile = claimRunFile(path);
    equal(runFile.killed, undefined);
    equal(Deno.statSync(path).mode! & 0o777, 0o600);
    const { pid, started } = JSON.parse(Deno.readTextFileSync(path));
    equal(pid, Deno.pid);
    ok(Math.abs(Date.parse(started) - Date.now()) < 60_000);
    runFile.release();
    throws(() => Deno.statSync(path), Deno.errors.NotFound);
    claimRunFile(path).release();
  }),
);

Deno.test(
  "claimRunFile() refuses a live agent's place, and names it",
  inFolder(async (path) => {
    const runFile = claimRunFile(path);
    equal(
      await claimElsewhere(path, ""),
      `Cannot start: an agent (pid ${Deno.pid}) runs here already; stop it, or choose another socket with --socket`,
    );
    equal(JSON.parse(Deno.readTextFileSync(path)).pid, Deno.pid, "its file is as it was");
    runFile.release();
    equal(await claimElsewhere(path, "runFile.release();"), '"nobody"');
  }),
);

Deno.test(
  "claimRunFile() tells of a run that was killed, once",
  inFolder(async (path) => {
    equal(await claimElsewhere(path, 'Deno.kill(Deno.pid, "SIGKILL");'), '"nobody"');
    const runFile = claimRunFile(path);
    ok(runFile.killed && runFile.killed.pid !== Deno.pid);
    runFile.release();
    equal(await claimElsewhere(path, "runFile.release();"), '"nobody"');
  }),
);

Deno.test(
  "claimRunFile() takes a file that says nothing sensible for nobody's",
  inFolder((path) => {
    claimRunFile(path).release();
    for (const content of ["", "{", "null", "{}", '{"pid":"x"}', "[1]"]) {
      Deno.writeTextFileSync(path, content);
      const runFile = claimRunFile(path);
      deepEqual(runFile.killed, undefined, content);
      equal(JSON.parse(Deno.readTextFileSync(path)).pid, Deno.pid);
      runFile.release();
    }
  }),
);

Deno.test(
  "claimRunFile() can be released when somebody removed its file, and leaves the file of another who came then",
  inFolder((path) => {
    const first = claimRunFile(path);
    Deno.removeSync(path);
    const second = claimRunFile(path);
    first.release();
    equal(JSON.parse(Deno.readTextFileSync(path)).pid, Deno.pid);
    Deno.removeSync(path);
    second.release();
  }),
);

Deno.test(
  "claimRunFile() says what it cannot use, and what to do",
  inFolder((path) => {
    throws(
      () => claimRunFile("/proc/weir/weir.sock.run"),
      (error: unknown) => error instanceof EnvironmentError && /^Cannot use .*--socket$/.test(error.message),
    );
    Deno.mkdirSync(path, { recursive: true });
    throws(() => claimRunFile(path), EnvironmentError);
  }),
);

Deno.test("claimRunFile() takes a path without a folder for one in the current folder", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weir-run-file-" });
  const before = Deno.cwd();
  Deno.chdir(folder);
  try {
    const runFile = claimRunFile("a.run");
    deepEqual([...Deno.readDirSync(".")].map(({ name }) => name), ["a.run"]);
    runFile.release();
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
});
