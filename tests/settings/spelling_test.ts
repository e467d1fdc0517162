import { deepEqual, equal, ok } from "node:assert/strict";
import { settingsSchema } from "../../src/settings/schema/schema.ts";
import { viewAt } from "../../src/settings/schema/view.ts";
import { SHAPES } from "../../src/settings/spelling/shapes.ts";
import { SPELLINGS } from "../../src/settings/spelling/spellings.ts";
import { load, problemsOf } from "../support/config_text.ts";

Deno.test("SPELLINGS and SHAPES lead to keys that there are, from keys that there are not", () => {
  for (const { from, to } of SPELLINGS) {
    equal(viewAt(settingsSchema, from.split(".")), undefined, from);
    for (const path of to) ok(viewAt(settingsSchema, path.split(".")), path);
  }
  for (const path of SHAPES.flatMap(({ paths }) => paths)) ok(viewAt(settingsSchema, path.split(".")), path);
});

Deno.test("respell() joins groups of two spellings", async () => {
  const { settings, origins } = await load(
    "api: {port: 1}\ninternal: {server: {listen_address: '::1'}, metrics: {port: 2}}\n",
  );
  deepEqual([settings.internal.server.port, settings.internal.server.listen_address], [1, "::1"]);
  equal(settings.internal.metrics.port, 2);
  equal(origins.text("internal.server.port"), "w.yaml:1:7");
});

Deno.test("respell() refuses what is said twice, and lets weir's own word go before a wide one", async () => {
  deepEqual(await problemsOf("api: {port: 1}\ninternal: {server: {port: 2}}\n"), [
    "1:7: api.port is set twice: it stands for internal.server.port, which is set at w.yaml:2:21",
  ]);
  deepEqual(await problemsOf("flow: {max_flows: 7}\nlimits: {flows_max: 7}\n"), [
    "1:8: flow.max_flows is set twice: it stands for limits.flows_max, which is set at w.yaml:2:10",
  ]);
  const text =
    "flow: {flow_timeout: 60s, max_flows: 7}\nresources: {maps: {flow_map_size: 9}}\nspan: {udp_timeout: 5s}\n";
  const { settings } = await load(text);
  deepEqual([settings.span.udp_timeout, settings.span.tcp_timeout], [5_000, 60_000]);
  equal(settings.limits.flows_max, 7);
});

Deno.test("respell() names what was written, and what it stands for", async () => {
  deepEqual(await problemsOf("flow: {max_flows: 0, flow_timeout: 0s}\ncapture: {sampling_rate: 2}\n"), [
    "1:8: flow.max_flows (limits.flows_max): a whole number from 1 to 8000000 is wanted",
    ...["generic", "icmp", "tcp", "udp"].map((kind) =>
      `1:22: flow.flow_timeout (span.${kind}_timeout): "0s" is out of range: ` +
      "a length of time from 1s to 1d, as 500ms, 30s or 1h30m, is wanted"
    ),
    "2:11: capture.sampling_rate (sampling.rate): a number from 0 to 1 is wanted",
  ]);
  equal((await load("capture: {sampling_rate: 0.5}")).settings.sampling.rate, 0.5);
});

Deno.test("reshape() takes short forms for the full ones", async () => {
  const { settings } = await load(
    "features: {protocol_detection: true, latency_tracking: false, security_monitoring: {enabled: true}}\n",
  );
  const { protocol_detection, latency_tracking, security_monitoring } = settings.features;
  deepEqual([protocol_detection.enabled, latency_tracking.enabled], [true, false]);
  equal(security_monitoring.enabled, true);
});
