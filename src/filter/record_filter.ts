/**
 * The filter on a record: what a flow is like when its record is handed out. Every key is a check of its own, and all
 * have to let the record pass. A key that says nothing costs nothing.
 *
 * Nothing is remembered of a flow: its next record is judged by what the flow is like then.
 */
import { macText } from "../address.ts";
import { AddressRanges, addressVerdicts } from "../address_verdicts.ts";
import {
  devicesPass,
  Ends,
  type FilterSettings,
  hasPatterns,
  namesPass,
  numbersPass,
  passes,
  type Patterns,
} from "../filter_keys.ts";
import { Fact, type FlowRecord, type Side } from "../flow_record.ts";
import { icmpCodeName, icmpTypeName } from "../icmp_names.ts";
import { dscpName, ecnName, protocolNames, tcpFlagNames } from "../names.ts";
import type { NamePattern, NumberRange } from "../settings/mod.ts";
import { connectionState } from "../tcp_state.ts";

/** What is known of the device behind an id. */
export type InterfaceOf = (id: number) => { name: string | undefined; ifindex: number | undefined } | undefined;

/** Whether a key lets a record pass. undefined: the key says nothing. */
type Check = ((record: FlowRecord) => boolean) | undefined;

const PORTS = 65_536;
const BYTE_VALUES = 256;
const REASON_END = 3;
const PLACES = [0, 1, 2, 3] as const;
/** MAC addresses whose answer is remembered at once. */
const MACS_REMEMBERED = 4_096;

export type RecordFilter = (record: FlowRecord) => boolean;

/** undefined: every record passes. Names from Kubernetes are not looked at here: name_filter.ts. */
export function recordFilter(filter: FilterSettings, interfaceOf: InterfaceOf): RecordFilter | undefined {
  const { source, destination, network, flow } = filter;
  const checks = [
    protocolCheck(network.transport),
    versionCheck(network.type),
    deviceCheck(network, interfaceOf),
    ofFlows(addressCheck(source.address, destination.address)),
    ofFlows(portCheck(source.port, 0)),
    ofFlows(portCheck(destination.port, 1)),
    ofFlows(macCheck(network.interface_mac)),
    ofFlows(stateCheck(flow.connection_state)),
    ofFlows(flagsCheck(flow.tcp_flags_tags)),
    ofFlows(trafficClassCheck(flow.ip_dscp_name, flow.ip_ecn_name)),
    ofFlows(ttlCheck(flow.ip_ttl)),
    ofFlows(flowLabelCheck(flow.ip_flow_label)),
    ofFlows(icmpCheck(flow.icmp_type_name, (record, side) => typeNames(record, side))),
    ofFlows(icmpCheck(flow.icmp_code_name, (record, side) => codeNames(record, side))),
  ].filter((check) => check !== undefined);
  if (checks.length === 0) return undefined;
  return (record) => {
    for (const check of checks) if (!check(record)) return false;
    return true;
  };
}

/** An overflow aggregate stands for flows that differ in all of this: it passes. */
function ofFlows(check: Check): Check {
  return check && ((record) => record.isAggregate || check(record));
}

/** The direction whose packets tell: the initiator's, where it was heard. */
function toldBy(record: FlowRecord): Side {
  return record.packetsTotal(0) > 0 ? 0 : 1;
}

function protocolCheck(patterns: Patterns<NamePattern> | undefined): Check {
  const namePasses = namesPass(patterns, { ignoreCase: true });
  if (!namePasses) return undefined;
  const pass = bytesPass((protocol) => namePasses(...protocolNames(protocol)));
  return (record) => pass[record.protocol] === 1;
}

function bytesPass(passes: (value: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: BYTE_VALUES }, (_, value) => passes(value) ? 1 : 0);
}

function versionCheck(patterns: Patterns<NamePattern> | undefined): Check {
  const namePasses = namesPass(patterns, { ignoreCase: true });
  return namePasses && ((record) => namePasses(`ipv${record.ipVersion}`));
}

/** One of the devices that saw the flow is enough: what the others see is not counted at them. */
function deviceCheck(network: FilterSettings["network"], interfaceOf: InterfaceOf): Check {
  const devicePasses = devicesPass(network);
  if (!devicePasses) return undefined;
  const known = new WeakMap<object, boolean>();
  const passesAt = (id: number) => {
    const device = interfaceOf(id);
    if (!device) return devicePasses({ name: undefined, ifindex: undefined });
    const answer = known.get(device) ?? devicePasses(device);
    known.set(device, answer);
    return answer;
  };
  return (record) =>
    record.has(Fact.MORE_INTERFACES) ||
    PLACES.some((place) => (place === 0 || record.interfaceId(place) !== 0) && passesAt(record.interfaceId(place)));
}

