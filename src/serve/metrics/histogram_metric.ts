/** A histogram of ours as the library's registry writes metrics. */
import type { HistogramSeries } from "./metric.ts";

interface WrittenValue {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}

/** What the registry asks of a metric. */
interface WrittenMetric {
  name: string;
  help: string;
  type: "histogram";
  aggregator: "sum";
  values: WrittenValue[];
}

export function histogramMetric(name: string, help: string, series: () => HistogramSeries[]) {
  const written = (): WrittenMetric => ({
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    values: series().flatMap((one) => valuesOf(name, one)),
  });
  return { name, help, get: () => Promise.resolve(written()), reset() {} };
}

function valuesOf(name: string, { labels, histogram }: HistogramSeries): WrittenValue[] {
  const counts = histogram.cumulative();
  return [
    ...counts.map((value, i) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: histogram.bounds[i] ?? "+Inf" },
      value,
    })),
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: counts.at(-1)! },
  ];
}
