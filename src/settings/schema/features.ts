/** features and sampling: what can be turned on beside flows, and how many of them are kept. */
import { buckets, choice, fraction, group, listOf, quantity, setting, text, whole, yesOrNo } from "./kinds.ts";

const off = (notice: string) => setting("Whether it is on.", yesOrNo(), false, { notice, fixed: false, isLater: true });

export const features = group("What is looked at beside flows.", {
  protocol_detection: group("What is spoken on a connection.", {
    enabled: off("protocols are not detected"),
    protocols: setting("Which are told apart. Empty: all there are.", listOf(text()), []),
  }),
  latency_tracking: group("How long answers take.", {
    enabled: setting("Whether it is on.", yesOrNo(), true, {
      notice: "handshakes are always timed",
      fixed: true,
    }),
    histogram_buckets: choice("Upper bounds of the buckets of its histogram, ms.", buckets(), {
      notice: "there is no histogram of them",
      isLater: true,
    }),
  }),
  security_monitoring: group("What looks like an attack.", {
    enabled: off("nothing is looked for"),
    detect_port_scans: setting("Ports that are tried out.", yesOrNo(), true),
    detect_suspicious_patterns: setting("Other things that are out of the ordinary.", yesOrNo(), true),
  }),
});

export const sampling = group("How many flows are kept.", {
  rate: setting("The part of flows that is kept: 1 all, 0 none.", fraction(), 1),
  keep_failures: setting("Whether flows that failed are all kept: the kernel then counts every flow.", yesOrNo(), true),
  seed: setting("Agents with the same seed keep the same flows.", whole(0, 4_294_967_295), 0),
});

const IN_THE_POD = "weir's memory is bounded by limits; its container's limits are set where it is deployed";

export const resources = group("What weir may take.", {
  memory_limit: choice("Memory.", quantity(), { notice: IN_THE_POD }),
  cpu_limit: choice("CPU.", quantity(), { notice: IN_THE_POD }),
  maps: group("Maps in the kernel.", {
    event_buffer_size: choice("Events on their way to user space.", whole(1, 1_000_000_000), {
      notice: "weir's ring takes only flows that give way to others: limits.ring_bytes",
    }),
  }),
});