function addressCheck(source: FilterSettings["source"]["address"], destination: typeof source): Check {
  const verdicts = addressVerdicts(source, destination);
  if (!verdicts) return undefined;
  const ranges = new AddressRanges(verdicts);
  return (record) =>
    (ranges.endsOf(record, 0) & Ends.SOURCE) !== 0 && (ranges.endsOf(record, 1) & Ends.DESTINATION) !== 0;
}

function portCheck(patterns: Patterns<NumberRange> | undefined, side: Side): Check {
  const pass = numbersPass(patterns, PORTS);
  return pass && ((record) => pass[record.port(side)] === 1);
}

function macCheck(patterns: Patterns<NamePattern> | undefined): Check {
  const namePasses = namesPass(patterns, { ignoreCase: true });
  if (!namePasses) return undefined;
  const known = new Map<number, boolean>();
  return (record) => {
    const mac = record.sourceMac;
    const key = mac.reduce((number, byte) => number * BYTE_VALUES + byte, 0);
    let answer = known.get(key);
    if (answer === undefined) {
      if (known.size >= MACS_REMEMBERED) known.clear();
      // a link layer without addresses meets no pattern
      known.set(key, answer = key === 0 ? namePasses() : namePasses(macText(mac)));
    }
    return answer;
  };
}

/** Other protocols pass. */
function stateCheck(patterns: Patterns<NamePattern> | undefined): Check {
  const namePasses = namesPass(patterns, { ignoreCase: true });
  return namePasses && ((record) => {
    if (!record.isTcp) return true;
    return namePasses(connectionState(record.tcpFlags(0), record.tcpFlags(1), record.endReason === REASON_END));
  });
}

/** Any flag that either side sent. Other protocols pass. */
function flagsCheck(patterns: Patterns<NamePattern> | undefined): Check {
  const namePasses = namesPass(patterns, { ignoreCase: true });
  if (!namePasses) return undefined;
  const pass = bytesPass((flags) => namePasses(...tcpFlagNames(flags)));
  return (record) => !record.isTcp || pass[record.tcpFlags(0) | record.tcpFlags(1)] === 1;
}

/** Of the last packet. */
function trafficClassCheck(dscp: Patterns<NamePattern> | undefined, ecn: Patterns<NamePattern> | undefined): Check {
  const dscpPasses = namesPass(dscp, { ignoreCase: true });
  const ecnPasses = namesPass(ecn, { ignoreCase: true });
  if (!dscpPasses && !ecnPasses) return undefined;
  const pass = bytesPass((trafficClass) => {
    const codePoint = trafficClass >> 2;
    const names = [String(codePoint), ...dscpName(codePoint) === undefined ? [] : [dscpName(codePoint)!]];
    return (dscpPasses?.(...names) ?? true) && (ecnPasses?.(ecnName(trafficClass)) ?? true);
  });
  return (record) => pass[record.trafficClass(toldBy(record))] === 1;
}

function ttlCheck(patterns: Patterns<NumberRange> | undefined): Check {
  const pass = numbersPass(patterns, BYTE_VALUES);
  return pass && ((record) => pass[record.ttl(toldBy(record))] === 1);
}

/** IPv4 has none, and passes. */
function flowLabelCheck(patterns: Patterns<NumberRange> | undefined): Check {
  if (!hasPatterns(patterns)) return undefined;
  return (record) => {
    if (record.ipVersion !== 6) return true;
    const label = record.flowLabel(toldBy(record));
    return passes(patterns, ({ least, most }) => label >= least && label <= most);
  };
}

/** Of the initiator's message, where there is one. Other protocols pass. */
function icmpCheck(
  patterns: Patterns<NamePattern> | undefined,
  namesOf: (record: FlowRecord, side: Side) => string[],
): Check {
  const namePasses = namesPass(patterns, { ignoreCase: true });
  if (!namePasses) return undefined;
  return (record) => !record.isIcmp || namePasses(...namesOf(record, record.has(Fact.ICMP_FORWARD) ? 0 : 1));
}

function typeNames(record: FlowRecord, side: Side): string[] {
  return namesOr(icmpTypeName(record.protocol, record.icmpType(side)), record.icmpType(side));
}

function codeNames(record: FlowRecord, side: Side): string[] {
  const { protocol } = record;
  return namesOr(icmpCodeName(protocol, record.icmpType(side), record.icmpCode(side)), record.icmpCode(side));
}

function namesOr(name: string | undefined, number: number): string[] {
  return name ? [name, String(number)] : [String(number)];
}
