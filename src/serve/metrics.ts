/** The agent's figures for Prometheus, collected when they are asked for. */
import { Counter, Gauge, Registry } from "prom-client";
import type { Agent } from "../agent.ts";
import { type Amount, type Books, LOST_REASONS } from "../books.ts";
import { SLOT_BYTES } from "../limits.ts";

interface Series {
  labels: Record<string, string>;
  value: number;
}

interface Metric {
  type: "counter" | "gauge";
  name: string;
  help: string;
  labels: string[];
  series(agent: Agent): Series[];
}

/** Builds the registry over an agent. */
export function createMetrics(agent: Agent, version: string): Registry {
  const registry = new Registry();
  const info: Metric = {
    type: "gauge",
    name: "weir_build_info",
    help: "What runs here.",
    labels: ["version"],
    series: () => [{ labels: { version }, value: 1 }],
  };
  for (const metric of [info, ...BOOKS, ...TABLE, ...KERNEL, ...EXPORT, ...PROCESS]) register(registry, metric, agent);
  return registry;
}

function register(registry: Registry, { type, name, help, labels, series }: Metric, agent: Agent): void {
  const common = { name, help, labelNames: labels, registers: [registry] };
  if (type === "gauge") {
    new Gauge({
      ...common,
      collect() {
        this.reset();
        for (const { labels, value } of series(agent)) this.set(labels, value);
      },
    });
    return;
  }
  new Counter({
    ...common,
    collect() {
      // the truth is elsewhere: the counter is set to it
      this.reset();
      for (const { labels, value } of series(agent)) this.inc(labels, value);
    },
  });
}

function counter(name: string, help: string, labels: string[], series: Metric["series"]): Metric {
  return { type: "counter", name, help, labels, series };
}

function gauge(name: string, help: string, labels: string[], series: Metric["series"]): Metric {
  return { type: "gauge", name, help, labels, series };
}

const MEASURE_NAMES: Record<keyof Amount, string> = {
  frames: "Frames",
  packets: "Packets",
  bytes: "Bytes",
  wire_bytes: "Bytes with the headers of every segment",
};

const BOOKS: Metric[] = (Object.keys(MEASURE_NAMES) as Array<keyof Amount>).map((measure) =>
  counter(
    `weir_${measure}_total`,
    `${MEASURE_NAMES[measure]} by what became of them: the books. Exporters' terms carry the exporter's name.`,
    ["outcome", "reason", "exporter"],
    (agent) => bookSeries(agent.books(), measure),
  )
);

const TABLE: Metric[] = [
  gauge("weir_flows_active", "Flows in the table.", [], (agent) => [value(agent.stats().flows)]),
  gauge(
    "weir_flows_limit",
    "Flows that the table holds before it counts new ones in aggregates.",
    [],
    (agent) => [value(agent.flowsMax)],
  ),
  gauge(
    "weir_overflow_aggregates_active",
    "Aggregates that stand in for flows beyond the limit.",
    [],
    (agent) => [value(agent.stats().aggregates)],
  ),
  counter("weir_flows_created_total", "Flows that began.", [], (agent) => [value(agent.stats().flowsCreated)]),
  counter("weir_flow_records_total", "Records handed out to exporters.", [], (agent) => [value(agent.stats().records)]),
  counter(
    "weir_out_ring_full_total",
    "Times that a record had to wait because exporters were behind.",
    [],
    (agent) => [value(agent.stats().outFull)],
  ),
];

const KERNEL: Metric[] = [
  counter(
    "weir_evictions_total",
    "Flows moved from the kernel's slots to its ring.",
    [],
    (agent) => [value(agent.stats().ringRecords)],
  ),
  counter(
    "weir_malformed_frames_total",
    "Malformed frames by what is wrong with them.",
    ["reason"],
    (agent) => entries(agent.kernelDetail().malformed, "reason"),
  ),
  counter(
    "weir_kernel_events_total",
    "Things that happened in the kernel program.",
    ["event"],
    (agent) => entries(agent.kernelDetail().events, "event"),
  ),
  gauge(
    "weir_interface_attached",
    "1 where the program is on the interface.",
    ["interface", "mode"],
    attachedSeries,
  ),
  gauge("weir_kernel_memory_bytes", "Kernel-side maps, mapped but not the process's own.", ["map"], ({ plan }) => [
    { labels: { map: "slots" }, value: plan.slotCount * SLOT_BYTES },
    { labels: { map: "ring" }, value: plan.ringBytes },
  ]),
];

const EXPORT: Metric[] = [
  counter(
    "weir_export_records_total",
    "Records by exporter and what became of them.",
    ["exporter", "status", "reason"],
    exportSeries,
  ),
  gauge(
    "weir_export_queue_records",
    "Records that wait in an exporter.",
    ["exporter"],
    (agent) =>
      Object.entries(agent.exporterRecords()).map(([exporter, { queued }]) => ({
        labels: { exporter },
        value: queued,
      })),
  ),
];

const PROCESS: Metric[] = [
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [], () => [value(Deno.memoryUsage().rss)]),
  gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    [],
    (agent) => [value(agent.startedAtMs / 1000)],
  ),
];

function attachedSeries(agent: Agent): Series[] {
  return agent.devices().flatMap(({ device, attachment, goneAtMs }) =>
    goneAtMs === undefined && attachment
      ? [{ labels: { interface: device.name, mode: attachment.mode }, value: 1 }]
      : []
  );
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
  return Object.entries(agent.exporterRecords()).flatMap(([exporter, { exported, lost }]) => {
    const labels = { exporter };
    return [
      { labels: { ...labels, status: "ok", reason: "" }, value: exported },
      ...Object.entries(lost).map(([reason, count]) => ({
        labels: { ...labels, status: "lost", reason },
        value: count,
      })),
    ];
  });
}
