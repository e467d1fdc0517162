/** Figures that everybody gets: few series, whatever passes. */
import type { Agent } from "../../agent.ts";
import { readSystemFile } from "../../libc.ts";
import { SLOT_BYTES } from "../../limits.ts";
import { bookSeries, MEASURES } from "./book_series.ts";
import { scrapedBooks } from "./scraped_books.ts";
import { counter, entries, gauge, histogram, type Metric, type Series, value } from "./metric.ts";

type BooksOf = ReturnType<typeof scrapedBooks>;

function bookMetrics(books: BooksOf): Metric[] {
  return MEASURES.map(({ measure, says }) =>
    counter(
      `weir_${measure}_total`,
      `${says} by what became of them: the books. Exporters' terms carry the exporter's name.`,
      ["outcome", "reason", "exporter"],
      (agent) => bookSeries(books(agent), measure),
    )
  );
}

const FLOWS: Metric[] = [
  gauge(
    "weir_flows_active",
    "Flows in the table, as of a second ago. transit: neither end is known to be here.",
    ["protocol", "direction"],
    (agent) => agent.census().map(({ protocol, direction, count }) => series({ protocol, direction }, count)),
  ),
  counter("weir_flows_created_total", "Flows that began.", [], (agent) => value(agent.stats().flowsCreated)),
  counter(
    "weir_flows_ended_total",
    "Flows that ended.",
    ["protocol", "direction"],
    (agent) => agent.endedFlows().map(({ protocol, direction, ended }) => series({ protocol, direction }, ended)),
  ),
  counter(
    "weir_flows_failed_total",
    "TCP connections that ended without an agreement: refused, or not answered.",
    ["direction"],
    (agent) =>
      agent.endedFlows().filter(({ protocol }) => protocol === "tcp")
        .map(({ direction, failed }) => series({ direction }, failed)),
  ),
  gauge(
    "weir_flows_limit",
    "Flows that the table holds before it counts new ones in aggregates.",
    [],
    (agent) => value(agent.flowsMax),
  ),
  gauge("weir_flow_spans_active", "Flows in the table now.", [], (agent) => value(agent.stats().flows)),
  counter(
    "weir_flow_spans_created_total",
    "Flows that began: weir_flows_created_total by its other name.",
    [],
    (agent) => value(agent.stats().flowsCreated),
  ),
  gauge(
    "weir_overflow_aggregates_active",
    "Aggregates that stand in for flows beyond the limit.",
    [],
    (agent) => value(agent.stats().aggregates),
  ),
  counter(
    "weir_flow_records_total",
    "Records handed out to exporters.",
    [],
    (agent) => value(agent.recordCounts().passed),
  ),
  counter(
    "weir_flow_records_kept_back_total",
    "Records that filter or sampling kept from exporters.",
    ["reason"],
    (agent) => {
      const { filtered, sampledOut } = agent.recordCounts();
      return [series({ reason: "filtered" }, filtered), series({ reason: "sampled_out" }, sampledOut)];
    },
  ),
  counter(
    "weir_out_ring_full_total",
    "Times that a record had to wait because exporters were behind.",
    [],
    (agent) => value(agent.stats().outFull),
  ),
];

