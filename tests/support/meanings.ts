/** What records mean, for tests that do not care who is who. */
import type { AttributeSet } from "../../src/attribute_sets.ts";
import type { References } from "../../src/export/mod.ts";
import { FlowRecord, QUEUED_RECORD_BYTES } from "../../src/flow_record.ts";
import { type Meaning, SPAN_KINDS, type SpanKind } from "../../src/flow.ts";

export function meaning(kind: SpanKind, names: Partial<Meaning> = {}): Meaning {
  return { kind, source: undefined, destination: undefined, flow: undefined, ...names };
}

export const CLIENT = meaning("CLIENT");
export const SERVER = meaning("SERVER");
export const INTERNAL = meaning("INTERNAL");

/** A record as exporters queue it. */
export function queuedRecord(record: FlowRecord, meaning: Meaning): FlowRecord {
  const words = new Int32Array(QUEUED_RECORD_BYTES / 4);
  record.copyTo(words, 0, meaning);
  return new FlowRecord(words.buffer);
}

export const NO_REFERENCES: References = { interfaceOf: () => undefined, setOf: () => undefined };

const VALUES = ["", "web-7f9c", "a".repeat(300), "ünïcödé", 0, 1, 2 ** 40, true, false, ["a", "b"], []];

/** Sets of 1 to 9 attributes, numbered from 1, of every type. */
export function randomSets(count: number, random: () => number): AttributeSet[] {
  const below = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    attributes: Object.fromEntries(
      Array.from({ length: 1 + below(9) }, (_, at) => [`k8s.set${i}.name${at}`, VALUES[below(VALUES.length)]!]),
    ),
  }));
}

/** A kind, and for each end a set or none. */
export function randomMeaning(sets: readonly AttributeSet[], random: () => number): Meaning {
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOrNone = () => random() < 0.3 ? undefined : sets[below(sets.length)];
  return { kind: SPAN_KINDS[below(3)]!, source: oneOrNone(), destination: oneOrNone(), flow: oneOrNone() };
}
