/** IPv4 headers, right and wrong. */
import { cut, ethernet, ipv4, ipv6, packet, pad, tcp, udp } from "../support/packet.ts";
import type { ParseRow } from "./parse_row.ts";

const IPV4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const FRAGMENT = 2;
/** 47 bytes */
const DATAGRAM = packet(ethernet(), ipv4(), udp(), "hello");

export const IPV4_ROWS: ParseRow[] = [
  {
    name: "IPv4, its TTL and its DSCP and ECN",
    frame: packet(ethernet(), ipv4({ ttl: 7, trafficClass: 0xb9 }), udp()),
    flow: { ...IPV4, ttl: 7, trafficClass: 0xb9, flowLabel: 0, flags: 0 },
  },
  {
    name: "the shortest options",
    frame: packet(ethernet(), ipv4({ options: new Uint8Array(4) }), udp({ source: 5, destination: 6 })),
    flow: { sourcePort: 5, destinationPort: 6 },
  },
  {
    name: "the longest options",
    frame: packet(ethernet(), ipv4({ options: new Uint8Array(40).fill(1) }), tcp({ source: 5, destination: 6 })),
    flow: { sourcePort: 5, destinationPort: 6 },
  },
  {
    name: "Ethernet's padding as no part of the packet",
    frame: pad(packet(ethernet(), ipv4(), tcp({ sequence: 100 })), 64),
    flow: { sequenceNext: 100, bytes: 64 },
  },
  {
    name: "don't-fragment as no fragment",
    frame: packet(ethernet(), ipv4({ dontFragment: true }), udp()),
    flow: { flags: 0, sourcePort: 40_000 },
  },
  {
    name: "a first fragment with its ports",
    frame: packet(ethernet(), ipv4({ moreFragments: true }), udp({ length: 3_000 }), 64),
    flow: { flags: 0, sourcePort: 40_000, destinationPort: 53 },
  },
  {
    name: "a later fragment without ports, whatever its bytes look like",
    frame: packet(ethernet(), ipv4({ fragmentOffset: 185, protocol: 17 }), 64),
    flow: { flags: FRAGMENT, protocol: 17, sourcePort: 0, destinationPort: 0 },
  },
  {
    name: "the last possible fragment of a TCP segment without flags",
    frame: packet(ethernet(), ipv4({ fragmentOffset: 0x1fff, moreFragments: true, protocol: 6 }), 64),
    flow: { flags: FRAGMENT, protocol: 6, tcpFlags: 0, sequenceFirst: 0 },
  },
  {
    name: "an empty fragment",
    frame: packet(ethernet(), ipv4({ fragmentOffset: 1, protocol: 1 })),
    flow: { flags: FRAGMENT, protocol: 1 },
  },
  {
    name: "another version behind IPv4's ethertype",
    frame: packet(ethernet(), ipv4({ version: 5 }), udp()),
    malformed: "ip_version",
  },
  {
    name: "IPv6 behind IPv4's ethertype",
    frame: packet(ethernet({ ethertype: 0x0800 }), ipv6(), udp()),
    malformed: "ip_version",
  },
  {
    name: "a header of 16 bytes",
    frame: packet(ethernet(), ipv4({ headerWords: 4 }), udp()),
    malformed: "ipv4_header_length",
  },
  {
    name: "a header of no bytes",
    frame: packet(ethernet(), ipv4({ headerWords: 0 }), udp()),
    malformed: "ipv4_header_length",
  },
  {
    name: "a total length shorter than the header",
    frame: packet(ethernet(), ipv4({ totalLength: 19 }), udp()),
    malformed: "ipv4_total_length",
  },
  {
    name: "options beyond the total length",
    frame: packet(ethernet(), ipv4({ headerWords: 15, totalLength: 40 }), udp(), 64),
    malformed: "ipv4_total_length",
  },
  {
    name: "a total length of one byte more than there is",
    frame: packet(ethernet(), ipv4({ totalLength: 20 + 8 + 65 }), udp(), 64),
    malformed: "ipv4_total_length",
  },
  {
    name: "a total length of exactly the header",
    frame: packet(ethernet(), ipv4({ totalLength: 20, protocol: 253 }), 64),
    flow: { protocol: 253 },
  },
  {
    name: "33 bytes of an Ethernet and an IPv4 header",
    frame: cut(DATAGRAM, 33),
    replay: {},
    malformed: "ipv4_truncated",
  },
  {
    name: "no byte behind the Ethernet header",
    frame: cut(DATAGRAM, 14),
    replay: {},
    malformed: "ipv4_truncated",
  },
  {
    name: "a total length of 0 in a capture of segments to be made",
    frame: packet(ethernet(), ipv4({ totalLength: 0 }), tcp({ sequence: 100 }), 50),
    replay: { frameBytes: 80_054 },
    flow: { sequenceFirst: 100, sequenceNext: 80_100, bytes: 80_054 },
  },
  {
    name: "a frame cut to its headers, with its true length kept",
    frame: cut(packet(ethernet(), ipv4(), tcp({ sequence: 100 }), 1_000), 54),
    replay: { frameBytes: 1_054 },
    flow: { sequenceNext: 1_100, bytes: 1_054 },
  },
];
