/** Asks a naming for the cases' names and compares them with what is expected. */
import assert from "node:assert/strict";
import type { Attributes, AttributeSet, FlowNames } from "../../../src/attribute_sets.ts";
import type { FlowRecord } from "../../../src/flow_record.ts";
import { buildRecord } from "../build_record.ts";
import type { AttributionCase } from "./attribution_cases.ts";

const PROTOCOL_TCP = 6;
const NS_PER_MS = 1_000_000n;
const FLOW_MS = 100;

export interface Naming {
  namesOf(record: FlowRecord): FlowNames;
}

/** When the flows of before and after began, Unix ms. */
export type Moments = Record<"before" | "after", number>;

/** The record of a case's flow. */
export function recordOf(wanted: AttributionCase, moments: Moments) {
  const startMs = moments[wanted.when ?? "before"];
  return buildRecord({
    source: wanted.source,
    destination: wanted.destination,
    sourcePort: wanted.sourcePort ?? 40_009,
    destinationPort: wanted.destinationPort ?? 0,
    protocol: wanted.protocol ?? PROTOCOL_TCP,
    startUnixNs: BigInt(Math.round(startMs)) * NS_PER_MS,
    endUnixNs: BigInt(Math.round(startMs + FLOW_MS)) * NS_PER_MS,
  });
}

/** Whether an attribute's uid is the right one: name without ".uid", the attributes it stands among. */
export type UidCheck = (word: string, uid: string, attributes: Attributes) => void;

export function checkCase(naming: Naming, wanted: AttributionCase, moments: Moments, checkUid: UidCheck): void {
  const { source, destination, flow } = naming.namesOf(recordOf(wanted, moments));
  const actual = {
    source: withoutUids(source, checkUid),
    destination: withoutUids(destination, checkUid),
    flow: flow && sorted(flow.attributes),
  };
  const { expected } = wanted;
  assert.deepEqual(actual, {
    source: expected.source && sorted(expected.source),
    destination: expected.destination && sorted(expected.destination),
    flow: expected.flow && sorted(expected.flow),
  }, wanted.name);
}

function withoutUids(set: AttributeSet | undefined, checkUid: UidCheck): Attributes | undefined {
  if (!set) return undefined;
  const entries = Object.entries(set.attributes);
  for (const [name, uid] of entries) {
    if (name.endsWith(".uid")) checkUid(name.slice("k8s.".length, -".uid".length), String(uid), set.attributes);
  }
  return sorted(Object.fromEntries(entries.filter(([name]) => !name.endsWith(".uid"))));
}

/** The order of attributes means nothing. */
function sorted(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1));
}
