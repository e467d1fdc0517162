import { deepEqual, equal, match, ok } from "node:assert/strict";

const MODULE = new URL("../src/log.ts", import.meta.url).href;

/** Logs in a process of its own. Returns what it wrote to stderr, and to stdout. */
async function logged(level: string, format: string, calls: string): Promise<{ lines: string[]; stdout: string }> {
  const script = `
    import { log, startLogging } from ${JSON.stringify(MODULE)};
    log.error("too soon");
    await startLogging(${JSON.stringify(level)}, ${JSON.stringify(format)});
    ${calls}`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    env: { NO_COLOR: "1" },
  }).output();
  ok(success, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stderr);
  return { lines: text.split("\n").filter(Boolean), stdout: new TextDecoder().decode(stdout) };
}

Deno.test("startLogging() writes text for people to stderr, values as they are", async () => {
  const { lines, stdout } = await logged(
    "info",
    "text",
    'log.info("Attached to {name} by {mode}", { name: "eth0", mode: "tcx" }); log.warn("{error}", { error: new RangeError("odd") });',
  );
  equal(stdout, "", "stdout is the flows'");
  equal(lines.length, 2);
  match(lines[0]!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[info\] weir: Attached to eth0 by tcx$/);
  match(lines[1]!, /\[warning\] weir: odd$/);
});

Deno.test("startLogging() writes one JSON object a line, with properties that cannot hide the line's own", async () => {
  const { lines } = await logged(
    "debug",
    "json",
    `log.warn("Seen {packets} on {level}", { packets: 2n ** 64n, level: "x", time: "never" });
     log.debug("two\\nlines", { error: new Error("broken") });`,
  );
  const [first, second] = lines.map((line) => JSON.parse(line));
  equal(lines.length, 2);
  equal(first.level, "warn");
  equal(first.message, "Seen 18446744073709551616 on x");
  equal(first.packets, "18446744073709551616");
  ok(Math.abs(Date.parse(first.time) - Date.now()) < 60_000);
  deepEqual([second.level, second.message, second.error], ["debug", "two\nlines", "broken"]);
});

Deno.test("startLogging() keeps quiet below the level", async () => {
  const calls = ["trace", "debug", "info", "warn", "error"].map((level) => `log.${level}("x");`).join("");
  for (const [level, count] of [["trace", 5], ["debug", 4], ["info", 3], ["warn", 2], ["error", 1]] as const) {
    equal((await logged(level, "json", calls)).lines.length, count, level);
  }
});
