import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createMetrics } from "../../src/serve/metrics.ts";
import { FakeAgent, fakeExporter, watchedDevice } from "../support/fake_agent.ts";
import { parseExposition, unescape } from "../support/exposition.ts";

/** Base units, by which names of measures end (Prometheus' naming rules), and what counts things of its own. */
const UNITS = ["bytes", "seconds", "frames", "packets", "records", "info"];

async function scrape(fake = new FakeAgent()) {
  const text = await createMetrics(fake.agent, "9.8.7").metrics();
  return { text, families: parseExposition(text) };
}

Deno.test("createMetrics() writes the exposition format without a mistake", async () => {
  const { families } = await scrape();
  ok(families.size > 15);
  for (const { name, type, help, samples } of families.values()) {
    match(name, /^(weir|process)_[a-z0-9_]+$/, "snake case behind a prefix");
    ok(type === "counter" || type === "gauge", `${name} has a type`);
    match(help, /^[A-Z0-9].*\.$/, `${name}'s help is a sentence`);
    equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
    ok(samples.length > 0, `${name} has samples`);
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

Deno.test("createMetrics() tells the books in every measure, each outcome with its reason and exporter", async () => {
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

Deno.test("createMetrics() reads the agent at each scrape, and forgets series that are gone", async () => {
  const fake = new FakeAgent();
  const registry = createMetrics(fake.agent, "9.8.7");
  const attached = async () =>
    parseExposition(await registry.metrics()).get("weir_interface_attached")!.samples.map(({ labels }) =>
      labels.interface
    );
  deepEqual(await attached(), ["eth0"]);
  fake.watched = [watchedDevice(8, "eth1"), watchedDevice(9, "old0", { goneAtMs: 1 })];
  fake.stat.flows = 997;
  deepEqual(await attached(), ["eth1"]);
  const flows = parseExposition(await registry.metrics()).get("weir_flows_active")!.samples;
  deepEqual(flows.map(({ value }) => value), [997]);
  const again = parseExposition(await registry.metrics()).get("weir_packets_total")!.samples;
  equal(again.find(({ labels }) => labels.outcome === "seen")?.value, 103, "a scrape adds nothing");
});

Deno.test("createMetrics() escapes names that it did not choose", async () => {
  const fake = new FakeAgent();
  const odd = 'a"b\\c\nd';
  fake.watched = [watchedDevice(7, odd)];
  fake.exporters = [fakeExporter("x{y}")];
  const { families } = await scrape(fake);
  equal(families.get("weir_interface_attached")!.samples[0]!.labels.interface, odd);
  equal(families.get("weir_export_queue_records")!.samples[0]!.labels.exporter, "x{y}");
  equal(unescape("a\\n\\\\n"), "a\n\\n");
});
