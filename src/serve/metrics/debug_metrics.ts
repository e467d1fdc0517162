/** Figures by interface and of the inside: more series, on request. */
import type { Agent } from "../../agent.ts";
import type { Amount } from "../../books.ts";
import { HOOKS } from "../../flow.ts";
import { counter, gauge, type Metric, type Series, value } from "./metric.ts";

export const DEBUG_METRICS: Metric[] = [
  byInterface(
    "weir_interface_packets_by_interface_total",
    "Packets that the hooks of an interface saw.",
    "packets",
  ),
  byInterface("weir_interface_bytes_by_interface_total", "Bytes that the hooks of an interface saw.", "bytes"),
  gauge(
    "weir_flow_span_store_size",
    "Entries of the table: flows and aggregates.",
    [],
    (agent) => value(agent.stats().flows + agent.stats().aggregates),
  ),
  gauge(
    "weir_table_pool_high",
    "The most entries that there were at once.",
    [],
    (agent) => value(agent.stats().poolHigh),
  ),
  gauge("weir_table_index_buckets", "Buckets of the table's index.", [], (agent) => value(agent.stats().indexBuckets)),
  counter(
    "weir_table_overflowed_total",
    "Times that an aggregate counted instead of a flow.",
    [],
    (agent) => value(agent.stats().overflowed),
  ),
  counter(
    "weir_slots_counted_total",
    "Slots of the kernel that were counted.",
    [],
    (agent) => value(agent.stats().slotsCounted),
  ),
  counter("weir_collector_rounds_total", "Rounds of the collector.", [], (agent) => value(agent.rounds())),
];

function byInterface(name: string, help: string, measure: keyof Amount): Metric {
  const series = (agent: Agent): Series[] =>
    agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined).flatMap(({ device, interfaceId }) => {
      const taken = agent.interfaceTaken(interfaceId);
      return HOOKS.map((hook) => ({
        labels: { interface: device.name, direction: hook },
        value: Number(taken[hook][measure]),
      }));
    });
  return { ...counter(name, help, ["interface", "direction"], series), goesStale: true };
}
