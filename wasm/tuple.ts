// From a slot's one-way key to a flow's two-way identity: which endpoint is the low one, and what joins both
// directions.

import { rehash, Sighting } from "./sighting";
import { KEY_FRAGMENT, PROTOCOL_ICMP, PROTOCOL_ICMPV6, Slot } from "./slot";

/** Part of the identity beside addresses, ports and protocol. */
export const KIND_ONE_WAY: u8 = 1; // an ICMP message that nothing answers: its endpoints keep their order
export const KIND_FRAGMENT: u8 = 2; // fragments without ports
export const KIND_AGGREGATE: u8 = 4; // many flows in one, see overflow.ts

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

/**
 * Whether the slot's source is the higher endpoint, by address, then port, as the Community ID orders them: 1 or 0.
 * Either is as likely, so nothing here branches on it.
 */
@inline function sourceIsHigh(slot: Slot, source: v128, destination: v128, ports: u32): u32 {
  const differ = ~i8x16.bitmask(i8x16.eq(source, destination)) & 0xffff;
  if (!differ) return u32((ports & 0xffff) > (ports >> 16));
  const at = changetype<usize>(slot) + <usize>ctz<i32>(differ);
  return u32(load<u8>(at, offsetof<Slot>("source0")) > load<u8>(at, offsetof<Slot>("destination0")));
}

/** Fills the sighting's identity from the slot's key. Its domain stands there already. */
@inline export function identify(slot: Slot, sighting: Sighting, keyWord: u64): void {
  const from = changetype<usize>(slot);
  const to = changetype<usize>(sighting);
  const protocol = <u8>(keyWord >> 32);
  let ports = <u32>keyWord;
  let kind: u32 = 0;
  if (<u8>(keyWord >> 40) & KEY_FRAGMENT) {
    kind = KIND_FRAGMENT;
  } else if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) {
    const type = ports & 0xffff;
    const counterpart = protocol == PROTOCOL_ICMP ? icmpCounterpart(type) : icmpv6Counterpart(type);
    if (counterpart < 0) kind = KIND_ONE_WAY;
    else ports = type | (<u32>counterpart << 16);
  }
  const source = v128.load(from, offsetof<Slot>("source0"));
  const destination = v128.load(from, offsetof<Slot>("destination0"));
  const high: u32 = kind & KIND_ONE_WAY ? 0 : sourceIsHigh(slot, source, destination, ports);
  const swap = i64x2.splat(0 - <i64>high);
  v128.store(to, v128.bitselect(destination, source, swap), offsetof<Sighting>("low0"));
  v128.store(to, v128.bitselect(source, destination, swap), offsetof<Sighting>("high0"));
  sighting.portsDomain = <u64>rotl<u32>(ports, high << 4) | ((<u64>sighting.domain) << 32);
  sighting.protocolKind = <u16>(<u32>protocol | (kind << 8));
  sighting.direction = <u8>high;
}

/** Puts an aggregate's identity in the sighting's place: two prefixes and a protocol. */
export function identifyAggregate(
  sighting: Sighting, source0: u64, source1: u64, destination0: u64, destination1: u64, protocol: u8,
): void {
  const swap = bswap<u64>(source0) > bswap<u64>(destination0) ||
    (source0 == destination0 && bswap<u64>(source1) > bswap<u64>(destination1));
  sighting.low0 = swap ? destination0 : source0;
  sighting.low1 = swap ? destination1 : source1;
  sighting.high0 = swap ? source0 : destination0;
  sighting.high1 = swap ? source1 : destination1;
  sighting.portsDomain = 0;
  sighting.direction = swap ? 1 : 0;
  sighting.protocolKind = <u16>(<u32>protocol | (<u32>KIND_AGGREGATE << 8));
  rehash(sighting);
}
