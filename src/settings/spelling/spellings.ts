/**
 * Other names of keys: what the files of Mermin and of NetMon call them. The pages about coming from there are made
 * from this table.
 */
export interface Spelling {
  /** The path that a file may say. */
  from: string;
  /** Where it belongs: at each of these that is not set itself. */
  to: readonly string[];
  product: "Mermin" | "NetMon";
  /** What is different, for the page. */
  says?: string;
  /** What is said at `to` itself goes before; otherwise to say both is a mistake. */
  isWeak?: true;
}

const HISTOGRAMS = [
  "pipeline_duration_seconds",
  "export_batch_size",
  "k8s_watcher_ip_index_update_duration_seconds",
  "shutdown_duration_seconds",
];
const SIDES = ["source", "destination"];

export const SPELLINGS: readonly Spelling[] = [
  { from: "api", to: ["internal.server"], product: "Mermin" },
  { from: "metrics", to: ["internal.metrics"], product: "Mermin" },
  ...SIDES.flatMap((side) =>
    ["extract", "association"].map((key): Spelling => ({
      from: `attributes.${side}.${key}`,
      to: [`attributes.${side}.k8s.${key}`],
      product: "Mermin",
    }))
  ),
  ...HISTOGRAMS.map((name): Spelling => ({
    from: `internal.metrics.histogram_buckets.mermin_${name}`,
    to: [`internal.metrics.histogram_buckets.${name}`],
    product: "Mermin",
  })),
  { from: "capture.interfaces", to: ["discovery.instrument.interfaces"], product: "NetMon" },
  { from: "capture.sampling_rate", to: ["sampling.rate"], product: "NetMon" },
  {
    from: "flow.max_flows",
    to: ["limits.flows_max"],
    product: "NetMon",
    says: "beyond, new flows are counted in aggregates by prefix: no packet is lost",
  },
  {
    from: "flow.flow_timeout",
    to: ["span.generic_timeout", "span.icmp_timeout", "span.tcp_timeout", "span.udp_timeout"],
    product: "NetMon",
    says: "after FIN and reset, flows end sooner: `span.tcp_fin_timeout`, `span.tcp_rst_timeout`",
    isWeak: true,
  },
  {
    from: "flow.max_age",
    to: ["span.max_record_interval"],
    product: "NetMon",
    says: "a record is cut after so long, and the flow goes on in the next one",
    isWeak: true,
  },
  { from: "export.prometheus.enabled", to: ["internal.metrics.enabled"], product: "NetMon" },
  { from: "export.prometheus.port", to: ["internal.metrics.port"], product: "NetMon" },
  { from: "export.prometheus.listen_address", to: ["internal.metrics.listen_address"], product: "NetMon" },
  {
    from: "resources.maps.flow_map_size",
    to: ["limits.flows_max"],
    product: "NetMon",
    says: "`flow.max_flows` goes before it",
    isWeak: true,
  },
];
