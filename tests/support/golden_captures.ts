/**
 * The captures of tests/golden, made here from nothing but their description. tests/verbs/replay_golden_test.ts replays
 * them and compares; WEIR_UPDATE_GOLDEN=1 writes them, and what comes out, anew.
 */
import {
  arp,
  authentication,
  type Bytes,
  concat,
  cut,
  destinationOptions,
  ethernet,
  fragment,
  gre,
  hopByHop,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  type Layer,
  packet,
  type Payload,
  raw,
  sctp,
  tcp,
  type TcpOptions,
  tcpOptions,
  udp,
  vlan,
  vxlan,
} from "./packet.ts";
import { LINK_TYPE, pcapFile, pcapngFile, type WrittenFrame } from "./pcap_writer.ts";

/** 2023-11-14T22:13:20Z */
export const START_NS = 1_700_000_000_000_000_000n;
const MS_NS = 1_000_000n;

/** Frames at so many ms after the start. */
type Timed = [atMs: number, data: Bytes];

function written(frames: readonly Timed[]): WrittenFrame[] {
  return frames.map(([atMs, data]) => ({ timeNs: START_NS + BigInt(Math.round(atMs * 1e6)), data }));
}

/** Both ends of a conversation: what goes in front of a transport header in each direction. */
export interface Path {
  out: Layer[];
  back: Layer[];
}

const CLIENT_MAC = "02:00:00:00:00:0c";
const SERVER_MAC = "02:00:00:00:00:05";
const THERE = ethernet({ source: CLIENT_MAC, destination: SERVER_MAC });
const BACK = ethernet({ source: SERVER_MAC, destination: CLIENT_MAC });

/** link: what stands in front of IP, out and back. */
export function path4(client: string, server: string, link: Path = { out: [THERE], back: [BACK] }): Path {
  return {
    out: [...link.out, ipv4({ source: client, destination: server })],
    back: [...link.back, ipv4({ source: server, destination: client, ttl: 57 })],
  };
}

export function path6(client: string, server: string, link: Path = { out: [THERE], back: [BACK] }): Path {
  return {
    out: [...link.out, ipv6({ source: client, destination: server, flowLabel: 0x12345 })],
    back: [...link.back, ipv6({ source: server, destination: client, ttl: 57, flowLabel: 0x54321 })],
  };
}

/** Handshake, a request that is sent twice, an answer in three parts, and both ends' farewell. */
export function tcpSession(path: Path, port = 40_001, atMs = 0): Timed[] {
  const client = (flags: string, sequence: number, acknowledgment: number, ...more: Array<Layer | Payload>) =>
    packet(...path.out, segment({ source: port, destination: 443, flags, sequence, acknowledgment }), ...more);
  const server = (flags: string, sequence: number, acknowledgment: number, ...more: Array<Layer | Payload>) =>
    packet(...path.back, segment({ source: 443, destination: port, flags, sequence, acknowledgment }), ...more);
  const frames: Timed[] = [
    [0, client("S", 1_000, 0)],
    [12, server("SA", 9_000, 1_001)],
    [12.5, client("A", 1_001, 9_001)],
    [13, client("PA", 1_001, 9_001, 211)],
    [260, client("PA", 1_001, 9_001, 211)],
    [272, server("A", 9_001, 1_212)],
    [280, server("A", 9_001, 1_212, 1_400)],
    [280.1, server("A", 10_401, 1_212, 1_400)],
    [280.2, server("PA", 11_801, 1_212, 77)],
    [281, client("A", 1_212, 11_878)],
    [300, client("FA", 1_212, 11_878)],
    [312, server("FA", 11_878, 1_213)],
    [312.5, client("A", 1_213, 11_879)],
  ];
  return frames.map(([offsetMs, data]) => [atMs + offsetMs, data]);
}

function segment(options: TcpOptions): Layer {
  return tcp(options.flags?.includes("S") ? { ...options, options: tcpOptions() } : options);
}

export function udpExchange(path: Path, atMs = 0, port = 53): Timed[] {
  return [
    [atMs, packet(...path.out, udp({ source: 50_001, destination: port }), 33)],
    [atMs + 4, packet(...path.back, udp({ source: port, destination: 50_001 }), 91)],
  ];
}

export function pings(path: Path, version: 4 | 6, atMs = 0): Timed[] {
  const ping = version === 4 ? icmp : icmp6;
  const [ask, answer] = version === 4 ? [8, 0] : [128, 129];
  return [1, 2, 3].flatMap((n): Timed[] => [
    [atMs + n * 1_000, packet(...path.out, ping(ask!, 0, 7, n), 56)],
    [atMs + n * 1_000 + 3, packet(...path.back, ping(answer!, 0, 7, n), 56)],
  ]);
}

