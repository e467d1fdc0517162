import { equal, notEqual, ok, throws } from "node:assert/strict";
import { encodeKnobs, KNOBS_BYTES, TUNNEL_PORTS } from "../../src/capture/knobs.ts";
import { planMemory } from "../../src/memory_plan.ts";

const PAGE_BYTES = 4_096;

function knobs(slots: number, cpuCount: number, idleGapMs = 5_003): DataView {
  const plan = planMemory({ cpuCount, pageBytes: PAGE_BYTES, slots, ringBytes: 1 << 20 });
  return new DataView(encodeKnobs(plan, { idleGapMs, ...TUNNEL_PORTS }).buffer);
}

Deno.test("encodeKnobs() says how a hash becomes a set: by its highest bits", () => {
  for (const [slots, cpuCount, setsPerCpu] of [[65_536, 2, 16_384], [512, 2, 128], [65_536, 128, 256]] as const) {
    const view = knobs(slots, cpuCount);
    equal(view.byteLength, KNOBS_BYTES);
    equal(view.getUint32(64, true), setsPerCpu);
    equal(2 ** (64 - view.getUint32(68, true)), setsPerCpu);
    ok(setsPerCpu >> view.getUint32(72, true) <= 512, "sets fall into as many groups as there are marks");
  }
});

Deno.test("encodeKnobs() carries the idle gap in ns, the ring's wake-up mark and tunnels' ports", () => {
  const view = knobs(512, 2);
  equal(view.getBigUint64(56, true), 5_003_000_000n);
  equal(view.getUint32(76, true), (1 << 20) / 4);
  const ports = [80, 82, 84, 86].map((at) => view.getUint16(at, true));
  equal(ports.join(), "4789,8472,0,6081", "Geneve's place is the last: its header has options");
  equal(knobs(512, 2, 0).getBigUint64(56, true), 0n);
});

Deno.test("encodeKnobs() draws new odd multipliers at each load", () => {
  const first = knobs(512, 2);
  const second = knobs(512, 2);
  for (let word = 0; word < 7; word++) {
    equal(first.getBigUint64(word * 8, true) & 1n, 1n);
    notEqual(first.getBigUint64(word * 8, true), second.getBigUint64(word * 8, true));
  }
});

Deno.test("encodeKnobs() refuses a ring whose wake-up mark would be no power of two", () => {
  const plan = planMemory({ cpuCount: 1, pageBytes: PAGE_BYTES, ringBytes: 1 << 20 });
  throws(() => encodeKnobs({ ...plan, ringBytes: 3 << 18 }, { idleGapMs: 0, ...TUNNEL_PORTS }), /Broken invariant/);
});
