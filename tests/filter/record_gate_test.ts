import { deepEqual, equal } from "node:assert/strict";
import { zeroAmount } from "../../src/books.ts";
import { Fact, RECORD_AGGREGATE } from "../../src/flow_record.ts";
import { RecordGate } from "../../src/filter/record_gate.ts";
import { KEEP_ALL, samplingOf } from "../../src/sampling.ts";
import { buildRecord, type RecordFields } from "../support/build_record.ts";
import { filterOf, type WrittenFilter } from "../support/filters.ts";
import { meaning } from "../support/meanings.ts";

const COUNTED = Fact.COUNTED_FORWARD | Fact.COUNTED_REVERSE;
const MEANING = meaning("CLIENT");
const NO_DEVICE = { interfaceOf: () => undefined };

function amount(packets: number) {
  return {
    frames: BigInt(packets),
    packets: BigInt(packets),
    bytes: BigInt(packets * 100),
    wire_bytes: BigInt(packets * 100),
  };
}

/** So many packets. */
function record(packets: number, fields: RecordFields = {}) {
  return buildRecord({ facts: COUNTED, ...fields, forward: { packets, bytes: packets * 100, ...fields.forward } });
}

function gateOf(written: WrittenFilter): RecordGate {
  return new RecordGate({ ...NO_DEVICE, filter: filterOf(written) });
}

Deno.test("RecordGate lets everything pass without a filter, and books it with what waits", () => {
  const gate = new RecordGate(NO_DEVICE);
  equal(gate.admit(record(7), () => MEANING), MEANING);
  deepEqual(gate.terms(amount(5)), {
    filtered_flow: zeroAmount(),
    sampled_out_flow: zeroAmount(),
    handed_out: amount(12),
  });
});

Deno.test("RecordGate books what a filter keeps back, asks for no meaning of it, and another filter changes no book", () => {
  const gate = gateOf({ destination: { port: { match: ["443"] } } });
  const never = () => {
    throw new Error("asked for a meaning");
  };
  equal(gate.admit(record(3, { destinationPort: 80 }), never), undefined);
  equal(gate.admit(record(5, { destinationPort: 443 }), () => MEANING), MEANING);
  gate.useFilter(filterOf({}));
  equal(gate.admit(record(11, { destinationPort: 80 }), () => MEANING), MEANING);
  deepEqual(gate.terms(zeroAmount()), {
    filtered_flow: amount(3),
    sampled_out_flow: zeroAmount(),
    handed_out: amount(16),
  });
  deepEqual(gate.records(), { passed: 2, filtered: 1, sampledOut: 0 });
});

Deno.test("RecordGate goes by names once they are known; an end without one meets no pattern", () => {
  const pod = (name: string, namespace: string, labels: Record<string, string> = {}) => ({
    id: 1,
    attributes: {
      "k8s.pod.name": name,
      "k8s.namespace.name": namespace,
      ...Object.fromEntries(Object.entries(labels).map(([key, value]) => [`k8s.pod.label.${key}`, value])),
    },
  });
  const passes = (written: WrittenFilter, source?: ReturnType<typeof pod>, destination?: ReturnType<typeof pod>) =>
    gateOf(written).admit(record(1), () => meaning("CLIENT", { source, destination })) !== undefined;
  const web = pod("web-0", "shop", { app: "web", tier: "" });
  const ofShop: WrittenFilter = { source: { namespace: { match: ["sh*"] } } };
  equal(passes(ofShop, web), true);
  equal(passes(ofShop, pod("web-0", "bank")), false);
  equal(passes(ofShop, undefined, web), false, "that end is not asked for, and this one has no name");
  equal(passes({ destination: { pod: { not_match: ["web-?"] } } }, undefined, web), false);
  equal(passes({ destination: { pod: { not_match: ["web-?"] } } }, web), true, "no name, so nothing to deny");
  for (const [label, expected] of [["app=w*", true], ["app=db", false], ["app", true], ["tier=", true], ["x", false]]) {
    equal(passes({ source: { label: { match: [`${label}`] } } }, web), expected, `${label}`);
  }
});

Deno.test("RecordGate remembers what it decided of a set of names, and asks anew of another", () => {
  const gate = gateOf({ source: { namespace: { match: ["shop"] } } });
  const shop = { id: 1, attributes: { "k8s.namespace.name": "shop" } };
  const bank = { id: 2, attributes: { "k8s.namespace.name": "bank" } };
  for (const [source, expected] of [[shop, true], [bank, false], [shop, true], [bank, false]] as const) {
    equal(gate.admit(record(1), () => meaning("CLIENT", { source })) !== undefined, expected);
  }
});

Deno.test("RecordGate keeps failures and aggregates whatever their hash, and notes it; others by their hash", () => {
  const sampling = samplingOf({ rate: 0.5, seed: 7, keep_failures: true });
  const gate = new RecordGate({ ...NO_DEVICE, sampling });
  const half = Number(KEEP_ALL / 2n);
  const [kept, leftOut] = [half - 1, half];
  const failed: RecordFields = { protocol: 6, forward: { packets: 1, tcpFlags: 2 }, reverse: { tcpFlags: 4 } };
  const rows: ReadonlyArray<[fields: RecordFields, passes: boolean, noted: boolean]> = [
    [{ samplingHash: kept }, true, false],
    [{ samplingHash: leftOut }, false, false],
    [{ ...failed, samplingHash: leftOut }, true, true],
    [{ ...failed, samplingHash: kept }, true, true],
    [{ what: RECORD_AGGREGATE }, true, true],
  ];
  for (const [fields, passes, noted] of rows) {
    const one = record(13, fields);
    equal(gate.admit(one, () => MEANING) !== undefined, passes, JSON.stringify(fields));
    equal(one.has(Fact.KEPT_ANYWAY), noted, JSON.stringify(fields));
  }
  equal(gate.terms(zeroAmount()).sampled_out_flow.packets, 13n);
});

Deno.test("RecordGate leaves sampling to the kernel program where no failures are kept", () => {
  const gate = new RecordGate({ ...NO_DEVICE, sampling: samplingOf({ rate: 0, seed: 0, keep_failures: false }) });
  equal(gate.admit(record(1, { samplingHash: 9 }), () => MEANING), MEANING);
});
