/** A metric as this stage describes it: its name and words, and where its numbers come from when somebody asks. */
import type { Agent } from "../../agent.ts";
import type { Histogram } from "../../histogram.ts";

export interface Series {
  labels: Record<string, string>;
  value: number;
}

export interface HistogramSeries {
  labels: Record<string, string>;
  histogram: Histogram;
}

interface Described {
  name: string;
  help: string;
  labels: string[];
  /** It is about things that come and go: series stay for a while when theirs is gone. */
  goesStale?: true;
}

export type Metric =
  | Described & { type: "counter" | "gauge"; series(agent: Agent): Series[] }
  | Described & { type: "histogram"; series(agent: Agent): HistogramSeries[] };

type Numbers = (agent: Agent) => Series[];

export function counter(name: string, help: string, labels: string[], series: Numbers): Metric {
  return { type: "counter", name, help, labels, series };
}

export function gauge(name: string, help: string, labels: string[], series: Numbers): Metric {
  return { type: "gauge", name, help, labels, series };
}

export function histogram(
  name: string,
  help: string,
  labels: string[],
  series: (agent: Agent) => HistogramSeries[],
): Metric {
  return { type: "histogram", name, help, labels, series };
}

/** The one series of a metric without labels. */
export function value(number: number): Series[] {
  return [{ labels: {}, value: number }];
}

/** A series for each name. */
export function entries(values: Record<string, bigint>, label: string): Series[] {
  return Object.entries(values).map(([name, count]) => ({ labels: { [label]: name }, value: Number(count) }));
}