/** isWritable: whether the file system of pinned programs can be written. */
function kernelMetrics(isWritable: () => boolean): Metric[] {
  return [
    counter(
      "weir_evictions_total",
      "Flows moved from the kernel's slots to its ring.",
      [],
      (agent) => value(agent.stats().ringRecords),
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
    gauge("weir_kernel_memory_bytes", "Kernel-side maps, mapped but not the process's own.", ["map"], ({ plan }) => [
      series({ map: "slots" }, plan.slotCount * SLOT_BYTES),
      series({ map: "ring" }, plan.ringBytes),
    ]),
    gauge("weir_ebpf_map_capacity", "What the kernel's maps hold at most.", ["map", "unit"], ({ plan }) => [
      series({ map: "slots", unit: "entries" }, plan.slotCount),
      series({ map: "ring", unit: "bytes" }, plan.ringBytes),
    ]),
    gauge("weir_ebpf_map_size", "What waits in the kernel's ring.", ["map", "unit"], (agent) => [
      series({ map: "ring", unit: "bytes" }, agent.ringWaitingBytes()),
    ]),
    gauge("weir_ebpf_method", "1 for each kind of hook in use.", ["attachment"], (agent) => {
      const modes = new Set(agent.devices().flatMap(({ attachment }) => attachment ? [attachment.mode] : []));
      return ["tcx", "tc"].map((attachment) => series({ attachment }, Number(modes.has(attachment as "tcx" | "tc"))));
    }),
    gauge(
      "weir_ebpf_bpf_fs_writable",
      "1 where /sys/fs/bpf can be written. weir pins nothing there.",
      [],
      () => value(Number(isWritable())),
    ),
  ];
}

function interfaceMetrics(books: BooksOf): Metric[] {
  return [
    gauge("weir_interface_attached", "1 where the program is on the interface.", ["interface", "mode"], attachedSeries),
    counter(
      "weir_interface_packets_total",
      "Packets that hooks saw, all interfaces together: one that passes several counts at each.",
      [],
      (agent) => value(Number(books(agent).kernel.seen.packets)),
    ),
    counter(
      "weir_interface_bytes_total",
      "Bytes that hooks saw, all interfaces together.",
      [],
      (agent) => value(Number(books(agent).kernel.seen.bytes)),
    ),
  ];
}

const EXPORT: Metric[] = [
  counter(
    "weir_export_records_total",
    "Records by exporter and what became of them.",
    ["exporter", "status", "reason"],
    exportSeries,
  ),
  counter(
    "weir_export_flow_spans_total",
    "Spans by exporter: delivered, or lost for any reason.",
    ["exporter", "status"],
    (agent) =>
      Object.entries(agent.exporterRecords()).flatMap(([exporter, { exported, lost }]) => {
        const error = Object.values(lost).reduce((sum, count) => sum + count, 0);
        return Object.entries({ ok: exported, error }).map(([status, count]) => series({ exporter, status }, count));
      }),
  ),
  gauge(
    "weir_export_queue_records",
    "Records that wait in an exporter.",
    ["exporter"],
    (agent) => Object.entries(agent.exporterRecords()).map(([exporter, { queued }]) => series({ exporter }, queued)),
  ),
  gauge("weir_channel_capacity", "Records that each queue holds.", ["channel"], (agent) => [
    series({ channel: "out" }, agent.plan.outRecords),
    ...withQueue(agent).map(({ name, figures }) => series({ channel: `export:${name}` }, figures.queueRecordsMax)),
  ]),
  gauge("weir_channel_entries", "Records that wait in each queue.", ["channel"], (agent) => [
    series({ channel: "out" }, agent.outWaiting()),
    ...withQueue(agent).map(({ name, queued }) => series({ channel: `export:${name}` }, queued())),
  ]),
  counter("weir_channel_sends_total", "Records put into each queue, and tries that found it full.", [
    "channel",
    "status",
  ], (agent) => [
    series({ channel: "out", status: "success" }, agent.stats().records),
    series({ channel: "out", status: "backpressure" }, agent.stats().outFull),
  ]),
  histogram(
    "weir_pipeline_duration_seconds",
    "Time of a round of records to every exporter (flow_producer_out), of a batch until its answer (export_out).",
    ["stage", "exporter"],
    (agent) => [
      { labels: { stage: "flow_producer_out", exporter: "" }, histogram: agent.handOutSeconds },
      ...withQueue(agent).map(({ name, figures }) => ({
        labels: { stage: "export_out", exporter: name },
        histogram: figures.sendSeconds,
      })),
    ],
  ),
  histogram(
    "weir_export_batch_size",
    "Records in a batch.",
    ["exporter"],
    (agent) =>
      withQueue(agent).map(({ name, figures }) => ({ labels: { exporter: name }, histogram: figures.batchRecords })),
  ),
];

const PROCESS: Metric[] = [
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [], () => value(Deno.memoryUsage().rss)),
  counter(
    "process_cpu_seconds_total",
    "Total user and system CPU time spent in seconds.",
    [],
    () => value(cpuSeconds(readSystemFile("/proc/self/stat") ?? "")),
  ),
  gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    [],
    (agent) => value(agent.startedAtMs / 1000),
  ),
];

export function standardMetrics(version: string, isWritable: () => boolean): Metric[] {
  const info = gauge("weir_build_info", "What runs here.", ["version"], () => [series({ version }, 1)]);
  const books = scrapedBooks();
  return [
    info,
    ...bookMetrics(books),
    ...FLOWS,
    ...kernelMetrics(isWritable),
    ...interfaceMetrics(books),
    ...EXPORT,
    ...PROCESS,
  ];
}

/** Ticks of the clock that /proc counts CPU time in (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** proc_pid_stat(5): utime and stime, behind a name that may hold anything. */
export function cpuSeconds(stat: string): number {
  const [, , , , , , , , , , , utime = 0, stime = 0] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  return (utime + stime) / TICKS_PER_SECOND;
}

function series(labels: Record<string, string>, value: number): Series {
  return { labels, value };
}

/** Exporters that have a queue. */
function withQueue(agent: Agent) {
  return agent.exporters.flatMap((exporter) => {
    const { name, figures } = exporter;
    return figures ? [{ name, figures, queued: () => exporter.records().queued }] : [];
  });
}

function attachedSeries(agent: Agent): Series[] {
  return agent.devices().flatMap(({ device, attachment, goneAtMs }) =>
    goneAtMs === undefined && attachment ? [series({ interface: device.name, mode: attachment.mode }, 1)] : []
  );
}

function exportSeries(agent: Agent): Series[] {
  return Object.entries(agent.exporterRecords()).flatMap(([exporter, { exported, lost }]) => {
    const labels = { exporter };
    return [
      series({ ...labels, status: "ok", reason: "" }, exported),
      ...Object.entries(lost).map(([reason, count]) => series({ ...labels, status: "lost", reason }, count)),
    ];
  });
}
