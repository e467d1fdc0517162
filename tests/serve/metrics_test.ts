import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Counters } from "../../src/enrich/kubernetes/counters.ts";
import { Histogram } from "../../src/histogram.ts";
import type { ClusterNames } from "../../src/serve/health.ts";
import { Metrics, type MetricsOptions } from "../../src/serve/metrics/metrics.ts";
import { metricsRoutes } from "../../src/serve/metrics/metrics_routes.ts";
import { cpuSeconds } from "../../src/serve/metrics/standard_metrics.ts";
import { FakeAgent, fakeExporter, watchedDevice } from "../support/fake_agent.ts";
import { parseExposition, unescape } from "../support/exposition.ts";

/** Base units, by which names of measures end (Prometheus' naming rules), and what counts things of its own. */
const UNITS = ["bytes", "seconds", "frames", "packets", "records", "info"];

const OPTIONS: MetricsOptions = {
  settings: {
    state: () => ({
      sinceMs: 1_700_000_000_123,
      succeeded: 3,
      failed: 2,
      problem: "why",
      wantsRestart: ["limits.slots"],
    }),
  },
  version: "9.8.7",
  isBpfFsWritable: () => true,
  withDebug: true,
  staleTtlMs: 300_000,
  nowMs: () => 0,
};

function open(fake = new FakeAgent(), options: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics(fake.agent, { ...OPTIONS, ...options });
}

async function scrape(fake = new FakeAgent(), options: Partial<MetricsOptions> = {}) {
  const text = await open(fake, options).text();
  return { text, families: parseExposition(text) };
}

Deno.test("Metrics takes the books once a scrape, and anew for the next", async () => {
  class Counting extends FakeAgent {
    taken = 0;

    override books() {
      this.taken++;
      return super.books();
    }
  }
  const fake = new Counting();
  const metrics = open(fake);
  for (let scrapes = 1; scrapes <= 3; scrapes++) {
    await metrics.text();
    equal(fake.taken, scrapes);
  }
});

Deno.test("Metrics writes the exposition format without a mistake", async () => {
  const { families } = await scrape();
  ok(families.size > 15);
  for (const { name, type, help, samples } of families.values()) {
    match(name, /^(weir|process)_[a-z0-9_]+$/, "snake case behind a prefix");
    ok(["counter", "gauge", "histogram"].includes(type), `${name} has a type`);
    match(help, /^[A-Z0-9].*\.$/, `${name}'s help is a sentence`);
    equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
    ok(samples.length > 0, `${name} has samples`);
    if (type === "histogram") continue; // the reader looked at them
    const labels = samples.map((sample) => Object.keys(sample.labels).sort().join());
    equal(new Set(labels).size, 1, `${name}'s samples have the same labels`);
    for (const { value } of samples) ok(Number.isFinite(value) && value >= 0, `${name} is a number`);
    for (const unit of ["milliseconds", "ms", "kilobytes", "kb", "minutes"]) {
      ok(!name.split("_").includes(unit), `${name} is in a base unit`);
    }
  }
  const measures = [...families.keys()].filter((name) =>
    UNITS.some((unit) => name.replace(/_total$/, "").endsWith(unit))
  );
  ok(measures.length >= 8, "measures say their unit last");
});

Deno.test("Metrics tells the books in every measure, each outcome with its reason and exporter", async () => {
  const { families } = await scrape();
  const packets = families.get("weir_packets_total")!;
  const value = (wanted: Record<string, string>) =>
    packets.samples.find(({ labels }) => Object.entries(wanted).every(([key, text]) => labels[key] === text))?.value;
  equal(value({ outcome: "seen" }), 103);
  equal(value({ outcome: "lost", reason: "ring_full" }), 2);
  equal(value({ outcome: "exported", exporter: "json" }), 79);
  equal(value({ outcome: "lost_export", exporter: "json", reason: "output_closed" }), 4);
  for (const measure of ["frames", "bytes", "wire_bytes"]) {
    const family = families.get(`weir_${measure}_total`)!;
    deepEqual(family.samples.map(({ labels }) => labels), packets.samples.map(({ labels }) => labels));
  }
});

