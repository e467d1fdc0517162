/** The lines of a packet trace, as they come. */
import { MALFORMED } from "../collect/mod.ts";
import { protocolName, tcpFlagNames } from "../names.ts";
import { protocolNumber } from "../protocol_number.ts";
import type { TraceEnd, TraceLine } from "../serve/trace_stream.ts";
import type { PacketTraceOptions } from "./packet_trace.ts";
import { readAgent } from "./socket.ts";
import { StopSignal } from "./stop_signal.ts";

const ICMP = new Set([1, 58]);
const TCP = 6;
const NOT_IP = 16;

/** Shows packets until the trace ends or the user ends it. */
export async function showPackets(options: PacketTraceOptions): Promise<void> {
  const stop = new AbortController();
  using signal = new StopSignal("SIGINT", "SIGTERM");
  signal.caught.then(() => stop.abort());
  let shown = 0;
  let end: TraceEnd | undefined;
  for await (const line of linesOf(readAgent(options.socket, pathOf(options), { signal: stop.signal }))) {
    const said = JSON.parse(line) as TraceLine | TraceEnd;
    if ("end" in said) {
      end = said;
    } else {
      shown++;
      console.log(options.json ? line : packetText(said));
    }
  }
  console.error(end ? endText(end) : `${shown} packets shown, then ended`);
}

function pathOf(
  { interface: patterns = [], protocol, address, port, count, duration, rate }: PacketTraceOptions,
): string {
  const query = new URLSearchParams(patterns.map((pattern) => ["interface", pattern]));
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) query.set(name, `${value}`);
  };
  add("protocol", protocol === undefined ? undefined : protocolNumber(protocol));
  add("address", address);
  add("port", port);
  add("count", count);
  add("duration_ms", duration);
  add("rate", rate);
  return `/debug/packet-trace?${query}`;
}

async function* linesOf(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of parts) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** "14:03:22.123456 eth0 in tcp 10.0.0.1:443 > 10.0.0.2:55000 SYN ACK ttl 64 seq 1 ack 2, 1448 bytes payload, 1514 in all" */
export function packetText(packet: TraceLine): string {
  const { interface: name, hook, ingress_interface: from } = packet;
  const route = hook === "egress" && from !== null ? `${name} egress (from ${from})` : `${name} ${hook}`;
  return [timeText(packet.time_unix_nano), route, ...contentText(packet), sizesText(packet)].join(" ");
}

function contentText(packet: TraceLine): string[] {
  const { verdict, protocol, ethertype, source, destination, ttl } = packet;
  const vlans = [packet.vlan, packet.vlanInner].filter(Boolean).map((vlan) => `vlan ${vlan}`);
  if (verdict === NOT_IP) return [...vlans, `ethertype 0x${ethertype.toString(16).padStart(4, "0")}`];
  if (verdict) return [...vlans, `malformed: ${MALFORMED[verdict] || verdict}`];
  const name = protocolName(protocol);
  const fragment = packet.isFragment ? ["fragment"] : [];
  if (ICMP.has(protocol)) {
    const kind = `type ${packet.sourcePort} code ${packet.destinationPort}`;
    return [...vlans, name, `${source} > ${destination}`, kind, ...fragment, `ttl ${ttl}`];
  }
  const ends = `${placeText(source, packet.sourcePort)} > ${placeText(destination, packet.destinationPort)}`;
  return [...vlans, name, ends, ...(protocol === TCP ? tcpText(packet) : []), ...fragment, `ttl ${ttl}`];
}

function tcpText({ tcpFlags, sequence, acknowledgment }: TraceLine): string[] {
  return [tcpFlagNames(tcpFlags).join("+").toUpperCase() || "-", `seq ${sequence} ack ${acknowledgment}`];
}

function placeText(address: string, port: number): string {
  if (!port) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function sizesText({ payloadBytes, bytes, segments }: TraceLine): string {
  return `payload ${payloadBytes} of ${bytes} bytes${segments > 1 ? ` in ${segments} segments` : ""}`;
}

/** Time of day, UTC, in µs. */
function timeText(unixNano: string): string {
  const us = BigInt(unixNano) / 1_000n;
  const seconds = new Date(Number(us / 1_000n)).toISOString().slice(11, 19);
  return `${seconds}.${String(us % 1_000_000n).padStart(6, "0")}`;
}

function endText({ end, devices, matched, shown, over_rate: overRate, no_room: noRoom }: TraceEnd): string {
  const why = { count: "as many as were asked for", duration: "time is over", off: "turned off" }[end];
  const reasons = [`${overRate} over the rate`, `${noRoom} that no room was for`];
  const where = devices === 1 ? "1 device" : `${devices} devices`;
  return `${shown} packets shown of ${matched} that were asked for on ${where} (${why}); not shown: ${
    reasons.join(", ")
  }`;
}
