/** Other agents' metrics, and weir's of the same meaning. A name of weir's that there is not stops the writing. */
import { DEBUG_METRICS } from "../src/serve/metrics/debug_metrics.ts";
import type { ClusterNames } from "../src/serve/health.ts";
import { kubernetesMetrics } from "../src/serve/metrics/kubernetes_metrics.ts";
import { settingsMetrics } from "../src/serve/metrics/settings_metrics.ts";
import type { LiveSettings } from "../src/settings/mod.ts";
import { standardMetrics } from "../src/serve/metrics/standard_metrics.ts";
import { code } from "./markdown.ts";

/** Their name, ours ("": none), and what is to be known. */
export type MetricNames = readonly [theirs: string, ours: string, says?: string];

const ALL = [
  ...standardMetrics("", () => true),
  ...settingsMetrics({} as LiveSettings),
  ...kubernetesMetrics({} as ClusterNames),
  ...DEBUG_METRICS,
];
const KNOWN = new Set(ALL.map(({ name }) => name));
const NONE = "nothing here has this meaning";

export const MERMIN_METRICS: readonly MetricNames[] = [
  [
    "ebpf_map_size{map,unit}",
    "weir_ebpf_map_size",
    "`FLOW_EVENTS` is `ring`; slots are never full, they are exchanged",
  ],
  ["ebpf_map_capacity{map,unit}", "weir_ebpf_map_capacity", "`FLOW_STATS` is `slots`, `FLOW_EVENTS` is `ring`"],
  ["ebpf_method{attachment}", "weir_ebpf_method"],
  ["ebpf_bpf_fs_writable", "weir_ebpf_bpf_fs_writable"],
  ["ebpf_map_ops_total{map,operation,status}", "", "maps are read as memory: there are no operations to count"],
  ["channel_capacity{channel}", "weir_channel_capacity", "`out`, and `export:NAME` for each exporter"],
  ["channel_entries{channel}", "weir_channel_entries"],
  ["channel_sends_total{channel,status}", "weir_channel_sends_total"],
  ["pipeline_duration_seconds{stage}", "weir_pipeline_duration_seconds", "by exporter, too"],
  ["flow_spans_created_total", "weir_flow_spans_created_total"],
  ["flow_spans_active_total", "weir_flow_spans_active", "a gauge, so its name does not end in `_total`"],
  ["export_flow_spans_total{exporter,status}", "weir_export_flow_spans_total", "what is lost anywhere is `error`"],
  ["export_batch_size", "weir_export_batch_size"],
  [
    "k8s_decorator_flow_spans_total{status}",
    "weir_kubernetes_lookups_total",
    "each end of a flow, by why it has no name",
  ],
  ["k8s_watcher_ip_index_update_duration_seconds", "", "a change of addresses is part of its event, and not timed"],
  ["k8s_watcher_events_total{kind,event}", "weir_kubernetes_events_total", "errors are `weir_kubernetes_errors_total`"],
  ["interface_packets_total", "weir_interface_packets_total", "as the hooks saw them, none twice and none left out"],
  ["interface_bytes_total", "weir_interface_bytes_total"],
  ["interface_packets_by_interface_total{interface,direction}", "weir_interface_packets_by_interface_total", "debug"],
  ["interface_bytes_by_interface_total{interface,direction}", "weir_interface_bytes_by_interface_total", "debug"],
  ["flow_span_store_size{poller_id}", "weir_flow_span_store_size", "debug; there are no pollers"],
  ["ebpf_tc_programs_attached_by_interface_total", "weir_interface_attached", "whether, not how often"],
  ["flow_events_total{status}", "weir_evictions_total", 'what is lost is in `weir_packets_total{outcome="lost"}`'],
  ["export_timeouts_total", "weir_export_records_total", '`status="lost"`, by reason'],
  ["ebpf_orphans_cleaned_total", "", "nothing is orphaned: every slot is counted before it is used again"],
  ["producer_queue_size{poller_id}", "weir_channel_entries", '`channel="out"`'],
  ["shutdown_*", "", "who stops answers no more questions: the log has how it went"],
  ["the other debug metrics", "", NONE],
];

export const NETMON_METRICS: readonly MetricNames[] = [
  ["netmon_flows_active{protocol,direction}", "weir_flows_active", "also `transit`: neither end is known to be here"],
  [
    "netmon_flows_total{protocol,direction}",
    "weir_flows_ended_total",
    "begun, of any kind: `weir_flows_created_total`",
  ],
  [
    "netmon_bytes_total{src_ip,dst_ip}",
    "weir_bytes_total",
    "by what became of them; a series for each address would be more than anybody can keep: that is in the spans",
  ],
  ["netmon_packets_total{protocol}", "weir_packets_total", "by what became of them"],
  ["netmon_ebpf_events_processed_total", "weir_frames_total", '`outcome="seen"`'],
  ["netmon_ebpf_events_dropped_total", "weir_frames_total", '`outcome="lost"`, by reason'],
  [
    "netmon_processing_duration_seconds{quantile}",
    "weir_pipeline_duration_seconds",
    "a histogram: `histogram_quantile(0.99, …)`",
  ],
  ["netmon_memory_usage_bytes", "process_resident_memory_bytes"],
  ["netmon_cpu_usage_percentage", "process_cpu_seconds_total", "`100 * rate(…[5m])`"],
  ["netmon_goroutines_count", "", NONE],
];

/** A row of a table. */
export function metricRow([theirs, ours, says = ""]: MetricNames): string[] {
  if (ours && !KNOWN.has(ours)) throw new Error(`There is no metric ${ours}`);
  return [theirs.includes(" ") ? theirs : code(theirs), ours && code(ours), says && `${says}.`];
}