export function sctpExchange(path: Path, atMs = 0): Timed[] {
  return [
    [atMs, packet(...path.out, sctp({ source: 38_412, destination: 38_413 }), 20)],
    [atMs + 9, packet(...path.back, sctp({ source: 38_413, destination: 38_412 }), 24)],
  ];
}

function taggedPath(...tags: Layer[]): Path {
  return { out: [THERE, ...tags], back: [BACK, ...tags] };
}

const V4 = path4("10.1.0.7", "192.0.2.5");
const V6 = path6("2001:db8:1::7", "2001:db8:2::5");

function ipv6Frames(): Timed[] {
  const asks = ipv6({ source: "fe80::1", destination: "fe80::2" });
  const answers = ipv6({ source: "fe80::2", destination: "fe80::1" });
  return [
    ...tcpSession(V6),
    ...udpExchange(V6, 500),
    ...pings(V6, 6, 1_000),
    [5_000, packet(THERE, asks, icmp6(135), 20)],
    [5_001, packet(BACK, answers, icmp6(136), 20)],
    [5_002, packet(BACK, answers, icmp6(135), 20)],
    [6_000, packet(...V6.out, hopByHop(), destinationOptions(), udp({ destination: 5_000 }), 40)],
    [6_001, packet(...V6.out, authentication(), tcp({ flags: "S", destination: 8_080 }))],
    [6_002, packet(...V6.out, icmp6(1, 4), 48)],
  ];
}

function fragmentFrames(): Timed[] {
  const v4 = { source: "10.1.0.7", destination: "192.0.2.5", identification: 77 };
  const v6 = ipv6({ source: "2001:db8:1::7", destination: "2001:db8:2::5" });
  const middle = raw(17);
  return [
    [0, packet(THERE, ipv4({ ...v4, moreFragments: true }), udp({ destination: 7_001, length: 3_008 }), 1_472)],
    [1, packet(THERE, ipv4({ ...v4, moreFragments: true, fragmentOffset: 185 }), middle, 1_480)],
    [2, packet(THERE, ipv4({ ...v4, fragmentOffset: 370 }), middle, 48)],
    [10, packet(THERE, v6, fragment({ more: true }), udp({ destination: 7_001, length: 2_008 }), 1_440)],
    [11, packet(THERE, v6, fragment({ offset: 181, next: 17 }), 560)],
  ];
}

function tunnelFrames(): Timed[] {
  const inner4 = [ipv4({ source: "172.16.0.1", destination: "172.16.0.2" }), udp(), 64] as const;
  const inner6 = [ipv6({ source: "fd00::1", destination: "fd00::2" }), udp(), 64] as const;
  return [
    [0, packet(...V4.out, ...inner4)],
    [1, packet(...V4.out, ...inner6)],
    [2, packet(...V4.out, gre({ key: true }), ...inner4)],
    [3, packet(...V6.out, gre(), ...inner4)],
    [4, packet(...V6.out, ...inner6)],
    [5, packet(...V4.out, udp({ destination: 4_789 }), vxlan(7), ethernet(), ...inner4)],
    [6, packet(...V4.out, raw(50, 0, 0, 0, 1, 0, 0, 0, 1), 64)],
    [7, packet(...V4.back, raw(50, 0, 0, 0, 2, 0, 0, 0, 1), 64)],
    [8, packet(...V4.out, raw(89), 44)],
  ];
}

/** What timeouts end, what goes on too long, silences, and frames that come late or after the clock was set. */
function timeFrames(): WrittenFrame[] {
  const client = path4("10.1.0.8", "192.0.2.6");
  const steady = Array.from(
    { length: 30 },
    (_, i): Timed => [i * 5_000, packet(...client.out, udp({ source: 50_007, destination: 123 }), 48)],
  );
  const hour = 3_600_000;
  const frames: Timed[] = [
    ...steady,
    ...tcpSession(V4, 40_001, 2_000),
    ...pings(V4, 4, 8_000),
    // silent for longer than its timeout, then on: two spans of one connection's ports
    ...tcpSession(V4, 40_002, 20_000).slice(0, 4),
    [70_000, packet(...V4.out, tcp({ source: 40_002, destination: 443, flags: "PA", sequence: 1_212 }), 11)],
    ...tcpSession(V4, 40_003, hour),
    ...udpExchange(V4, 400 * 24 * hour),
  ];
  frames.sort(([a], [b]) => a - b);
  const late: Timed[] = [
    [400 * 24 * hour + 3, packet(...V4.out, udp({ source: 50_002 }), 5)],
    [hour, packet(...V4.out, udp({ source: 50_003 }), 5)],
    [hour + 7_000, packet(...V4.out, udp({ source: 50_003 }), 7)],
  ];
  return written([...frames, ...late]);
}

