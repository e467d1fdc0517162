import assert from "node:assert/strict";

const ROOT = new URL("../..", import.meta.url).pathname;

Deno.test("run that is told to stop while it starts detaches and closes its books", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "weir-stop-" });
  const options = ["--interface", "lo", "--output", "none", "--socket", `${folder}/weir.sock`];
  const ports = ["--health-port", "0", "--metrics-port", "0"];
  const agent = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "src/main.ts", "run", ...options, ...ports],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    let log = "";
    for await (const text of agent.stderr.pipeThrough(new TextDecoderStream())) {
      // the first thing said after the hooks are there, long before anything is served
      if (!log.includes("Attached to lo") && (log + text).includes("Attached to lo")) agent.kill("SIGINT");
      log += text;
    }
    assert.equal((await agent.status).code, 0, log);
    assert.match(log, /Detached from lo/, log);
    assert.match(log, /books closed/, log);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
