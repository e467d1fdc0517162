/** internal: what weir says about itself. */
import * as v from "valibot";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT } from "../ports.ts";
import { buckets, choice, DAY_MS, duration, type Facts, group, port, setting, text, yesOrNo } from "./kinds.ts";

const address = () => setting("The address to listen on.", text(), "0.0.0.0");
const portChoice = (standard: number) =>
  choice(`The port; 0: any. Left out it is ${standard}, and taken it is a warning only.`, port(0));
const histogram = (what: string, facts: Facts = {}) =>
  choice(`Upper bounds of the buckets of ${what}.`, buckets(), facts);

export const internal = group("What weir says about itself.", {
  server: group("Health: /livez, /readyz, /startup.", {
    enabled: setting("Whether it is served.", yesOrNo(), true),
    listen_address: address(),
    port: portChoice(HEALTH_PORT_DEFAULT),
  }),
  metrics: group("Prometheus metrics: /metrics, /metrics/standard, /metrics/debug, /metrics:summary.", {
    enabled: setting("Whether they are served.", yesOrNo(), true),
    listen_address: address(),
    port: portChoice(METRICS_PORT_DEFAULT),
    debug_metrics_enabled: setting("Metrics by interface and of the inside, too: /metrics/debug.", yesOrNo(), false),
    stale_metric_ttl: setting("How long an interface's metrics stay when it is gone.", duration(0, DAY_MS), "5m"),
    histogram_buckets: group("Upper bounds of histograms' buckets.", {
      pipeline_duration_seconds: histogram("the time that a round of records, or the sending of a batch, takes"),
      export_batch_size: histogram("spans in a request"),
      k8s_watcher_ip_index_update_duration_seconds: histogram("the time of a change of addresses", {
        notice: "a change of addresses is not timed",
      }),
      shutdown_duration_seconds: histogram("the time of stopping", {
        notice: "who stops answers no more questions: the log has how it went",
      }),
    }),
  }),
  traces: choice("Spans about weir itself.", v.unknown(), {
    notice: "weir says what it does in its log and its metrics, not in spans",
  }),
});
