/** The agent's figures for Prometheus, collected when they are asked for. */
import { Counter, Gauge, Registry } from "prom-client";
import type { Agent } from "../agent.ts";
import { type Amount, type Books, LOST_REASONS } from "../books.ts";

interface Series {
  labels: Record<string, string>;
  value: number;
}

/** Builds the registry over an agent. */
export function createMetrics(agent: Agent, version: string): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[], series: () => Series[]) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, value } of series()) this.set(labels, value);
      },
    });
  const counter = (name: string, help: string, labelNames: string[], series: () => Series[]) =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        // the truth is elsewhere: the counter is set to it
        this.reset();
        for (const { labels, value } of series()) this.inc(labels, value);
      },
    });

  gauge("weir_build_info", "What runs here.", ["version"], () => [{ labels: { version }, value: 1 }]);
  for (
    const [measure, help] of [["frames", "Frames"], ["packets", "Packets"], ["bytes", "Bytes"], [
      "wire_bytes",
      "Bytes with the headers of every segment",
    ]] as const
  ) {
    counter(
      `weir_${measure}_total`,
      `${help} by what became of them: the books. Exporters' terms carry the exporter's name.`,
      ["outcome", "reason", "exporter"],
      () => bookSeries(agent.books(), measure),
    );
  }
  gauge("weir_flows_active", "Flows in the table.", [], () => [value(agent.stats().flows)]);
  gauge("weir_flows_limit", "Flows that the table holds before it counts new ones in aggregates.", [], () => [
    value(agent.plan.flowsMax),
  ]);
  gauge("weir_overflow_aggregates_active", "Aggregates that stand in for flows beyond the limit.", [], () => [
    value(agent.stats().aggregates),
  ]);
  counter("weir_flows_created_total", "Flows that began.", [], () => [value(agent.stats().flowsCreated)]);
  counter("weir_flow_records_total", "Records handed out to exporters.", [], () => [value(agent.stats().records)]);
  counter("weir_out_ring_full_total", "Times that a record had to wait because exporters were behind.", [], () => [
    value(agent.stats().outFull),
  ]);
  counter("weir_evictions_total", "Flows moved from the kernel's slots to its ring.", [], () => [
    value(agent.stats().ringRecords),
  ]);
  counter(
    "weir_malformed_frames_total",
    "Malformed frames by what is wrong with them.",
    ["reason"],
    () => entries(agent.kernelDetail().malformed, "reason"),
  );
  counter(
    "weir_kernel_events_total",
    "Things that happened in the kernel program.",
    ["event"],
    () => entries(agent.kernelDetail().events, "event"),
  );
  gauge(
    "weir_interface_attached",
    "1 where the program is on the interface.",
    ["interface", "mode"],
    () =>
      agent.devices().flatMap(({ device, attachment, goneAtMs }) =>
        goneAtMs === undefined && attachment
          ? [{ labels: { interface: device.name, mode: attachment.mode }, value: 1 }]
          : []
      ),
  );
  counter("weir_export_records_total", "Records by exporter and what became of them.", [
    "exporter",
    "status",
    "reason",
  ], () => exportSeries(agent));
  gauge(
    "weir_export_queue_records",
    "Records that wait in an exporter.",
    ["exporter"],
    () =>
      agent.exporters.map((exporter) => ({ labels: { exporter: exporter.name }, value: exporter.records().queued })),
  );
  gauge("weir_kernel_memory_bytes", "Kernel-side maps, mapped but not resident.", ["map"], () => [
    { labels: { map: "slots" }, value: agent.plan.slotCount * 192 },
    { labels: { map: "ring" }, value: agent.plan.ringBytes },
  ]);
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [], () => [value(Deno.memoryUsage().rss)]);
  gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", [], () => [
    value(agent.startedAtMs / 1000),
  ]);
  return registry;
}

function value(number: number): Series {
  return { labels: {}, value: number };
}

function entries(values: Record<string, bigint>, label: string): Series[] {
  return Object.entries(values).map(([name, count]) => ({ labels: { [label]: name }, value: Number(count) }));
}

/** Every counted term of the books in one measure. What is found by looking is a gauge and not here. */
function bookSeries(books: Books, measure: keyof Amount): Series[] {
  const series: Series[] = [];
  const add = (outcome: string, amount: Amount, reason = "", exporter = "") =>
    series.push({ labels: { outcome, reason, exporter }, value: Number(amount[measure]) });
  const { kernel, table } = books;
  add("seen", kernel.seen);
  add("accounted", kernel.accounted);
  add("not_ip", kernel.not_ip);
  add("malformed", kernel.malformed);
  add("filtered", kernel.filtered);
  add("sampled_out", kernel.sampled_out);
  for (const reason of LOST_REASONS) add("lost", kernel.lost[reason], reason);
  add("taken", table.taken);
  add("counted", table.counted);
  add("duplicate", table.duplicate);
  add("assumed_duplicate", table.assumed_duplicate);
  add("filtered_flow", table.filtered_flow);
  add("sampled_out_flow", table.sampled_out_flow);
  add("handed_out", table.handed_out);
  for (const [exporter, terms] of Object.entries(books.exporters)) {
    add("exported", terms.exported, "", exporter);
    for (const [reason, amount] of Object.entries(terms.lost_export)) add("lost_export", amount, reason, exporter);
  }
  return series;
}

function exportSeries(agent: Agent): Series[] {
  return agent.exporters.flatMap((exporter) => {
    const { exported, lost } = exporter.records();
    const labels = { exporter: exporter.name };
    return [
      { labels: { ...labels, status: "ok", reason: "" }, value: exported },
      ...Object.entries(lost).map(([reason, count]) => ({
        labels: { ...labels, status: "lost", reason },
        value: count,
      })),
    ];
  });
}
