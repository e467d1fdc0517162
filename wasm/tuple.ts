// From a slot's one-way key to a flow's two-way identity: which endpoint is the low one, and what joins both
// directions. The result stands in the variables below until the next call: AssemblyScript returns one value, and
// nothing here allocates.

import { KEY_FRAGMENT, PROTOCOL_ICMP, PROTOCOL_ICMPV6, Slot } from "./slot";

/** Part of the identity beside addresses, ports and protocol. */
export const KIND_ONE_WAY: u8 = 1; // an ICMP message that nothing answers: its endpoints keep their order
export const KIND_FRAGMENT: u8 = 2; // fragments without ports
export const KIND_AGGREGATE: u8 = 4; // many flows in one, see overflow.ts

export let low0: u64 = 0;
export let low1: u64 = 0;
export let high0: u64 = 0;
export let high1: u64 = 0;
export let ports: u32 = 0; // the low endpoint's in the low half
export let protocolKindDomain: u64 = 0; // protocol, kind << 8, domain << 32
export let direction: u8 = 0; // of the slot: 0 from low to high

/** An answer's type by its question's and the other way round (the Community ID specification's table); −1: one way. */
function icmpCounterpart(type: u32): i32 {
  switch (type) {
    case 0: return 8; // echo
    case 8: return 0;
    case 9: return 10; // router advertisement, solicitation
    case 10: return 9;
    case 13: return 14; // timestamp
    case 14: return 13;
    case 15: return 16; // information
    case 16: return 15;
    case 17: return 18; // address mask
    case 18: return 17;
    default: return -1;
  }
}

function icmpv6Counterpart(type: u32): i32 {
  switch (type) {
    case 128: return 129; // echo
    case 129: return 128;
    case 130: return 131; // multicast listener
    case 131: return 130;
    case 133: return 134; // router solicitation, advertisement
    case 134: return 133;
    case 135: return 136; // neighbour solicitation, advertisement
    case 136: return 135;
    case 139: return 140; // who are you
    case 140: return 139;
    case 144: return 145; // home agent address
    case 145: return 144;
    default: return -1;
  }
}

/** Whether an ICMP type asks, so that its sender is the initiator. */
export function icmpAsks(protocol: u8, type: u32): bool {
  if (protocol == PROTOCOL_ICMP) return type == 8 || type == 10 || type == 13 || type == 15 || type == 17;
  return type == 128 || type == 130 || type == 133 || type == 135 || type == 139 || type == 144;
}

/** Whether the slot's source is the higher endpoint, by address, then port, as the Community ID orders them. */
@inline function sourceIsHigh(slot: Slot, sourcePort: u32, destinationPort: u32): bool {
  const source0 = bswap<u64>(slot.source0);
  const destination0 = bswap<u64>(slot.destination0);
  if (source0 != destination0) return source0 > destination0;
  const source1 = bswap<u64>(slot.source1);
  const destination1 = bswap<u64>(slot.destination1);
  if (source1 != destination1) return source1 > destination1;
  return sourcePort > destinationPort;
}

/** Fills the variables above from the slot's key. */
export function identify(slot: Slot, domain: u32): void {
  let sourcePort: u32 = slot.sourcePort;
  let destinationPort: u32 = slot.destinationPort;
  const protocol = slot.protocol;
  let kind: u8 = 0;
  if (slot.flags & KEY_FRAGMENT) {
    kind = KIND_FRAGMENT;
  } else if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) {
    const counterpart = protocol == PROTOCOL_ICMP ? icmpCounterpart(sourcePort) : icmpv6Counterpart(sourcePort);
    if (counterpart < 0) kind = KIND_ONE_WAY;
    else destinationPort = counterpart;
  }
  if (!(kind & KIND_ONE_WAY) && sourceIsHigh(slot, sourcePort, destinationPort)) {
    direction = 1;
    low0 = slot.destination0;
    low1 = slot.destination1;
    high0 = slot.source0;
    high1 = slot.source1;
    ports = destinationPort | (sourcePort << 16);
  } else {
    direction = 0;
    low0 = slot.source0;
    low1 = slot.source1;
    high0 = slot.destination0;
    high1 = slot.destination1;
    ports = sourcePort | (destinationPort << 16);
  }
  protocolKindDomain = (<u64>protocol) | ((<u64>kind) << 8) | ((<u64>domain) << 32);
}

/** Puts an aggregate's identity in place: two prefixes and a protocol. */
export function identifyAggregate(
  source0: u64, source1: u64, destination0: u64, destination1: u64, protocol: u8,
): void {
  const swap = bswap<u64>(source0) > bswap<u64>(destination0) ||
    (source0 == destination0 && bswap<u64>(source1) > bswap<u64>(destination1));
  low0 = swap ? destination0 : source0;
  low1 = swap ? destination1 : source1;
  high0 = swap ? source0 : destination0;
  high1 = swap ? source1 : destination1;
  ports = 0;
  direction = swap ? 1 : 0;
  protocolKindDomain = (<u64>protocol) | ((<u64>KIND_AGGREGATE) << 8);
}
