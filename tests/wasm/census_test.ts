/** The census: flows by kind, told whenever the sweep has seen all of them. */
import assert from "node:assert/strict";
import { bridgedHost, ETH } from "../support/host_devices.ts";
import { openTableRig, type TableRig } from "../support/table_rig.ts";

/** Flows by kind, without the kinds that there are none of. */
function census({ lab }: TableRig): Record<string, number> {
  const found = lab.books.census().filter(({ count }) => count > 0);
  return Object.fromEntries(found.map(({ protocol, direction, count }) => [`${protocol} ${direction}`, count]));
}

Deno.test("census() tells flows apart by protocol and by who is here", async () => {
  const rig = await openTableRig({}, bridgedHost());
  const atNs = rig.nowNs;
  const out = { ifindex: ETH, hook: "egress", ingressIfindex: 0, atNs } as const;
  const arrival = { ifindex: ETH, hook: "ingress", ingressIfindex: ETH, atNs } as const;
  const answer = { ...out, source: "10.0.0.2", destination: "10.0.0.1", sourcePort: 443, destinationPort: 40_009 };
  for (const sourcePort of [40_013, 40_031, 40_037]) rig.slots.see({ ...out, protocol: 17, sourcePort });
  rig.slots.see({ ...arrival, protocol: 6 });
  rig.slots.see({ ...answer, protocol: 6 });
  rig.slots.see({ ...arrival, protocol: 132, sourcePort: 40_039 });
  rig.slots.see({ ...out, protocol: 47, sourcePort: 0, destinationPort: 0 });
  rig.slots.see({ ...arrival, protocol: 1, sourcePort: 8, destinationPort: 0 });
  rig.slots.see({
    ...out,
    protocol: 58,
    source: "2001:db8::1",
    destination: "2001:db8::2",
    sourcePort: 128,
    destinationPort: 0,
  });
  rig.count();
  assert.deepEqual(census(rig), {}, "nothing is told before the sweep");
  rig.sweep();
  assert.deepEqual(census(rig), {
    "tcp ingress": 1,
    "udp egress": 3,
    "icmp transit": 1,
    "icmpv6 egress": 1,
    "sctp transit": 1,
    "other egress": 1,
  });
});

Deno.test("census() is of a whole sweep, and of nothing that ended in it", async () => {
  const rig = await openTableRig({ table: { udpTimeoutMs: 1_000, tcpTimeoutMs: 7_000 } });
  for (let i = 0; i < 101; i++) rig.slots.see({ atNs: rig.nowNs, protocol: 17, sourcePort: 10_007 + i });
  for (let i = 0; i < 53; i++) rig.slots.see({ atNs: rig.nowNs, protocol: 6, sourcePort: 10_007 + i });
  rig.count();
  const { table } = rig.lab;
  while (table.sweep(31, 31) === 0) assert.deepEqual(census(rig), {}, "half a sweep tells nothing");
  assert.deepEqual(census(rig), { "udp transit": 101, "tcp transit": 53 });
  rig.at(3_001);
  rig.sweep();
  assert.deepEqual(census(rig), { "tcp transit": 53 });
  rig.at(9_001);
  rig.sweep();
  assert.deepEqual(census(rig), {});
});
