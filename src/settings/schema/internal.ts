/** internal: what weir says about itself. */
import * as v from "valibot";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT } from "../ports.ts";
import { buckets, choice, DAY_MS, duration, group, port, setting, text, yesOrNo } from "./kinds.ts";

const address = () => setting("The address to listen on.", text(), "0.0.0.0");
const portChoice = (standard: number) =>
  choice(`The port; 0: any. Left out it is ${standard}, and taken it is a warning only.`, port(0));
const histogram = (what: string) => choice(`Upper bounds of the buckets of ${what}.`, buckets());

export const internal = group("What weir says about itself.", {
  server: group("Health: /livez, /readyz, /startup.", {
    enabled: setting("Whether it is served.", yesOrNo(), true),
    listen_address: address(),
    port: portChoice(HEALTH_PORT_DEFAULT),
  }),
  metrics: group("Prometheus metrics: /metrics.", {
    enabled: setting("Whether they are served.", yesOrNo(), true),
    listen_address: address(),
    port: portChoice(METRICS_PORT_DEFAULT),
    debug_metrics_enabled: setting("Metrics by device and kind, too.", yesOrNo(), false, {
      notice: "there is one set of metrics",
      fixed: false,
      isLater: true,
    }),
    stale_metric_ttl: setting("How long a metric stays when what it is about is gone.", duration(0, DAY_MS), "5m", {
      notice: "metrics go when what they are about is gone",
      isLater: true,
    }),
    histogram_buckets: group("Upper bounds of histograms' buckets.", {
      pipeline_duration_seconds: histogram("the time from a record to its being sent"),
      export_batch_size: histogram("spans in a request"),
      k8s_watcher_ip_index_update_duration_seconds: histogram("the time of a change of addresses"),
      shutdown_duration_seconds: histogram("the time of stopping"),
    }, { notice: "weir has no histograms", isLater: true }),
  }),
  traces: choice("Spans about weir itself.", v.unknown(), {
    notice: "weir says what it does in its log and its metrics, not in spans",
  }),
});
