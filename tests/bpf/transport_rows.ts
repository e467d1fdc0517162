/** Transport headers, right and wrong. */
import {
  cut,
  ethernet,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  type Layer,
  packet,
  raw,
  sctp,
  tcp,
  tcpOptions,
  udp,
} from "../support/packet.ts";
import type { ParseRow } from "./parse_row.ts";

const IPV4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const over4 = (...layers: Array<Layer | number>) => packet(ethernet(), ipv4(), ...layers);
const over6 = (...layers: Array<Layer | number>) => packet(ethernet(), ipv6(), ...layers);

export const TRANSPORT_ROWS: ParseRow[] = [
  {
    name: "TCP without options",
    frame: over4(tcp({ source: 1, destination: 65_535, flags: "SAFRPUEC", sequence: 0xffff_ffff }), 9),
    flow: { protocol: 6, sourcePort: 1, destinationPort: 65_535, tcpFlags: 0xff, sequenceFirst: 0xffff_ffff },
  },
  {
    name: "TCP with a SYN's options",
    frame: over6(tcp({ flags: "S", sequence: 41, options: tcpOptions() })),
    flow: { protocol: 6, tcpFlags: 2, sequenceFirst: 41, sequenceNext: 42 },
  },
  {
    name: "TCP with the longest options",
    frame: over4(tcp({ sequence: 41, options: new Uint8Array(40) }), 5),
    flow: { sequenceNext: 46 },
  },
  {
    name: "a TCP header of 16 bytes",
    frame: over4(tcp({ headerWords: 4 }), 32),
    malformed: "tcp_header_length",
  },
  {
    name: "a TCP header longer than its segment",
    frame: over4(tcp({ headerWords: 15 }), 32),
    malformed: "tcp_header_length",
  },
  {
    name: "19 bytes of TCP",
    frame: packet(ethernet(), ipv4({ totalLength: 39 }), tcp(), 32),
    malformed: "transport_truncated",
  },
  {
    name: "a TCP header that a capture cut",
    frame: cut(over4(tcp(), 100), 53),
    replay: { frameBytes: 154 },
    malformed: "transport_truncated",
  },
  {
    name: "TCP options that a capture cut: nothing of them is needed",
    frame: cut(over4(tcp({ options: tcpOptions(), sequence: 41 }), 100), 54),
    replay: { frameBytes: 174 },
    flow: { sequenceNext: 141 },
  },
  {
    name: "UDP, whatever its own length says",
    frame: over4(udp({ source: 123, destination: 321, length: 3 }), 18),
    flow: { protocol: 17, sourcePort: 123, destinationPort: 321 },
  },
  { name: "an empty datagram", frame: over6(udp({ source: 123 })), flow: { protocol: 17, sourcePort: 123 } },
  {
    name: "7 bytes of UDP",
    frame: packet(ethernet(), ipv4({ totalLength: 27 }), udp(), 32),
    malformed: "transport_truncated",
  },
  {
    name: "a UDP header that a capture cut",
    frame: cut(over6(udp(), 100), 61),
    replay: { frameBytes: 162 },
    malformed: "transport_truncated",
  },
  {
    name: "SCTP",
    frame: over4(sctp({ source: 5_000, destination: 6_000 }), 16),
    flow: { protocol: 132, sourcePort: 5_000, destinationPort: 6_000 },
  },
  {
    name: "11 bytes of SCTP",
    frame: packet(ethernet(), ipv6({ payloadLength: 11 }), sctp(), 32),
    malformed: "transport_truncated",
  },
  {
    name: "an SCTP header that a capture cut",
    frame: cut(over4(sctp(), 100), 45),
    replay: { frameBytes: 146 },
    malformed: "transport_truncated",
  },
  {
    name: "ICMP's type and code for ports",
    frame: over4(icmp(3, 4), 28),
    flow: { protocol: 1, sourcePort: 3, destinationPort: 4 },
  },
  {
    name: "ICMPv6's type and code for ports",
    frame: over6(icmp6(135, 0), 20),
    flow: { protocol: 58, sourcePort: 135, destinationPort: 0 },
  },
  {
    name: "3 bytes of ICMP",
    frame: packet(ethernet(), ipv4({ totalLength: 23 }), icmp(8), 32),
    malformed: "transport_truncated",
  },
  {
    name: "an ICMPv6 header that a capture cut",
    frame: cut(over6(icmp6(128), 100), 57),
    replay: { frameBytes: 162 },
    malformed: "transport_truncated",
  },
  { name: "GRE without ports", frame: over4(raw(47, 0, 0, 8, 0), 40), flow: { protocol: 47, sourcePort: 0 } },
  {
    name: "IP in IP by its outer addresses",
    frame: over4(ipv4({ source: "192.0.2.1" }), udp()),
    flow: { ...IPV4, protocol: 4 },
  },
  { name: "IGMP without ports", frame: over4(raw(2, 0x16, 0), 30), flow: { protocol: 2, sourcePort: 0 } },
  { name: "UDP-Lite without ports", frame: over6(raw(136), 30), flow: { protocol: 136, sourcePort: 0 } },
  { name: "an unassigned protocol, empty", frame: over6(raw(255)), flow: { protocol: 255, sourcePort: 0 } },
  {
    name: "an extension header's number in IPv4 as any protocol",
    frame: over4(raw(0), 30),
    flow: { protocol: 0, sourcePort: 0, destinationPort: 0 },
  },
];
