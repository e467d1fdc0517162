/** The chart's own suites, chart/tests, by helm-unittest: names, the pod, what is optional, what an install says. */
import { match } from "node:assert/strict";
import { CHART } from "../support/chart/render.ts";
import { mustRun } from "../support/host.ts";
import { helmUnittestCommand } from "../support/tools/helm_unittest.ts";

Deno.test("helm-unittest passes the chart's suites", async () => {
  const text = await mustRun(await helmUnittestCommand(), ["--strict", CHART]);
  match(text, /Test Suites: +4 passed, 4 total/);
});
