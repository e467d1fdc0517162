import { deepEqual, equal, ok } from "node:assert/strict";
import { FLOWS_MAX_DEFAULT } from "../../src/limits.ts";
import { fitTable } from "../../src/verbs/fit_table.ts";
import { load } from "../support/config_text.ts";

const LIMITED: Record<string, string> = { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "401000000\n" };

function read(path: string): string | undefined {
  return LIMITED[path];
}

Deno.test("fitTable() leaves settings alone where memory is not limited", async () => {
  const loaded = await load("limits: { slots: 1024 }");
  equal(fitTable(loaded, Infinity, () => undefined), loaded);
});

Deno.test("fitTable() derives flows_max from the limit, and nothing else", async () => {
  const loaded = await load("export: { traces: { otlp: { endpoint: http://c:4317 } } }");
  const { settings } = fitTable(loaded, Infinity, read);
  const { flows_max } = settings.limits;
  ok(flows_max > FLOWS_MAX_DEFAULT, `${flows_max}`);
  deepEqual({ ...settings, limits: { ...settings.limits, flows_max: FLOWS_MAX_DEFAULT } }, loaded.settings);
});

Deno.test("fitTable() goes not beyond what memory was set aside for", async () => {
  equal(fitTable(await load("log_level: info"), 300_007, read).settings.limits.flows_max, 300_007);
});

Deno.test("fitTable() leaves a flows_max that somebody set, even to the default", async () => {
  for (const flowsMax of [1_009, FLOWS_MAX_DEFAULT]) {
    const loaded = await load(`limits: { flows_max: ${flowsMax} }`);
    equal(fitTable(loaded, Infinity, read).settings.limits.flows_max, flowsMax);
  }
});