Deno.test("Metrics reads the agent at each scrape, and forgets series that are gone", async () => {
  const fake = new FakeAgent();
  const metrics = open(fake);
  const attached = async () =>
    parseExposition(await metrics.text()).get("weir_interface_attached")!.samples.map(({ labels }) => labels.interface);
  deepEqual(await attached(), ["eth0"]);
  fake.watched = [watchedDevice(8, "eth1"), watchedDevice(9, "old0", { goneAtMs: 1 })];
  fake.stat.flows = 997;
  deepEqual(await attached(), ["eth1"]);
  const flows = parseExposition(await metrics.text()).get("weir_flow_spans_active")!.samples;
  deepEqual(flows.map(({ value }) => value), [997]);
  const again = parseExposition(await metrics.text()).get("weir_packets_total")!.samples;
  equal(again.find(({ labels }) => labels.outcome === "seen")?.value, 103, "a scrape adds nothing");
});

Deno.test("Metrics escapes names that it did not choose", async () => {
  const fake = new FakeAgent();
  const odd = 'a"b\\c\nd';
  fake.watched = [watchedDevice(7, odd)];
  fake.exporters = [fakeExporter("x{y}")];
  const { families } = await scrape(fake);
  equal(families.get("weir_interface_attached")!.samples[0]!.labels.interface, odd);
  equal(families.get("weir_export_queue_records")!.samples[0]!.labels.exporter, "x{y}");
  equal(unescape("a\\n\\\\n"), "a\n\\n");
});

Deno.test("Metrics tells flows by protocol and direction, and nothing by address", async () => {
  const { families } = await scrape();
  const { samples } = families.get("weir_flows_active")!;
  equal(samples.length, 6 * 3);
  deepEqual(samples[0], { labels: { protocol: "tcp", direction: "egress" }, value: 1 });
  equal(families.get("weir_flows_ended_total")!.samples.at(-1)!.value, 180);
  equal(families.get("weir_flows_failed_total")!.samples.length, 3);
  for (const { samples } of families.values()) {
    for (const { labels } of samples) ok(!/\d+\.\d+\.\d+\.\d+/.test(Object.values(labels).join()), "no address");
  }
});

Deno.test("Metrics writes histograms with the bounds that settings say", async () => {
  const fake = new FakeAgent();
  fake.handOutSeconds = new Histogram([0.1, 1]);
  for (const seconds of [0.1, 0.2, 7, 7]) fake.handOutSeconds.observe(seconds);
  const { families } = await scrape(fake);
  const { type, samples } = families.get("weir_pipeline_duration_seconds")!;
  equal(type, "histogram");
  const ours = samples.filter(({ labels }) => labels.stage === "flow_producer_out");
  deepEqual(ours.map(({ labels, value }) => [labels.le ?? "", value]), [
    ["0.1", 1],
    ["1", 2],
    ["+Inf", 4],
    ["", 14.3],
    ["", 4],
  ]);
});

Deno.test("Metrics keeps what an interface counted for a while after it is gone", async () => {
  const fake = new FakeAgent();
  let nowMs = 0;
  const metrics = open(fake, { nowMs: () => nowMs, staleTtlMs: 1_009 });
  const seen = async () =>
    parseExposition(await metrics.text()).get("weir_interface_packets_by_interface_total")!.samples
      .map(({ labels, value }) => `${labels.interface} ${labels.direction} ${value}`);
  deepEqual(await seen(), ["eth0 ingress 7", "eth0 egress 14"]);
  fake.watched = [watchedDevice(7, "eth0", { goneAtMs: 0 }), watchedDevice(11, "eth1")];
  nowMs = 1_009;
  deepEqual(await seen(), ["eth1 ingress 11", "eth1 egress 22", "eth0 ingress 7", "eth0 egress 14"]);
  nowMs = 1_010;
  deepEqual(await seen(), ["eth1 ingress 11", "eth1 egress 22"]);
});

