import assert from "node:assert/strict";
import { type KindAssociation, readAssociation } from "../../../src/enrich/kubernetes/association.ts";
import { SIDE_DESTINATION, SIDE_SOURCE } from "../../../src/enrich/kubernetes/claim.ts";
import { Interner } from "../../../src/enrich/kubernetes/interner.ts";
import type { KindName } from "../../../src/enrich/kubernetes/kinds.ts";
import { type Association, DEFAULT_OPTIONS, defaultSide } from "../../../src/enrich/kubernetes/options.ts";
import { passes } from "../../../src/enrich/kubernetes/port_filter.ts";

const BOTH = SIDE_SOURCE | SIDE_DESTINATION;

function read(source: Association | undefined, destination?: Association): ReadonlyMap<KindName, KindAssociation> {
  const side = (association: Association | undefined) => association && { ...defaultSide("source"), association };
  return readAssociation({ source: side(source), destination: side(destination) }, new Interner(7));
}

function wants(association: KindAssociation | undefined, raw: unknown): Array<[string, number]> {
  return association!.wants(raw).map(({ ip, sides }) => [String(ip), sides]);
}

Deno.test("KindAssociation.wants() finds an address once, for the sides whose rules have it", () => {
  const rule = (side: string, ...to: string[]) => ({ pod: [{ name: `${side}.ip`, to }] });
  const pods = read(rule("source", "status.podIP", "status.podIPs[*]"), rule("destination", "status.podIPs[*]")).get(
    "Pod",
  );
  const status = { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] };
  assert.deepEqual(wants(pods, { status }), [["10.0.0.1", BOTH], ["fd00::1", BOTH]]);
  assert.deepEqual(wants(pods, { status: { podIP: "10.0.0.1" } }), [["10.0.0.1", SIDE_SOURCE]]);
  assert.deepEqual(wants(pods, { status: { podIPs: [{ ip: 7 }, "x", null, {}, { address: "10.0.0.2" }] } }), [
    ["10.0.0.2", BOTH],
  ]);
});

Deno.test("KindAssociation.wants() is bounded", () => {
  const slices = read(defaultSide("source").association).get("EndpointSlice");
  const addresses = Array.from({ length: 2_003 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  assert.equal(slices!.wants({ endpoints: [{ addresses }] }).length, 1_024);
});

Deno.test("KindAssociation.filters() asks of a flow what the rules on ports and protocols find", () => {
  const service = read({
    service: [
      { name: "source.address", to: ["spec.clusterIP"] },
      { name: "source.port", to: ["spec.ports[*].port"] },
      { name: "network.transport", to: ["spec.ports[*].protocol"] },
      { name: "network.type", to: ["spec.ipFamilies[*]"] },
    ],
  }).get("Service")!;
  const spec = { ports: [{ port: 80, protocol: "TCP" }, { port: 53, protocol: "UDP" }], ipFamilies: ["IPv4"] };
  const filters = service.filters({ spec })!;
  assert.equal(filters.destination, undefined);
  assert(passes(filters.source, 80, 6, 4) && passes(filters.source, 53, 17, 4));
  assert(!passes(filters.source, 81, 6, 4), "another port");
  assert(!passes(filters.source, 80, 132, 4), "another protocol");
  assert(!passes(filters.source, 80, 6, 6), "another version");
  assert.equal(service.filters({ spec }), filters, "equal ones are kept once");
  const none = service.filters({ spec: {} })!;
  assert(passes(none.source, 9, 132, 6), "rules that find nothing ask nothing");
});

Deno.test("readAssociation() of the defaults has every kind of the table", () => {
  const { source, destination } = DEFAULT_OPTIONS;
  const kinds = readAssociation({ source, destination }, new Interner(7));
  const expected = ["Pod", "Service", "Node", "Endpoints", "EndpointSlice", "Ingress", "Gateway"];
  assert.deepEqual([...kinds.keys()], expected);
  for (const association of kinds.values()) assert.equal(association.sides, BOTH);
});

Deno.test("readAssociation() says what is wrong with a rule", () => {
  const rows: Array<[Association, RegExp]> = [
    [{ pot: [] }, /Cannot associate "pot": one of namespace, node, .*pod is wanted/],
    [{ pod: [{ name: "destination.ip", to: ["status.podIP"] }] }, /the source by "destination.ip": one of source.ip/],
    [{ pod: [{ name: "source.hostname", to: ["x"] }] }, /"source.hostname"/],
    [{ pod: [{ name: "transport", to: ["x"] }] }, /"transport"/],
    [{ pod: [{ name: "source.port", to: ["x"] }] }, /no rule has the name source.ip; add one/],
    [{ pod: [{ name: "source.ip", to: ["status..x"] }] }, /Cannot use path "status..x"/],
  ];
  for (const [association, message] of rows) assert.throws(() => read(association), { name: "UsageError", message });
});
