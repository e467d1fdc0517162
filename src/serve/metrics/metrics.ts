/** The agent's figures for Prometheus, collected when they are asked for. */
import { Counter, Gauge, type Metric as LibraryMetric, Registry } from "prom-client";
import type { Agent } from "../../agent.ts";
import type { LiveSettings } from "../../settings/mod.ts";
import type { ClusterNames } from "../health.ts";
import { DEBUG_METRICS } from "./debug_metrics.ts";
import { histogramMetric } from "./histogram_metric.ts";
import { kubernetesMetrics } from "./kubernetes_metrics.ts";
import type { Metric } from "./metric.ts";
import { settingsMetrics } from "./settings_metrics.ts";
import { StaleSeries } from "./stale_series.ts";
import { standardMetrics } from "./standard_metrics.ts";

export interface MetricsOptions {
  version: string;
  settings: Pick<LiveSettings, "state">;
  /** Where flows are named after Kubernetes. */
  names?: ClusterNames | undefined;
  /** Whether /sys/fs/bpf can be written. */
  isBpfFsWritable(): boolean;
  /** Whether there is a debug set. */
  withDebug: boolean;
  /** How long series of what is gone stay. */
  staleTtlMs: number;
  /** Monotonic ms. */
  nowMs(): number;
}

interface MetricSummary {
  name: string;
  type: string;
  description: string;
  labels: string[];
  category: "standard" | "debug";
}

/** Sets of metrics. debug: undefined where it is off. */
export class Metrics {
  readonly standard = new Registry();
  readonly debug: Registry | undefined;
  readonly #summaries: MetricSummary[] = [];

  constructor(agent: Agent, options: MetricsOptions) {
    const { version, isBpfFsWritable, withDebug } = options;
    const register = (registry: Registry, metrics: readonly Metric[], category: MetricSummary["category"]) => {
      for (const metric of metrics) {
        registerMetric(registry, metric, agent, options);
        const { name, type, help: description, labels } = metric;
        this.#summaries.push({ name, type, description, labels, category });
      }
    };
    register(this.standard, standardMetrics(version, isBpfFsWritable), "standard");
    register(this.standard, settingsMetrics(options.settings), "standard");
    if (options.names) register(this.standard, kubernetesMetrics(options.names), "standard");
    if (withDebug) register(this.debug = new Registry(), DEBUG_METRICS, "debug");
  }

  get contentType(): string {
    return this.standard.contentType;
  }

  /** All sets. */
  async text(): Promise<string> {
    return await this.standard.metrics() + (await this.debug?.metrics() ?? "");
  }

  /** What there is, without numbers. */
  summary(): Record<string, unknown> {
    const count = (category: string) => this.#summaries.filter((metric) => metric.category === category).length;
    return {
      debug_metrics_enabled: this.debug !== undefined,
      total_metrics: this.#summaries.length,
      standard_metrics: count("standard"),
      debug_metrics: count("debug"),
      metrics: this.#summaries,
    };
  }
}

function registerMetric(registry: Registry, metric: Metric, agent: Agent, { staleTtlMs, nowMs }: MetricsOptions): void {
  const { name, help, labels: labelNames } = metric;
  if (metric.type === "histogram") {
    // the library's own can only be told of each value
    registry.registerMetric(
      histogramMetric(name, help, () => metric.series(agent)) as unknown as LibraryMetric<string>,
    );
    return;
  }
  const stale = metric.goesStale && new StaleSeries(staleTtlMs, nowMs);
  const now = () => stale ? stale.withStale(metric.series(agent)) : metric.series(agent);
  const common = { name, help, labelNames, registers: [registry] };
  if (metric.type === "gauge") {
    new Gauge({
      ...common,
      collect() {
        this.reset();
        for (const { labels, value } of now()) this.set(labels, value);
      },
    });
    return;
  }
  new Counter({
    ...common,
    collect() {
      // the truth is elsewhere: the counter is set to it
      this.reset();
      for (const { labels, value } of now()) this.inc(labels, value);
    },
  });
}
