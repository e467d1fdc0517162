/** `weir config` as people use it. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { startCommand, weir } from "../support/agent_process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FILES = "tests/support/configurations/";
const GOOD = ["cluster.hcl", "inline.hcl", "later.hcl", "manifest.yaml", "bare.yaml"].map((name) => FILES + name);

/** Runs a verb with something to read and an environment. */
async function weirWith(
  { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> },
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [...startCommand(), ...args],
    cwd: ROOT,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stdout, stderr } = await process.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("weir config validate finds nothing wrong with other agents' files, and says what has no effect", async () => {
  const { code, stdout, stderr } = await weir("config", "validate", ...GOOD);
  deepEqual([code, stderr], [0, ""]);
  for (const file of GOOD) match(stdout, new RegExp(`^${file} can be used$`, "m"));
  match(stdout, /^ {2}tests\/support\/configurations\/manifest\.yaml:26:7: performance\.workers has no effect: /m);
  deepEqual(await weir("config", "validate", "-q", ...GOOD), { code: 0, stdout: "", stderr: "" });
});

Deno.test("weir config validate tells every problem of every file, and fails", async () => {
  const { code, stdout, stderr } = await weir(
    "config",
    "validate",
    `${FILES}mistakes.hcl`,
    GOOD[0]!,
    `${FILES}mistakes.yaml`,
  );
  equal(code, 2);
  match(stdout, /^tests\/support\/configurations\/cluster\.hcl can be used$/m);
  const places = [...stderr.matchAll(/^tests\/support\/configurations\/mistakes\.(?:hcl|yaml):(\d+:\d+): /gm)];
  deepEqual(places.map(([, place]) => place), [
    ...["1:1", "4:3", "5:3", "9:3", "15:18"],
    ...["4:5", "6:7", "7:7", "10:7", "14:26", "15:21"],
  ]);
  match(stderr, /^ {4}tcp_timout {2}= "5s" # a slip\n {4}\^$/m);
});

Deno.test("weir config validate --json is for machines", async () => {
  const { code, stdout, stderr } = await weir(
    "config",
    "validate",
    "--json",
    `${FILES}mistakes.hcl`,
    GOOD[3]!,
    "none.hcl",
  );
  deepEqual([code, stderr], [2, ""]);
  const [mistakes, manifest, none] = JSON.parse(stdout).files;
  deepEqual([mistakes.valid, manifest.valid, none.valid], [false, true, false]);
  deepEqual(mistakes.problems[1], {
    line: 4,
    column: 3,
    message: 'unknown key "span.tcp_timout": did you mean "tcp_timeout"?',
  });
  deepEqual(Object.keys(manifest.notices[0]), ["line", "column", "key", "message"]);
  equal(none.error, "Cannot read none.hcl: No such file or directory");
});

Deno.test("weir config validate reads standard input, by its format or as it is told", async () => {
  const inputs: Array<[string, string[]]> = [
    ['span {\n  tcp_timeout = "7s"\n}\n', []],
    ["# yaml\nspan:\n  tcp_timeout: 7s\n", []],
    ['{"span": {"tcp_timeout": "7s"}}', []],
    ['// hcl\n/* x */ log_level = "info"\n', []],
    ["", ["--format", "hcl"]],
  ];
  for (const [stdin, args] of inputs) {
    const result = await weirWith({ stdin }, "config", "validate", "-", ...args);
    deepEqual(result, { code: 0, stdout: "- can be used\n", stderr: "" }, stdin);
  }
  const { code, stderr } = await weirWith({ stdin: "spn: {}" }, "config", "validate", "-");
  equal(code, 2);
  match(stderr, /^standard input:1:1: unknown key "spn": did you mean "span"\?$/m);
});

Deno.test("weir config validate asks the environment for what the file asks it for, and judges the file alone", async () => {
  const stdin = 'log_level = env("LEVEL")\n';
  equal(
    (await weirWith({ stdin, env: { LEVEL: "warn", WEIR_SPAN_TCP_TIMEOUT: "never" } }, "config", "validate", "-")).code,
    0,
  );
  const { code, stderr } = await weirWith({ stdin }, "config", "validate", "-");
  equal(code, 2);
  match(stderr, /^standard input:1:13: the environment has no LEVEL: /m);
});

Deno.test("weir config validate takes the file that the environment names, or says that it needs one", async () => {
  const env = { WEIR_CONFIG_PATH: GOOD[1]! };
  equal((await weirWith({ env }, "config", "validate")).stdout, `${GOOD[1]} can be used\n`);
  deepEqual(await weir("config", "validate"), {
    code: 2,
    stdout: "",
    stderr: "weir: Cannot go on without a file: name one, or set WEIR_CONFIG_PATH\n",
  });
});

Deno.test("weir config print shows what an agent would run with, in the file's language, where each was said", async () => {
  const env = { WEIR_SPAN_UDP_TIMEOUT: "7s" };
  const hcl = await weirWith({ env }, "config", "print", GOOD[1]!, "--origin");
  deepEqual([hcl.code, hcl.stderr], [0, ""]);
  match(hcl.stdout, /^log_level = "info" # tests\/support\/configurations\/inline\.hcl:1:1$/m);
  match(hcl.stdout, /^ {2}udp_timeout = "7s" # WEIR_SPAN_UDP_TIMEOUT$/m);
  match(hcl.stdout, /^ {2}tcp_timeout = "20s" # default$/m);
  const yaml = await weirWith({ env }, "config", "print", GOOD[1]!, "--format", "yaml");
  match(yaml.stdout, /^ {2}udp_timeout: "7s"$/m);
  const again = await weirWith({ stdin: yaml.stdout }, "config", "print", "-", "--format", "yaml");
  equal(again.stdout, yaml.stdout);
  const json = await weir("config", "print", "--format", "json", "--origin");
  deepEqual(JSON.parse(json.stdout).limits.flows_max, { value: 262_144, origin: "default" });
});

Deno.test("weir config print --defaults looks at nothing", async () => {
  const env = { WEIR_CONFIG_PATH: "/nonexistent.hcl", WEIR_LOG_LEVEL: "error" };
  const { code, stdout } = await weirWith({ env }, "config", "print", "--defaults", "--format", "json");
  equal(code, 0);
  equal(JSON.parse(stdout).log_level, "info");
  equal((await weir("config", "print", "--defaults", "--origin")).code, 2);
});

Deno.test("weir config print hides secrets, and refuses what cannot be used", async () => {
  const stdin = "export: {traces: {otlp: {auth: {bearer: hunter2}}}}";
  for (const format of ["hcl", "yaml", "json"]) {
    const { stdout } = await weirWith({ stdin }, "config", "print", "-", "--format", format, "--origin");
    ok(!stdout.includes("hunter2") && stdout.includes("***"), stdout);
  }
  const { code, stdout, stderr } = await weir("config", "print", `${FILES}mistakes.hcl`);
  deepEqual([code, stdout], [2, ""]);
  match(stderr, /^weir: Cannot use tests\/support\/configurations\/mistakes\.hcl: 5 problems\n/);
});

Deno.test("weir config schema shows a JSON Schema", async () => {
  const { code, stdout } = await weir("config", "schema");
  equal(code, 0);
  const schema = JSON.parse(stdout);
  equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
  equal(schema.properties.span.properties.tcp_timeout.default, "20s");
});

Deno.test("weir run starts nothing with a configuration that cannot be used", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  try {
    const { code, stdout, stderr } = await weir("run", "-c", `${FILES}mistakes.hcl`, "--socket", `${folder}/weir.sock`);
    deepEqual([code, stdout], [2, ""]);
    match(stderr, /^weir: Cannot use tests\/support\/configurations\/mistakes\.hcl: 5 problems\n/);
    deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
