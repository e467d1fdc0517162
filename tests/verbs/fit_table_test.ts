import { deepEqual, equal } from "node:assert/strict";
import { FLOWS_MAX_DEFAULT } from "../../src/limits.ts";
import { fitTable } from "../../src/verbs/fit_table.ts";
import { load } from "../support/config_text.ts";

const LIMITED: Record<string, string> = { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "401000000\n" };

Deno.test("fitTable() leaves settings alone where memory is not limited", async () => {
  const { settings, origins } = await load("limits: { slots: 1024 }");
  equal(fitTable(settings, origins, () => undefined), settings);
});

Deno.test("fitTable() derives flows_max from the limit, and nothing else", async () => {
  const { settings, origins } = await load("export: { traces: { otlp: { endpoint: http://c:4317 } } }");
  const fitted = fitTable(settings, origins, (path) => LIMITED[path]);
  equal(fitted.limits.flows_max > FLOWS_MAX_DEFAULT, true, `${fitted.limits.flows_max}`);
  deepEqual({ ...fitted, limits: { ...fitted.limits, flows_max: FLOWS_MAX_DEFAULT } }, settings);
});

Deno.test("fitTable() leaves a flows_max that somebody set, even to the default", async () => {
  for (const flowsMax of [1_009, FLOWS_MAX_DEFAULT]) {
    const { settings, origins } = await load(`limits: { flows_max: ${flowsMax} }`);
    equal(fitTable(settings, origins, (path) => LIMITED[path]).limits.flows_max, flowsMax);
  }
});
