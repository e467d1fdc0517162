/** What the command line says to slips of the pen: what is wrong, the nearest right one, exit code 2. */
import { deepEqual, equal, match } from "node:assert/strict";
import { CommanderError } from "commander";
import { usageMessage } from "../../src/verbs/usage_message.ts";
import { weir } from "../support/agent_process.ts";

const HINT = 'weir: "weir --help" lists commands, "weir COMMAND --help" their options\n';
const VERBS = ["run", "flows", "books", "replay", "status", "doctor", "config", "version"];

/** Arguments, and the first line that they get. */
const SLIPS: Array<[string[], string]> = [
  [["--interfce", "lo"], 'Unknown option "--interfce": did you mean "--interface"?'],
  [["run", "--xyzzy"], 'Unknown option "--xyzzy"'],
  [["books", "--jsn"], 'Unknown option "--jsn": did you mean "--json"?'],
  [["run", "--interface"], "Cannot use --interface without a value: --interface <pattern>"],
  [["run", "lo"], 'Cannot use "lo": run takes options only'],
  [["replay"], "Cannot go on without a file: name one"],
  [["run", "--duration", "5"], 'Cannot use "5" for --duration: write a length of time as 500ms, 10s, 5m or 1h30m'],
  [["run", "--duration", "30d"], 'Cannot use "30d" for --duration: at most 24d are possible'],
  [["run", "--health-port", "65536"], 'Cannot use "65536" for --health-port: a port is a number from 0 to 65535'],
  [["run", "--metrics-port", "-1"], 'Cannot use "-1" for --metrics-port: a port is a number from 0 to 65535'],
  [["run", "--log-level", "wran"], 'Cannot use "wran" for --log-level: did you mean "warn"?'],
  [["run", "--output", "xml"], 'Cannot use "xml" for --output: there are text, json, none'],
  [["run", "--flows-max", "0"], 'Cannot use "0" for --flows-max: a whole number from 1 to 8000000 is wanted'],
  [["flows", "--limit", "many"], 'Cannot use "many" for --limit: a whole number from 0 to 100000 is wanted'],
];

Deno.test("weir names what is wrong with an option or an argument, and what was probably meant", async () => {
  for (const [args, said] of SLIPS) {
    deepEqual(await weir(...args), { code: 2, stdout: "", stderr: `weir: ${said}\n${HINT}` }, args.join(" "));
  }
});

Deno.test("weir names the verb that was probably meant, or those there are", async () => {
  for (const [word, near] of [["flosw", "flows"], ["staus", "status"], ["check-sytem", "check-system"]] as const) {
    const { code, stdout, stderr } = await weir(word);
    deepEqual([code, stdout, stderr], [2, "", `weir: Unknown command "${word}": did you mean "${near}"?\n`]);
  }
  for (const args of [["xyzzy"], ["help", "xyzzy"]]) {
    const { code, stderr } = await weir(...args);
    equal(code, 2);
    match(stderr, /^weir: Unknown command "xyzzy": there are help, run, status, flows, stats, books, /);
  }
});

Deno.test("weir names the verb of a verb that was probably meant, or those there are", async () => {
  const cases: Array<[string[], string]> = [
    [["config", "valdate"], 'Unknown command "config valdate": did you mean "config validate"?'],
    [["config", "xyzzy"], 'Unknown command "config xyzzy": there are validate, print, schema, set'],
    [["help", "config", "xyzzy"], 'Unknown command "config xyzzy": there are validate, print, schema, set'],
    [["config"], "Cannot go on without one of validate, print, schema, set: name one"],
  ];
  for (const [args, said] of cases) deepEqual(await weir(...args), { code: 2, stdout: "", stderr: `weir: ${said}\n` });
});

Deno.test("weir names the interface that was probably meant, before anything is attached", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  try {
    const ports = ["--health-port", "0", "--metrics-port", "0", "--socket", `${folder}/weir.sock`];
    const unknown = await weir("run", "-i", "l0", "-i", "zz*", "-i", "quux77", ...ports);
    equal(unknown.code, 2);
    match(
      unknown.stderr,
      /^weir: Unknown interface "l0": did you mean "lo"\?\nUnknown interface "quux77": there are .*lo/,
    );
    const bad = await weir("run", "-i", "/eth(/", ...ports);
    equal(bad.code, 2);
    match(bad.stderr, /^weir: Cannot use interface pattern \/eth\(\/: /);
    deepEqual([...Deno.readDirSync(folder)], [], "no run file is left to be taken for a killed run's");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("weir tells every problem of a configuration file with its place, and what it cannot read", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  try {
    const path = `${folder}/weir.yaml`;
    await Deno.writeTextFile(path, "log_level: loud\nspan:\n  tcp_timout: 5s\n");
    deepEqual(await weir("run", "-c", path), {
      code: 2,
      stdout: "",
      stderr: `weir: Cannot use ${path}: 2 problems\n` +
        `${path}:1:1: log_level: "loud" is unknown: one of trace, debug, info, warn, error is wanted\n` +
        "  log_level: loud\n  ^\n" +
        `${path}:3:3: unknown key "span.tcp_timout": did you mean "tcp_timeout"?\n` +
        "    tcp_timout: 5s\n    ^\n",
    });
    const gone = await weir("run", "-c", `${folder}/none.yaml`);
    deepEqual([gone.code, gone.stderr], [2, `weir: Cannot read ${folder}/none.yaml: No such file or directory\n`]);
    const away = await weir("run", "--books", `${folder}/none/books.json`);
    equal(away.code, 2);
    equal(away.stderr, `weir: Cannot write the books to ${folder}/none/books.json: No such file or directory\n`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("weir shows its help and each verb's on stdout", async () => {
  for (const args of [["--help"], ["-h"], ["help"]]) {
    const { code, stdout, stderr } = await weir(...args);
    deepEqual([code, stderr], [0, ""]);
    for (const verb of VERBS) match(stdout, new RegExp(`^  ${verb}\\b`, "m"));
  }
  for (const verb of VERBS) {
    const { code, stdout, stderr } = await weir(verb, "--help");
    deepEqual([code, stderr], [0, ""], verb);
    match(stdout, new RegExp(`^Usage: weir ${verb}\\b`));
    for (const line of stdout.split("\n")) equal(line.length <= 120, true, line);
  }
  equal((await weir("help", "flows")).stdout, (await weir("flows", "--help")).stdout);
  for (const alias of ["check-system", "diagnose"]) equal((await weir(alias, "--help")).code, 0);
});

Deno.test("weir tells its version, for people and for machines", async () => {
  match((await weir("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
  match((await weir("version")).stdout, /^weir \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+, \w+\)\n$/);
  const { code, stdout } = await weir("version", "--json");
  equal(code, 0);
  deepEqual(Object.keys(JSON.parse(stdout)), ["version", "deno", "v8", "typescript", "arch"]);
});

Deno.test("usageMessage() passes on what it does not know, without commander's prefix", () => {
  const say = (code: string, message: string) => usageMessage(new CommanderError(1, code, message));
  equal(say("commander.conflictingOption", "error: a cannot be used with b"), "a cannot be used with b");
  equal(say("commander.unknownOption", "error: something new"), "something new");
  equal(
    say("commander.unknownOption", "error: unknown option '--a'\n(Did you mean one of --ab, --ac?)"),
    'Unknown option "--a": did you mean "--ab, --ac"?',
  );
  equal(
    say("commander.excessArguments", "error: too many arguments for 'replay'. Expected 1 argument but got 2: a, b."),
    "Cannot use 2 arguments (a, b): replay takes 1",
  );
});