Deno.test("metricsRoutes() serves the sets, and the debug one only where it is on", async () => {
  const get = async (path: string, withDebug: boolean) => {
    const answer = await metricsRoutes(open(undefined, { withDebug }))(new Request(`http://weir${path}`));
    return { status: answer.status, text: await answer.text(), type: answer.headers.get("content-type") };
  };
  const names = (text: string) => [...parseExposition(text).keys()];
  const [all, standard, debug] = [
    await get("/metrics", true),
    await get("/metrics/standard", true),
    await get("/metrics/debug", true),
  ];
  match(all.type!, /^text\/plain; version=0\.0\.4/);
  deepEqual(names(all.text), [...names(standard.text), ...names(debug.text)]);
  ok(names(debug.text).includes("weir_interface_bytes_by_interface_total"));
  deepEqual(names((await get("/metrics", false)).text), names(standard.text));
  const off = await get("/metrics/debug", false);
  deepEqual([off.status, off.text], [404, "off: set internal.metrics.debug_metrics_enabled\n"]);
  equal((await get("/", true)).status, 404);

  const summary = JSON.parse((await get("/metrics:summary", true)).text);
  equal(summary.debug_metrics_enabled, true);
  equal(summary.total_metrics, names(all.text).length);
  equal(summary.standard_metrics + summary.debug_metrics, summary.total_metrics);
  const one = summary.metrics.find(({ name }: { name: string }) => name === "weir_flows_active");
  deepEqual([one.type, one.labels, one.category], ["gauge", ["protocol", "direction"], "standard"]);
  equal(JSON.parse((await get("/metrics:summary", false)).text).debug_metrics, 0);
});

/** What is known of a cluster with pods that may be watched and nodes that may not. */
function clusterNames(): ClusterNames {
  const counters = new Counters();
  counters.of("Pod").events.added = 7;
  counters.named = 11;
  counters.unnamed.outside = 13;
  const kinds = [{ kind: "Pod", state: "watching", silentMs: 1_500 }, {
    kind: "Node",
    state: "forbidden",
    silentMs: 0,
  }];
  return {
    counters,
    sizes: () => ({ objects: [{ kind: "Pod", count: 17 }], addresses: 19 }),
    readiness: () => ({ isReady: true, kinds }),
  } as unknown as ClusterNames;
}

Deno.test("Metrics tells of names from Kubernetes where there are any", async () => {
  const isOfCluster = (name: string) => name.startsWith("weir_kubernetes_");
  equal([...(await scrape()).families.keys()].some(isOfCluster), false);
  const { families } = await scrape(undefined, { names: clusterNames() });
  const value = (name: string, label: string, text: string) =>
    families.get(name)!.samples.find(({ labels }) => labels[label] === text)?.value;
  equal(value("weir_kubernetes_events_total", "event", "added"), 7);
  equal(value("weir_kubernetes_lookups_total", "result", "named"), 11);
  equal(value("weir_kubernetes_lookups_total", "result", "outside"), 13);
  equal(value("weir_kubernetes_objects", "kind", "Pod"), 17);
  equal(value("weir_kubernetes_watch_state", "state", "forbidden"), 1);
});

Deno.test("Metrics passes promtool's check", async () => {
  const { text } = await scrape(undefined, { names: clusterNames() });
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  deepEqual([code, new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)], [0, "", ""]);
});

Deno.test("cpuSeconds() counts user and system time behind a name that holds anything", () => {
  equal(cpuSeconds("7 (we) ir ( 1 2) S 1 7 7 0 -1 4194560 1 2 3 4 250 150 9 9 20 0 11 0"), 4);
  equal(cpuSeconds(""), 0);
});
