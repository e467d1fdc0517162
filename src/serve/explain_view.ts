/** Why a flow is what weir says: where it was seen, where it counts, and whom its ends are named after. */
import { addressText } from "../address.ts";
import type { Agent } from "../agent.ts";
import type { Explanation } from "../enrich/kubernetes/mod.ts";
import type { FlowSpan } from "../export/span.ts";
import { isAskedFor, parseFlowQuery, type QueryEnd } from "../flow_query.ts";
import { Fact, type FlowRecord } from "../flow_record.ts";
import type { RouteOptions } from "./routes.ts";

/** Flows that are explained at once. */
const MATCHES_MOST = 16;
const NS_PER_MS = 1_000_000;
const PLACES = [0, 1, 2, 3] as const;

export interface ExplainedFlow {
  /** Whether it is in the table, or was handed out. */
  is: "live" | "handed_out";
  span: FlowSpan;
  /** Devices that saw it, in that order. */
  seen_on: string[];
  /** Whether more devices saw it than a record has room for. */
  more_devices: boolean;
  /** Whether this host counts its packets, by direction; else they count where they entered. */
  counted: { forward: boolean; reverse: boolean };
  /** Where flows are named after Kubernetes. */
  names?: Explanation;
}

export interface ExplainView {
  flows: ExplainedFlow[];
  /** There are further ones. */
  more: boolean;
  /** Of ends without a flow: whom they would be named after now. */
  names?: Explanation;
}

/** question: as parseFlowQuery() reads it. Throws UsageError. */
export async function explainView(
  { agent, names, spanOf, recentSpanOf }: RouteOptions,
  question: string,
): Promise<ExplainView> {
  const query = parseFlowQuery(question);
  const flows: ExplainedFlow[] = [];
  let count = 0;
  const take = (record: FlowRecord, is: ExplainedFlow["is"], span: (record: FlowRecord) => FlowSpan) => {
    if (!isAskedFor(record, query) || ++count > MATCHES_MOST) return;
    const why = names?.explain(questionOf(record));
    flows.push({ is, span: span(record), ...seenOf(record, agent), ...(why ? { names: why } : {}) });
  };
  await agent.lookAtFlows((record) => take(record, "live", spanOf));
  for (const record of agent.recentRecords()) take(record, "handed_out", recentSpanOf);
  const nobody = !flows.length && names && query.ends
    ? { names: names.explain(nowBetween(query.ends, query.protocol)) }
    : {};
  return { flows, more: count > MATCHES_MOST, ...nobody };
}

function seenOf(record: FlowRecord, agent: Agent): Pick<ExplainedFlow, "seen_on" | "more_devices" | "counted"> {
  return {
    seen_on: PLACES.flatMap((place) => agent.interfaceOf(record.interfaceId(place))?.name ?? []),
    more_devices: record.has(Fact.MORE_INTERFACES),
    counted: { forward: record.has(Fact.COUNTED_FORWARD), reverse: record.has(Fact.COUNTED_REVERSE) },
  };
}

type Question = Parameters<NonNullable<RouteOptions["names"]>["explain"]>[0];

function questionOf(record: FlowRecord): Question {
  return {
    source: addressText(record.sourceAddress),
    sourcePort: record.sourcePort,
    destination: addressText(record.destinationAddress),
    destinationPort: record.destinationPort,
    protocol: record.protocol,
    startMs: Number(record.startUnixNs) / NS_PER_MS,
    endMs: Number(record.endUnixNs) / NS_PER_MS,
  };
}

/** What most ask about who name no protocol. */
const TCP = 6;

function nowBetween([source, destination]: readonly [QueryEnd, QueryEnd], protocol = TCP): Question {
  const nowMs = Date.now();
  return {
    source: source.address,
    sourcePort: source.port ?? 0,
    destination: destination.address,
    destinationPort: destination.port ?? 0,
    protocol,
    startMs: nowMs,
    endMs: nowMs,
  };
}
