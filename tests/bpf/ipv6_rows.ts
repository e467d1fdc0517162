/** IPv6 headers and their extensions, right and wrong. */
import {
  authentication,
  cut,
  destinationOptions,
  ethernet,
  extension,
  fragment,
  hopByHop,
  icmp6,
  ipv6,
  type Layer,
  packet,
  routing,
  tcp,
  udp,
} from "../support/packet.ts";
import type { ParseRow } from "./parse_row.ts";

const IPV6 = { source: "fd00::1", destination: "fd00::2" };
const FRAGMENT = 2;
const over6 = (...layers: Array<Layer | number>) => packet(ethernet(), ipv6(), ...layers);

export const IPV6_ROWS: ParseRow[] = [
  {
    name: "IPv6, its hop limit, traffic class and flow label",
    frame: packet(ethernet(), ipv6({ ttl: 9, trafficClass: 0xb8, flowLabel: 0xabcde }), udp()),
    flow: { ...IPV6, ttl: 9, trafficClass: 0xb8, flowLabel: 0xabcde },
  },
  {
    name: "an IPv4-mapped address as it stands",
    frame: packet(ethernet(), ipv6({ source: "::ffff:a00:1" }), udp()),
    flow: { source: "10.0.0.1", ethertype: 0x86dd },
  },
  {
    name: "hop-by-hop options",
    frame: over6(hopByHop(), udp({ source: 5 })),
    flow: { protocol: 17, sourcePort: 5 },
  },
  {
    name: "the longest extension header",
    frame: over6(destinationOptions({ headerBytes: 2_048 }), udp({ source: 5 })),
    flow: { protocol: 17, sourcePort: 5 },
  },
  {
    name: "a routing header",
    frame: over6(routing({ headerBytes: 40 }), tcp({ source: 5 })),
    flow: { protocol: 6, sourcePort: 5 },
  },
  {
    name: "an authentication header, counted in words",
    frame: over6(authentication({ headerBytes: 28 }), tcp({ source: 5 })),
    flow: { protocol: 6, sourcePort: 5 },
  },
  {
    name: "a mobility header with nothing behind it",
    frame: over6(extension(135, { next: 59 })),
    flow: { protocol: 59, sourcePort: 0 },
  },
  { name: "a host identity header", frame: over6(extension(139), udp()), flow: { protocol: 17, sourcePort: 40_000 } },
  { name: "a shim6 header", frame: over6(extension(140), udp()), flow: { protocol: 17, sourcePort: 40_000 } },
  {
    name: "every kind of extension header in one packet",
    frame: over6(
      hopByHop(),
      destinationOptions(),
      routing(),
      fragment({ more: true }),
      authentication(),
      extension(139),
      extension(140),
      extension(135),
      icmp6(128),
    ),
    flow: { protocol: 58, sourcePort: 128, flags: 0 },
  },
  {
    name: "eight extension headers",
    frame: over6(...Array.from({ length: 8 }, () => destinationOptions()), udp({ source: 5 })),
    flow: { protocol: 17, sourcePort: 5 },
  },
  {
    name: "nine extension headers as a flow without ports",
    frame: over6(...Array.from({ length: 9 }, () => destinationOptions()), udp({ source: 5 })),
    flow: { protocol: 60, sourcePort: 0 },
  },
  {
    name: "a whole packet behind a fragment header (RFC 6946)",
    frame: over6(fragment(), udp({ source: 5 })),
    flow: { protocol: 17, sourcePort: 5, flags: 0 },
  },
  {
    name: "a first fragment with its ports",
    frame: over6(fragment({ more: true }), udp({ source: 5 }), 64),
    flow: { protocol: 17, sourcePort: 5, flags: 0 },
  },
  {
    name: "a later fragment without ports",
    frame: over6(fragment({ offset: 1, next: 17 }), 64),
    flow: { protocol: 17, sourcePort: 0, destinationPort: 0, flags: FRAGMENT },
  },
  {
    name: "a later fragment whose first bytes would be an extension header",
    frame: over6(fragment({ offset: 0x1fff, more: true, next: 60 }), 64),
    flow: { protocol: 60, sourcePort: 0, flags: FRAGMENT },
  },
  { name: "no next header", frame: packet(ethernet(), ipv6({ protocol: 59 }), 20), flow: { protocol: 59 } },
  { name: "ESP, which hides its ports", frame: packet(ethernet(), ipv6({ protocol: 50 }), 40), flow: { protocol: 50 } },
  {
    name: "a jumbogram, whose payload length is 0",
    frame: packet(ethernet(), ipv6({ payloadLength: 0 }), hopByHop(), tcp({ sequence: 100 }), 1_000),
    flow: { protocol: 6, sequenceNext: 1_100 },
  },
  {
    name: "a payload length of 0 in a capture of segments to be made",
    frame: packet(ethernet(), ipv6({ payloadLength: 0 }), tcp({ sequence: 100 }), 10),
    replay: { frameBytes: 100_074 },
    flow: { protocol: 6, sequenceNext: 100_100, bytes: 100_074 },
  },
  {
    name: "padding behind a packet",
    frame: packet(ethernet(), ipv6({ payloadLength: 8 }), udp(), 6),
    flow: { protocol: 17, sourcePort: 40_000 },
  },
  {
    name: "another version behind IPv6's ethertype",
    frame: packet(ethernet(), ipv6({ version: 4 }), udp()),
    malformed: "ip_version",
  },
  {
    name: "a payload length of one byte more than there is",
    frame: packet(ethernet(), ipv6({ payloadLength: 8 + 33 }), udp(), 32),
    malformed: "ipv6_payload_length",
  },
  {
    name: "53 bytes of an Ethernet and an IPv6 header",
    frame: cut(over6(udp()), 53),
    replay: {},
    malformed: "ipv6_truncated",
  },
  {
    name: "an extension header of 7 bytes",
    frame: packet(ethernet(), ipv6({ protocol: 0, payloadLength: 7 }), 32),
    malformed: "ipv6_extension_truncated",
  },
  {
    name: "an extension header longer than the packet",
    frame: over6(hopByHop({ length: 3 }), udp(), 8),
    malformed: "ipv6_extension_truncated",
  },
  {
    name: "an authentication header longer than the packet",
    frame: over6(authentication({ length: 255 }), tcp()),
    malformed: "ipv6_extension_truncated",
  },
  {
    name: "a second extension header that is not there",
    frame: over6(hopByHop({ next: 60 })),
    malformed: "ipv6_extension_truncated",
  },
  {
    name: "an extension header that a capture cut",
    frame: cut(over6(hopByHop(), udp()), 58),
    replay: { frameBytes: 70 },
    malformed: "ipv6_extension_truncated",
  },
];
