// Community ID v1 (Corelight's specification): the digest of a flow's tuple that other tools compute, too.

import { Entry } from "./entry";
import { settings } from "./memory_map";
import { sha1 } from "./sha1";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from "./slot";
import { KIND_FRAGMENT } from "./tuple";

const MESSAGE: usize = memory.data(64);
const MAPPED_HIGH: u64 = 0xffff0000; // bytes 8 to 11 of ::ffff:0:0/96, as the second word's low half

/** Whether both addresses are IPv4, mapped. */
@inline export function isIpv4(entry: Entry): bool {
  return entry.low0 == 0 && (entry.low1 & 0xffffffff) == MAPPED_HIGH && entry.high0 == 0 &&
    (entry.high1 & 0xffffffff) == MAPPED_HIGH;
}

function hasPorts(entry: Entry): bool {
  if (entry.kind & KIND_FRAGMENT) return false;
  switch (entry.protocol) {
    case PROTOCOL_ICMP:
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_ICMPV6:
    case PROTOCOL_SCTP:
      return true;
    default:
      return false;
  }
}

/** Writes the 20-byte digest; its text is "1:" and base64. Endpoints stand in the entry in the order that it wants. */
export function communityId(entry: Entry, digest: usize): void {
  let length: u32 = 2;
  store<u16>(MESSAGE, bswap<u16>(<u16>settings().communityIdSeed));
  if (isIpv4(entry)) {
    store<u32>(MESSAGE + 2, <u32>(entry.low1 >> 32));
    store<u32>(MESSAGE + 6, <u32>(entry.high1 >> 32));
    length += 8;
  } else {
    store<u64>(MESSAGE + 2, entry.low0);
    store<u64>(MESSAGE + 10, entry.low1);
    store<u64>(MESSAGE + 18, entry.high0);
    store<u64>(MESSAGE + 26, entry.high1);
    length += 32;
  }
  store<u8>(MESSAGE + length, entry.protocol);
  store<u8>(MESSAGE + length + 1, 0);
  length += 2;
  if (hasPorts(entry)) {
    store<u16>(MESSAGE + length, bswap<u16>(<u16>entry.ports));
    store<u16>(MESSAGE + length + 2, bswap<u16>(<u16>(entry.ports >> 16)));
    length += 4;
  }
  sha1(MESSAGE, length, digest);
}
