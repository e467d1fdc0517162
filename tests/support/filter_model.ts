/**
 * The filter once more, as its page says it, and by other means: prefixes by the platform's block list, globs by
 * regular expressions, numbers from the text. Slow, and in one piece.
 */
import { BlockList } from "node:net";
import { Fact } from "../../src/flow_record.ts";
import { icmpCodeName, icmpTypeName } from "../../src/icmp_names.ts";
import { dscpName, ecnName, protocolName, tcpFlagNames } from "../../src/names.ts";
import { connectionState } from "../../src/tcp_state.ts";
import type { Written, WrittenFilter } from "./filters.ts";
import type { RecordView, SideView } from "./record_view.ts";

export interface ModelDevice {
  name: string;
  ifindex: number;
}

const AGGREGATES = [1, 3];

/** Whether a record passes. */
export function modelPasses(
  { source, destination, network, flow }: WrittenFilter,
  record: RecordView,
  deviceOf: (id: number) => ModelDevice,
): boolean {
  const tcp = record.protocol === 6 && !record.isFragment;
  const icmp = [1, 58].includes(record.protocol) && !record.isFragment;
  const told: SideView = record.forward.packetsTotal > 0 ? record.forward : record.reverse;
  const message: SideView = record.has(Fact.ICMP_FORWARD) ? record.forward : record.reverse;
  const seenAt = (record.interfaces.length ? record.interfaces : [0]).map(deviceOf);
  const { endReason, forward, reverse } = record;
  const atDevice = seenAt.some(({ name, ifindex }) =>
    decide(network?.interface_name, globs(name)) && decide(network?.interface_index, numbers(ifindex))
  );
  if (!decide(network?.transport, globs(protocolName(record.protocol), String(record.protocol)))) return false;
  if (!decide(network?.type, globs(`ipv${record.ipVersion}`))) return false;
  if (!atDevice && !record.has(Fact.MORE_INTERFACES)) return false;
  if (AGGREGATES.includes(record.what)) return true;
  const mac = record.sourceMac === "000000000000" ? [] : [record.sourceMac.match(/../g)!.join(":")];
  const dscp = dscpName(told.trafficClass >> 2);
  const type = icmpTypeName(record.protocol, message.icmpType);
  const code = icmpCodeName(record.protocol, message.icmpType, message.icmpCode);
  const names = (name: string | undefined, number: number) => globs(...(name ? [name] : []), String(number));
  return decide(source?.address, prefixes(record.source)) &&
    decide(destination?.address, prefixes(record.destination)) &&
    decide(source?.port, numbers(icmp ? message.icmpType : record.sourcePort)) &&
    decide(destination?.port, numbers(icmp ? message.icmpCode : record.destinationPort)) &&
    decide(network?.interface_mac, globs(...mac)) &&
    (!tcp ||
      decide(flow?.connection_state, globs(connectionState(forward.tcpFlags, reverse.tcpFlags, endReason === 3)))) &&
    (!tcp || decide(flow?.tcp_flags_tags, globs(...tcpFlagNames(forward.tcpFlags | reverse.tcpFlags)))) &&
    decide(flow?.ip_dscp_name, names(dscp, told.trafficClass >> 2)) &&
    decide(flow?.ip_ecn_name, globs(ecnName(told.trafficClass))) &&
    decide(flow?.ip_ttl, numbers(told.ttl)) &&
    (record.ipVersion === 4 || decide(flow?.ip_flow_label, numbers(told.flowLabel))) &&
    (!icmp || decide(flow?.icmp_type_name, names(type, message.icmpType))) &&
    (!icmp || decide(flow?.icmp_code_name, names(code, message.icmpCode)));
}

/** Rejected where not_match hits; else accepted where match is empty or hits. */
function decide(written: Written | undefined, hits: (pattern: string) => boolean): boolean {
  if (written?.not_match?.some(hits)) return false;
  return !written?.match?.length || written.match.some(hits);
}

function globs(...names: string[]): (pattern: string) => boolean {
  return (pattern) => {
    const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".")
      .replace(/\{([^}]*)\}/g, (_, words: string) => `(?:${words.replaceAll(",", "|")})`);
    return names.some((name) => new RegExp(`^(?:${source})$`, "i").test(name));
  };
}

function numbers(value: number): (pattern: string) => boolean {
  return (pattern) => {
    const [least, most = least] = pattern.split("-").map(Number);
    return value >= least! && value <= most!;
  };
}

function prefixes(address: string): (pattern: string) => boolean {
  return (pattern) => {
    const family = (text: string) => text.includes(":") ? "ipv6" : "ipv4";
    const [prefix = "", bits] = pattern.split("/");
    if (family(prefix) !== family(address)) return false;
    const list = new BlockList();
    list.addSubnet(prefix, bits === undefined ? (family(prefix) === "ipv6" ? 128 : 32) : Number(bits), family(prefix));
    return list.check(address, family(address));
  };
}
