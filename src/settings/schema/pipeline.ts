/** pipeline, parser and limits: how much of everything there is. */
import * as v from "valibot";
import { AGGREGATES_MAX, FLOWS_MAX_DEFAULT, FLOWS_MAX_MOST, RING_BYTES_DEFAULT, SLOTS_DEFAULT } from "../../limits.ts";
import { accepted, group, port, setting, whole } from "./kinds.ts";

const ONE_THREAD = "weir counts in one thread of its own and has no workers";
const NO_CHANNELS = "records wait in shared memory, and a full one makes them longer, never fewer";

export const pipeline = group("Stages of another agent. Has no effect.", {
  flow_capture: group("Its kernel side.", {
    flow_stats_capacity: accepted("the kernel only adds up; flows are held in the table: limits.flows_max"),
    flow_events_capacity: accepted("weir's ring takes only flows that give way to others: limits.ring_bytes"),
  }),
  flow_producer: group("Its flows.", {
    workers: accepted(ONE_THREAD),
    worker_queue_capacity: accepted(ONE_THREAD),
    flow_store_poll_interval: accepted("weir looks when there is something to see, twice a second at most"),
    flow_span_queue_capacity: accepted(NO_CHANNELS),
  }),
  k8s_decorator: group("Its names.", {
    threads: accepted(ONE_THREAD),
    decorated_span_queue_capacity: accepted(NO_CHANNELS),
  }),
  sampling_enabled: accepted("sampling.rate says how many flows are kept"),
  sampling_min_rate: accepted("sampling.rate says how many flows are kept"),
  backpressure_warning_threshold: accepted("weir's books say what each receiver lost"),
});

export const performance = group("Stages of another agent. Has no effect.", {
  workers: accepted(ONE_THREAD),
  buffer_size: accepted("weir's ring takes only flows that give way to others: limits.ring_bytes"),
});

const usualPort = (what: string, standard: number) =>
  setting(`The UDP port of ${what}.`, port(), standard, {
    notice: "tunnels are known by their usual ports",
    fixed: standard,
    isLater: true,
  });
const ALWAYS_READ = "IPv6's extension headers are always read";

export const parser = group("How packets are read.", {
  vxlan_port: usualPort("VXLAN", 4789),
  geneve_port: usualPort("Geneve", 6081),
  wireguard_port: usualPort("WireGuard", 51820),
  max_header_depth: accepted("how deep headers are read is a constant of the kernel program"),
  parse_ipv6_hopopt: accepted(ALWAYS_READ, { fixed: true }),
  parse_ipv6_fragment: accepted(ALWAYS_READ, { fixed: true }),
  parse_ipv6_routing: accepted(ALWAYS_READ, { fixed: true }),
  parse_ipv6_dest_opts: accepted(ALWAYS_READ, { fixed: true }),
});

export const limits = group("How much weir holds.", {
  flows_max: setting(
    "Flows held at once; beyond, new ones are counted in aggregates.",
    whole(1, FLOWS_MAX_MOST),
    FLOWS_MAX_DEFAULT,
  ),
  aggregates_max: setting("Aggregates by prefix that stand in for flows beyond.", whole(0, 65_536), AGGREGATES_MAX),
  slots: setting(
    "Flows that the kernel adds up at once, all CPUs together, 192 bytes each.",
    whole(512, 4_194_304),
    SLOTS_DEFAULT,
  ),
  ring_bytes: setting(
    "The ring that evicted slots wait in: a power of two.",
    v.pipe(
      whole(65_536, 1_073_741_824),
      v.check((bytes) => Number.isInteger(Math.log2(bytes)), "must be a power of two"),
    ),
    RING_BYTES_DEFAULT,
  ),
});
