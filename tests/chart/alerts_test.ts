/** The chart's alerts, asked of Prometheus by its own tool: each fires where it is meant to, and else is silent. */
import { equal } from "node:assert/strict";
import { stringify } from "yaml";
import { find, render } from "../support/chart/render.ts";
import { inFolder } from "../support/folder.ts";
import { mustRun } from "../support/host.ts";

/** What each alert wants to be seen for longer than it waits: series, as promtool writes them. */
const CAUSES: Record<string, Record<string, string>> = {
  WeirLosesPackets: { 'weir_packets_total{pod="a",namespace="n",outcome="lost",reason="ring_full"}': "0+60x90" },
  WeirGivesUpDetail: { 'weir_overflow_aggregates_active{pod="a",namespace="n"}': "3x90" },
  WeirReceiverLosesRecords: {
    'weir_packets_total{pod="a",namespace="n",outcome="lost_export",exporter="e"}': "0+60x90",
  },
  WeirWatchesNothing: { 'weir_interface_attached{pod="b",namespace="n",interface="eth0",mode="tcx"}': "1x90" },
};
/** Of an agent that is well, and of the one that is looked at. */
const ALWAYS = {
  'weir_build_info{pod="a",namespace="n"}': "1x90",
  'weir_packets_total{pod="a",namespace="n",outcome="lost",reason="no_slot"}': "7x90",
};
const ATTACHED = { 'weir_interface_attached{pod="a",namespace="n",interface="eth0",mode="tcx"}': "1x90" };

Deno.test("alerts fire for their cause, and not without it", async () => {
  const rule = find(await render({ args: ["--set", "prometheusRule.enabled=true"] }), "PrometheusRule");
  const alerts: string[] = rule.spec.groups[0].rules.map(({ alert }: { alert: string }) => alert);
  equal(alerts.toSorted().join(), Object.keys(CAUSES).toSorted().join(), "each has a test");
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/rules.yaml`, stringify(rule.spec));
    const tests = alerts.flatMap((alert) => {
      const attached = alert === "WeirWatchesNothing" ? {} : ATTACHED;
      return [
        { alert, series: { ...ALWAYS, ...attached, ...CAUSES[alert] }, count: 1 },
        { alert, series: { ...ALWAYS, ...ATTACHED }, count: 0 },
      ];
    }).map(({ alert, series, count }) => ({
      interval: "1m",
      input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
      promql_expr_test: [{
        expr: `count(ALERTS{alertname="${alert}", alertstate="firing", pod="a"}) or vector(0)`,
        eval_time: "80m",
        exp_samples: [{ labels: "{}", value: count }],
      }],
    }));
    const file = { rule_files: ["rules.yaml"], evaluation_interval: "1m", tests };
    Deno.writeTextFileSync(`${folder}/tests.yaml`, stringify(file));
    await mustRun("promtool", ["test", "rules", `${folder}/tests.yaml`]);
  });
});
