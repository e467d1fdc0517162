import { deepEqual } from "node:assert/strict";
import { readStrays } from "../../src/capture/strays.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

/** struct stray_key of bpf/books.h: ifindex, ethertype, hook, term. */
function entry(ifindex: number, ethertype: number, hook: number, term: number, frames: bigint, bytes: bigint) {
  const key = new DataView(new ArrayBuffer(8));
  key.setUint32(0, ifindex, true);
  key.setUint16(4, ethertype, true);
  key.setUint8(6, hook);
  key.setUint8(7, term);
  const value = new DataView(new ArrayBuffer(16));
  value.setBigUint64(0, frames, true);
  value.setBigUint64(8, bytes, true);
  return { key, value };
}

Deno.test("readStrays() names terms and ethertypes, lengths of 802.3 and numbers without a name", () => {
  const { kernel } = new FakeMachine();
  kernel.readMap = () => [
    entry(7, 0x0806, 0, 2, 11n, 1_103n),
    entry(7, 0x88cc, 1, 2, 13n, 1_301n),
    entry(7, 0x0026, 0, 2, 17n, 1_709n),
    entry(8, 0x1234, 0, 3, 19n, 1_901n),
    entry(8, 0x0800, 0, 6, 23n, 2_309n),
    entry(8, 0x0800, 0, 99, 29n, 2_903n),
  ];
  const said = readStrays(kernel, -1).map((s) => [s.ifindex, s.hook, s.term, s.ethertypeName, s.frames, s.bytes]);
  deepEqual(said, [
    [7, "ingress", "not_ip", "arp", 11n, 1_103n],
    [7, "egress", "not_ip", "lldp", 13n, 1_301n],
    [7, "ingress", "not_ip", "802.3", 17n, 1_709n],
    [8, "ingress", "malformed", "0x1234", 19n, 1_901n],
    [8, "ingress", "lost_ring_full", "ipv4", 23n, 2_309n],
    [8, "ingress", "unknown", "ipv4", 29n, 2_903n],
  ]);
});
