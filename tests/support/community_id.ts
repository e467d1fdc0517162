/** Community ID v1 by its public specification, written apart from the table's. */
import { createHash } from "node:crypto";
import { address } from "./packet.ts";

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const SCTP = 132;

/** Types that ask and types that answer. Any other is one way. */
const ICMP_PAIRS = [[8, 0], [13, 14], [15, 16], [17, 18], [10, 9]];
const ICMPV6_PAIRS = [[128, 129], [133, 134], [135, 136], [130, 131], [139, 140], [144, 145]];

/** ports: source and destination; type and code for ICMP; none where the packet tells none. */
export function communityId(
  seed: number,
  protocol: number,
  source: string,
  destination: string,
  ports?: readonly [number, number],
): string {
  const pairs = protocol === ICMP ? ICMP_PAIRS : protocol === ICMPV6 ? ICMPV6_PAIRS : undefined;
  const pair = pairs?.find((pair) => ports && pair.includes(ports[0]));
  const isOneWay = pairs !== undefined && pair === undefined;
  const hasPorts = ports !== undefined && (pairs !== undefined || [TCP, UDP, SCTP].includes(protocol));
  const [from, to] = ports ?? [0, 0];
  const first = { address: address(source), port: from };
  const second = { address: address(destination), port: pair ? pair.find((type) => type !== from)! : to };
  const order = compare(first.address, second.address) || (hasPorts ? first.port - second.port : 0);
  const [low, high] = isOneWay || order <= 0 ? [first, second] : [second, first];
  const hash = createHash("sha1").update(word(seed)).update(low.address).update(high.address);
  hash.update(Uint8Array.of(protocol, 0));
  if (hasPorts) hash.update(word(low.port)).update(word(high.port));
  return `1:${hash.digest("base64")}`;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
