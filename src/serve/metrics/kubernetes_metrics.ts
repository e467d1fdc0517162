/** What is known of Kubernetes, how its watches do, and how many ends of flows have a name. */
import type { KindCounts } from "../../enrich/kubernetes/mod.ts";
import type { ClusterNames } from "../health.ts";
import { counter, gauge, type Metric, type Series, value } from "./metric.ts";

export function kubernetesMetrics(names: ClusterNames): Metric[] {
  return [
    gauge(
      "weir_kubernetes_ready",
      "1 when the first lists are in, or not waited for any longer.",
      [],
      () => value(Number(names.readiness().isReady)),
    ),
    gauge(
      "weir_kubernetes_watch_state",
      "1 for the state that a kind's watch is in.",
      ["kind", "state"],
      () => names.readiness().kinds.map(({ kind, state }) => ({ labels: { kind, state }, value: 1 })),
    ),
    gauge(
      "weir_kubernetes_watch_silent_seconds",
      "Since a kind's watch was last heard of.",
      ["kind"],
      () => names.readiness().kinds.map(({ kind, silentMs }) => ({ labels: { kind }, value: silentMs / 1_000 })),
    ),
    gauge(
      "weir_kubernetes_objects",
      "Objects that are known, those gone and remembered included.",
      ["kind"],
      () => names.sizes().objects.map(({ kind, count }) => ({ labels: { kind }, value: count })),
    ),
    gauge(
      "weir_kubernetes_addresses",
      "Addresses that somebody claims, or claimed lately.",
      [],
      () => value(names.sizes().addresses),
    ),
    counter(
      "weir_kubernetes_events_total",
      "What watches said, by kind and event.",
      ["kind", "event"],
      () => ofKinds(names, "event", ({ events }) => events),
    ),
    counter(
      "weir_kubernetes_errors_total",
      "Why watches broke off, by kind.",
      ["kind", "reason"],
      () => ofKinds(names, "reason", ({ errors }) => errors),
    ),
    counter(
      "weir_kubernetes_refused_objects_total",
      "Objects not taken in, by kind.",
      ["kind", "reason"],
      () => ofKinds(names, "reason", ({ refused }) => refused),
    ),
    counter(
      "weir_kubernetes_lists_total",
      "Lists that were begun, the first of a kind included.",
      ["kind"],
      () => [...names.counters.kinds()].map(([kind, { lists }]) => ({ labels: { kind }, value: lists })),
    ),
    counter(
      "weir_kubernetes_unextracted_total",
      "Labels and annotations not taken, by why.",
      ["reason"],
      () => Object.entries(names.counters.unextracted).map(([reason, value]) => ({ labels: { reason }, value })),
    ),
    counter("weir_kubernetes_lookups_total", "Ends of flows, by why they have no name.", ["result"], () => {
      const { named, unnamed } = names.counters;
      return Object.entries({ named, ...unnamed }).map(([result, value]) => ({ labels: { result }, value }));
    }),
  ];
}

function ofKinds(names: ClusterNames, label: string, of: (counts: KindCounts) => Record<string, number>): Series[] {
  return [...names.counters.kinds()].flatMap(([kind, counts]) =>
    Object.entries(of(counts)).map(([name, value]) => ({ labels: { kind, [label]: name }, value }))
  );
}