/** Frames that make no flow: counted, and listed. And frames that are cut, or longer than the program can be given. */
function strayFrames(): WrittenFrame[] {
  const whole = packet(...V4.out, udp({ source: 50_009 }), 1_000);
  const jumbo = packet(...V4.out, tcp({ source: 40_009, flags: "PA" }), 8_900);
  return [
    ...written([
      [0, packet(THERE, arp())],
      [1, packet(ethernet({ ethertype: 0x88cc }), 60)],
      [2, cut(packet(...V4.out, udp()), 30)],
      [3, cut(packet(...V4.out, udp()), 10)],
      [4, packet(THERE, ipv4({ headerWords: 3 }), udp(), 20)],
      [5, packet(...V4.out, tcp({ headerWords: 2 }), 20)],
      [6, new Uint8Array(0)],
    ]),
    { timeNs: START_NS + 10n * MS_NS, data: cut(whole, 96), frameBytes: whole.length },
    { timeNs: START_NS + 11n * MS_NS, data: cut(whole, 34), frameBytes: whole.length },
    { timeNs: START_NS + 12n * MS_NS, data: jumbo },
    { timeNs: START_NS + 13n * MS_NS, data: cut(jumbo, 128), frameBytes: 65_226 },
  ];
}

/** Two devices of which one is a bridge's port, named, in two sections of different byte order, with directions. */
function interfacesFile(): Bytes {
  const session = written(tcpSession(V4)).map((frame, i) => ({ ...frame, interface: i % 2, outgoing: i % 2 === 0 }));
  const dns = written(udpExchange(V6, 1_000)).map((frame, i) => ({ ...frame, outgoing: i === 0 }));
  return concat(
    pcapngFile(session, { interfaces: [{ name: "eth0" }, { name: "br0", resolution: 9 }] }),
    pcapngFile(dns, { interfaces: [{ name: "eth0", resolution: 0x80 | 20 }], bigEndian: true }),
  );
}

/** By file name. */
export const GOLDEN_CAPTURES: Record<string, () => Bytes> = {
  "tcp_session.pcap": () => pcapFile(written(tcpSession(V4))),
  "udp.pcap": () => pcapFile(written([...udpExchange(V4), ...udpExchange(V4, 2_000)])),
  "icmp.pcap": () =>
    pcapFile(
      written([...pings(V4, 4), [5_000, packet(...V4.back, icmp(3, 3), 28)], [6_000, packet(...V4.out, icmp(13))]]),
    ),
  "ipv6.pcap": () => pcapFile(written(ipv6Frames())),
  "vlan.pcap": () =>
    pcapFile(written([
      ...tcpSession(path4("10.1.0.7", "192.0.2.5", taggedPath(vlan(100)))),
      ...udpExchange(path6("2001:db8:1::7", "2001:db8:2::5", taggedPath(vlan(200, { tpid: 0x88a8 }), vlan(7))), 1_000),
      ...udpExchange(V4, 2_000),
    ])),
  "sctp.pcap": () => pcapFile(written([...sctpExchange(V4), ...sctpExchange(V6, 100)])),
  "fragments.pcap": () => pcapFile(written(fragmentFrames())),
  "tunnels.pcap": () => pcapFile(written(tunnelFrames())),
  "big_endian_ns.pcap": () =>
    pcapFile(
      written(tcpSession(V4)).map((frame, i) => ({ ...frame, timeNs: frame.timeNs + BigInt(i) })),
      { bigEndian: true, nanoseconds: true },
    ),
  "interfaces.pcapng": interfacesFile,
  "times.pcap": () => pcapFile(timeFrames()),
  "strays.pcap": () => pcapFile(strayFrames()),
  "raw_ip.pcap": () =>
    pcapFile(
      written([...tcpSession({ out: V4.out.slice(1), back: V4.back.slice(1) }), ...pings(V6, 6)])
        .map((frame, i) => i < 13 ? frame : { ...frame, data: frame.data.slice(14) }),
      { linkType: LINK_TYPE.raw },
    ),
};

export { written };
