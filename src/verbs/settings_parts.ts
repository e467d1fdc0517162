/** Settings as the parts of the agent want them. */
import type { TableOptions } from "../count/mod.ts";
import { DEFAULT_BUCKETS, type HistogramBuckets } from "../histogram.ts";
import { pageBytes } from "../libc.ts";
import type { MemoryOptions } from "../memory_plan.ts";
import type { Settings } from "../settings/mod.ts";

/** The memory's part, but for the number of CPUs. */
export function memoryOptions({ limits }: Settings): Omit<MemoryOptions, "cpuCount"> {
  return {
    pageBytes: pageBytes(),
    slots: limits.slots,
    ringBytes: limits.ring_bytes,
    flowsMax: limits.flows_max,
    aggregatesMax: limits.aggregates_max,
  };
}

/** The table's part. */
export function tableOptions(settings: Settings): TableOptions {
  const { span } = settings;
  return {
    genericTimeoutMs: span.generic_timeout,
    icmpTimeoutMs: span.icmp_timeout,
    tcpTimeoutMs: span.tcp_timeout,
    tcpFinTimeoutMs: span.tcp_fin_timeout,
    tcpRstTimeoutMs: span.tcp_rst_timeout,
    udpTimeoutMs: span.udp_timeout,
    maxRecordIntervalMs: span.max_record_interval,
    traceIdTimeoutS: Math.max(1, Math.round(span.trace_id_timeout / 1000)),
    communityIdSeed: span.community_id_seed,
    traceDomain: settings.trace_domain,
    node: settings.node_name ?? Deno.hostname(),
  };
}

/** Bounds of histograms, where settings say none the usual ones. */
export function histogramBuckets({ internal }: Settings): HistogramBuckets {
  const { pipeline_duration_seconds, export_batch_size } = internal.metrics.histogram_buckets;
  return {
    pipelineSeconds: pipeline_duration_seconds ?? DEFAULT_BUCKETS.pipelineSeconds,
    batchRecords: export_batch_size ?? DEFAULT_BUCKETS.batchRecords,
  };
}
