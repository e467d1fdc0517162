import { deepEqual, equal, ok } from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { readSettings } from "../../src/settings/file.ts";
import { completeSettings } from "../../src/settings/mod.ts";

/** The lines of the error that a text gets. */
function problems(text: string): string[] {
  try {
    readSettings(text, "w.yaml");
  } catch (error) {
    ok(error instanceof UsageError, String(error));
    return error.message.split("\n");
  }
  return [];
}

Deno.test("readSettings() reads a file that sets something, and an empty one", () => {
  const text = "# weir\nlog_level: debug\ndiscovery:\n  instrument:\n    interfaces: [eth*, '!eth9']\n";
  const settings = completeSettings(readSettings(text, "w.yaml"));
  equal(settings.log_level, "debug");
  deepEqual(settings.discovery.instrument.interfaces, ["eth*", "!eth9"]);
  deepEqual(readSettings("", "w.yaml"), {});
  deepEqual(readSettings("# nothing yet\n", "w.yaml"), {});
  deepEqual(readSettings('{"log_level": "warn"}', "w.json"), { log_level: "warn" }, "JSON is YAML, too");
});

Deno.test("readSettings() tells every problem at once, in the order of the file, each with its place", () => {
  const text = [
    "log_level: loud",
    "span:",
    "  udp_timeout: 99d",
    "  tcp_timout: 3s",
    "  tcp_timeout: 5",
    "limits: {flows_max: 0, slots: 1.5,",
    "  ring_bytes: 70000}",
    "discovery:",
    "  instrument:",
    "    interfaces: [eth0, 3,",
    "      '']",
    "    tc_priority: high",
    "internal:",
    "  server: {enabled: yes, port: 65536}",
  ];
  deepEqual(problems(text.join("\n")), [
    "w.yaml:1:1: log_level: one of trace, debug, info, warn, error is wanted",
    'w.yaml:3:3: span.udp_timeout: "99d" is out of range: 1s to 1d',
    'w.yaml:4:3: unknown key "span.tcp_timout": did you mean "tcp_timeout"?',
    "w.yaml:5:3: span.tcp_timeout: a length of time is wanted, as 500ms, 30s, 5m or 1h30m",
    "w.yaml:6:10: limits.flows_max: a whole number from 1 to 8000000 is wanted",
    "w.yaml:6:24: limits.slots: a whole number from 512 to 4194304 is wanted",
    "w.yaml:7:3: limits.ring_bytes: must be a power of two",
    "w.yaml:10:24: discovery.instrument.interfaces.1: a text is wanted",
    "w.yaml:11:7: discovery.instrument.interfaces.2: must not be empty",
    "w.yaml:12:5: discovery.instrument.tc_priority: a whole number from 1 to 32767 is wanted",
    "w.yaml:14:12: internal.server.enabled: true or false is wanted",
    "w.yaml:14:26: internal.server.port: a whole number from 0 to 65535 is wanted",
  ]);
});

Deno.test("readSettings() names the nearest known key, or those there are", () => {
  deepEqual(problems("spn: {}"), ['w.yaml:1:1: unknown key "spn": did you mean "span"?']);
  deepEqual(problems("internal:\n  server:\n    prot: 1"), [
    'w.yaml:3:5: unknown key "internal.server.prot": did you mean "port"?',
  ]);
  deepEqual(problems("internal: {elsewhere: 1}"), [
    'w.yaml:1:12: unknown key "internal.elsewhere": known here: server, metrics',
  ]);
  equal(problems("__proto__: {a: 1}").length, 1);
});

Deno.test("readSettings() refuses what is no group of keys", () => {
  for (const text of ["3", "- 1", "text", "[]"]) {
    deepEqual(problems(text), ["w.yaml:1:1: the file: a group of keys is wanted"], text);
  }
  deepEqual(problems("a: 1\n---\nb: 2"), ["w.yaml:2:1: a second document begins: one is wanted"]);
  deepEqual(problems("log_level: info\nspan: 3"), ["w.yaml:2:1: span: a group of keys is wanted"]);
});

Deno.test("readSettings() tells where the YAML itself is wrong", () => {
  for (
    const [text, place] of [
      ["log_level: info\nlog_level: warn", "w.yaml:2:1"],
      ["\tlog_level: info", "w.yaml:1:1"],
      ["span: {tcp_timeout: 5s", "w.yaml:1:23"],
      ["node_name: 'x", "w.yaml:1:14"],
    ] as const
  ) {
    const said = problems(text);
    ok(said.length > 0 && said[0]!.startsWith(`${place}: `), `${JSON.stringify(text)} gets ${said[0]}`);
  }
  ok(problems("node_name: *nobody")[0]!.startsWith("Cannot read w.yaml: Unresolved alias"));
});

Deno.test("readSettings() does not fill the memory with aliases of aliases", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) {
    lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
  }
  const said = problems(lines.join("\n"));
  ok(/^Cannot read w\.yaml: .*alias/.test(said[0]!), said[0]!);
});
