// The hash by which flows are sampled, as the kernel program computes it (bpf/filter.bpf.h): of addresses, ports and
// protocol alone, the same for both directions and on every node with the same seed.

import { Entry } from "./entry";
import { settings } from "./memory_map";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from "./slot";

@inline function mix(value: u64): u64 {
  return (value ^ (value >> 32)) * settings().samplingMix;
}

@inline function hashEnd(address0: u64, address1: u64, port: u32): u64 {
  const s = settings();
  const sum = mix(address0 * s.samplingAddress0 + address1 * s.samplingAddress1 + <u64>port * s.samplingPort);
  return sum ^ (sum >> 29);
}

/** Flows are kept whose hash is less than a threshold. */
export function samplingHash(entry: Entry): u32 {
  const isIcmp = entry.protocol == PROTOCOL_ICMP || entry.protocol == PROTOCOL_ICMPV6;
  const ports: u32 = isIcmp ? 0 : entry.ports;
  const sum = hashEnd(entry.low0, entry.low1, ports & 0xffff) + hashEnd(entry.high0, entry.high1, ports >> 16) +
    <u64>entry.protocol * settings().samplingProtocol;
  return <u32>(mix(sum) >> 32);
}
