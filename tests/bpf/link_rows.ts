/** Link layers, right and wrong. */
import { arp, cut, ethernet, ipv4, ipv6, packet, pad, tcp, udp, vlan } from "../support/packet.ts";
import type { ParseRow } from "./parse_row.ts";

const QINQ = { tpid: 0x88a8 };
const IPV4 = { source: "10.0.0.1", destination: "10.0.0.2" };
/** 47 bytes */
const DATAGRAM = packet(ethernet(), ipv4(), udp(), "hello");

export const LINK_ROWS: ParseRow[] = [
  {
    name: "Ethernet, with both its addresses",
    frame: packet(ethernet({ source: "02:00:00:00:00:0a", destination: "02:00:00:00:00:0b" }), ipv4(), udp()),
    flow: { ...IPV4, sourceMac: "02000000000a", destinationMac: "02000000000b", ethertype: 0x0800 },
  },
  {
    name: "a link header without addresses",
    frame: packet(ethernet(), ipv4(), udp()),
    replay: { withoutMacs: true },
    flow: { ...IPV4, sourceMac: "000000000000", destinationMac: "000000000000" },
  },
  { name: "a VLAN tag", frame: packet(ethernet(), vlan(7), ipv4(), udp()), flow: { vlan: 7, vlanInner: 0 } },
  {
    name: "the largest VLAN id, less its priority",
    frame: packet(ethernet(), vlan(4_095, { priority: 7 }), ipv6(), udp()),
    flow: { vlan: 4_095, ethertype: 0x86dd },
  },
  {
    name: "a priority tag as no VLAN",
    frame: packet(ethernet(), vlan(0, { priority: 5 }), ipv4(), udp()),
    flow: { vlan: 0, vlanInner: 0 },
  },
  {
    name: "QinQ from the outside in",
    frame: packet(ethernet(), vlan(11, QINQ), vlan(13), ipv4(), udp()),
    flow: { vlan: 11, vlanInner: 13 },
  },
  {
    name: "two tags of one kind",
    frame: packet(ethernet(), vlan(11), vlan(13), ipv6(), tcp()),
    flow: { vlan: 11, vlanInner: 13 },
  },
  {
    name: "a priority tag around a VLAN tag",
    frame: packet(ethernet(), vlan(0, QINQ), vlan(13), ipv4(), udp()),
    flow: { vlan: 13, vlanInner: 0 },
  },
  {
    name: "a third tag as something that is not IP",
    frame: packet(ethernet(), vlan(1, QINQ), vlan(2), vlan(3), ipv4(), udp()),
    notIp: 0x8100,
  },
  { name: "ARP as not IP", frame: pad(packet(ethernet(), arp()), 60), notIp: 0x0806 },
  { name: "tagged ARP as not IP", frame: pad(packet(ethernet(), vlan(7), arp()), 64), notIp: 0x0806 },
  { name: "an unknown ethertype", frame: packet(ethernet({ ethertype: 0x88b5 }), 50), notIp: 0x88b5 },
  { name: "LLC: a length for an ethertype", frame: packet(ethernet({ ethertype: 38 }), 50), notIp: 38 },
  { name: "MPLS as not IP", frame: packet(ethernet({ ethertype: 0x8847 }), 50), notIp: 0x8847 },
  {
    name: "13 bytes of an Ethernet header",
    frame: cut(DATAGRAM, 13),
    replay: {},
    malformed: "link_truncated",
  },
  {
    name: "half a VLAN tag",
    frame: cut(packet(ethernet(), vlan(7), ipv4(), udp()), 17),
    replay: {},
    malformed: "link_truncated",
  },
  {
    name: "half a second tag",
    frame: cut(packet(ethernet(), vlan(7, QINQ), vlan(8), ipv4(), udp()), 20),
    replay: {},
    malformed: "link_truncated",
  },
  {
    name: "an Ethernet header that stands for none (raw IP)",
    frame: DATAGRAM,
    replay: { linkBytes: 0, withoutMacs: true, frameBytes: DATAGRAM.length - 14 },
    flow: { ...IPV4, sourcePort: 40_000, destinationPort: 53, bytes: DATAGRAM.length - 14 },
  },
  {
    name: "raw IP of one byte less than it says",
    frame: DATAGRAM,
    replay: { linkBytes: 0, withoutMacs: true, frameBytes: DATAGRAM.length - 15 },
    malformed: "ipv4_total_length",
  },
  {
    name: "an Ethernet header that stands for a longer one (Linux cooked)",
    frame: DATAGRAM,
    replay: { linkBytes: 16, frameBytes: DATAGRAM.length + 2 },
    flow: { ...IPV4, sourcePort: 40_000, destinationPort: 53, bytes: DATAGRAM.length + 2 },
  },
];
