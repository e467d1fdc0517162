/** A flow as one aligned line for a person. */
import { addressText, prefixText } from "../address.ts";
import { Fact, type FlowRecord } from "../flow_record.ts";
import { icmpTypeName } from "../icmp_names.ts";
import { endReasonName, protocolName } from "../names.ts";
import type { References } from "./references.ts";
import { connectionState } from "../tcp_state.ts";

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const REASON_END = 3;

/** ANSI colours, or none. */
export interface TextStyle {
  dim(text: string): string;
  bold(text: string): string;
  bad(text: string): string;
}

export const plainStyle: TextStyle = { dim: (text) => text, bold: (text) => text, bad: (text) => text };

export const colourStyle: TextStyle = {
  dim: (text) => `\x1b[2m${text}\x1b[0m`,
  bold: (text) => `\x1b[1m${text}\x1b[0m`,
  bad: (text) => `\x1b[31m${text}\x1b[0m`,
};

const COLUMNS = [
  ["TIME", 12],
  ["PROTO", 7],
  ["SOURCE", 28],
  ["DESTINATION", 28],
  ["PACKETS", 15],
  ["BYTES", 17],
  ["LASTED", 8],
  ["RTT", 8],
  ["INTERFACE", 12],
] as const;

/** The line above the flows. */
export function textHeader(style: TextStyle): string {
  return style.bold(`${COLUMNS.map(([name, width]) => name.padEnd(width)).join(" ")} STATE`) + "\n";
}

/** Packets and bytes are "sent/answered" since the flow's last line. */
export function textLine(
  references: References,
  style: TextStyle,
): (record: FlowRecord) => string {
  return (record) => {
    const cells = [
      clockText(record.endUnixNs),
      protocolName(record.protocol),
      endpointText(record, record.sourceAddress, record.sourcePort),
      endpointText(record, record.destinationAddress, record.destinationPort),
      `${countText(record.packetsDelta(0))}/${countText(record.packetsDelta(1))}`,
      `${sizeText(record.bytesDelta(0))}/${sizeText(record.bytesDelta(1))}`,
      durationText(Number(record.endUnixNs - record.startUnixNs)),
      record.synAckAfterNs ? durationText(record.synAckAfterNs) : "-",
      references.interfaceOf(record.interfaceId(0))?.name ?? "-",
    ];
    const aligned = cells.map((cell, i) => cell.padEnd(COLUMNS[i]![1])).join(" ");
    return `${aligned} ${stateText(record, style)}\n`;
  };
}

function clockText(unixNs: bigint): string {
  return new Date(Number(unixNs / 1_000_000n)).toTimeString().slice(0, 8) +
    `.${String(unixNs / 1_000_000n % 1000n).padStart(3, "0")}`;
}

function endpointText(record: FlowRecord, bytes: Uint8Array, port: number): string {
  if (record.isAggregate) return prefixText(bytes, record.prefixBits);
  const address = addressText(bytes);
  if (record.protocol === ICMP || record.protocol === ICMPV6 || record.isFragment || port === 0) return address;
  return record.ipVersion === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function stateText(record: FlowRecord, style: TextStyle): string {
  const parts: string[] = [];
  if (record.isAggregate) parts.push(style.bad("overflow"));
  if (record.protocol === TCP && !record.isFragment && !record.isAggregate) {
    parts.push(connectionState(record.tcpFlags(0), record.tcpFlags(1), record.endReason === REASON_END));
  }
  if (record.protocol === ICMP || record.protocol === ICMPV6) {
    const side = record.has(Fact.ICMP_FORWARD) ? 0 : 1;
    const name = icmpTypeName(record.protocol, record.icmpType(side));
    if (name && !record.isAggregate) parts.push(name);
  }
  const again = record.retransmittedPackets(0) + record.retransmittedPackets(1);
  if (again) parts.push(style.bad(`${again} retransmitted`));
  if (!record.has(Fact.COUNTED_FORWARD) && !record.has(Fact.COUNTED_REVERSE)) {
    parts.push(style.dim("seen elsewhere, too"));
  }
  const reason = endReasonName(record.endReason);
  if (reason) parts.push(style.dim(reason));
  return parts.join(", ");
}

const UNITS = ["", "k", "M", "G", "T", "P"];

/** 1234 → "1.23k". */
export function countText(count: number): string {
  return scaledText(count, 1000, "");
}

/** Bytes in powers of 1,024: 1536 → "1.50KiB". */
export function sizeText(bytes: number): string {
  return scaledText(bytes, 1024, "iB").replace("kiB", "KiB") + (bytes < 1024 ? "B" : "");
}

function scaledText(value: number, step: number, suffix: string): string {
  let unit = 0;
  while (Math.round(value) >= step && unit < UNITS.length - 1) {
    value /= step;
    unit++;
  }
  if (unit === 0) return String(value);
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}${UNITS[unit]}${suffix}`;
}

/** ns → "1.23ms". */
export function durationText(ns: number): string {
  if (ns < 1_000) return `${ns}ns`;
  if (ns < 1_000_000) return `${(ns / 1_000).toFixed(1)}µs`;
  if (ns < 1_000_000_000) return `${(ns / 1_000_000).toFixed(1)}ms`;
  return `${(ns / 1_000_000_000).toFixed(1)}s`;
}
