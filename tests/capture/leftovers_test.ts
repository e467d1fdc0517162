import { deepEqual, equal, ok } from "node:assert/strict";
import { cleanLeftovers } from "../../src/capture/leftovers.ts";
import { TC_HANDLE, TRACE_HANDLE, TRIAL_HANDLE } from "../../src/capture/libbpf.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

const SECOND_NS = 1_000_000_000n;
const START_NS = 1_000n * SECOND_NS;

/** A machine whose time passes only by sleeping. each: what happens after each sleep. */
function openMachine(each: (nowNs: bigint) => void = () => {}) {
  const machine = new FakeMachine();
  let nowNs = START_NS;
  const clock = {
    monotonicNs: () => nowNs,
    sleep(ms: number) {
      nowNs += BigInt(ms) * 1_000_000n;
      each(nowNs);
    },
  };
  const clean = () => cleanLeftovers(machine.kernel, machine.links, clock);
  /** A filter of a weir whose heart beat so long ago. */
  const leave = (ifindex: number, program = "weir_ingress", heartbeatNs = START_NS - 60n * SECOND_NS) => {
    const programId = machine.program(program);
    machine.heartbeatsNs.set(programId, heartbeatNs);
    machine.putFilter(ifindex, "ingress", { handle: TC_HANDLE, priority: 3, programId });
    return programId;
  };
  return { machine, clean, leave, waitedNs: () => nowNs - START_NS };
}

Deno.test("cleanLeftovers() removes a dead run's filters and the qdisc that nobody else uses, without waiting", () => {
  const { machine, clean, leave, waitedNs } = openMachine();
  const { ifindex } = machine.add({ name: "eth0" });
  leave(ifindex);
  deepEqual(clean(), [
    { interface: "eth0", ifindex, hook: "ingress", priority: 3, handle: TC_HANDLE, program: "weir_ingress" },
  ]);
  equal(machine.hasClsact(ifindex), false);
  equal(waitedNs(), 0n);
  deepEqual(clean(), []);
});

Deno.test("cleanLeftovers() removes what a trace and a trial left that were killed, and no other handle's filters", () => {
  const { machine, clean } = openMachine();
  const { ifindex } = machine.add({ name: "eth0" });
  machine.putFilter(ifindex, "egress", { handle: TRACE_HANDLE, programId: machine.program("weir_trace_out") });
  machine.putFilter(ifindex, "ingress", { handle: TRACE_HANDLE, programId: machine.program("stranger") });
  const trial = machine.program("weir_ingress");
  machine.heartbeatsNs.set(trial, 0n); // its maps never had a collector
  machine.putFilter(ifindex, "ingress", { handle: TRIAL_HANDLE, programId: trial });
  deepEqual(clean().map(({ handle }) => handle), [TRACE_HANDLE, TRIAL_HANDLE]);
  deepEqual([machine.on(ifindex, "egress"), machine.on(ifindex, "ingress")], [[], ["stranger"]]);
});

Deno.test("cleanLeftovers() leaves strangers' filters, theirs on the same qdisc, and empty qdiscs", () => {
  const { machine, clean, leave } = openMachine();
  const shared = machine.add({ name: "eth0" }).ifindex;
  leave(shared);
  machine.putFilter(shared, "egress", { kind: "flower", priority: 1 });
  const strange = machine.add({ name: "eth1" }).ifindex;
  machine.putFilter(strange, "ingress", { handle: TC_HANDLE, programId: machine.program("other_prog") });
  machine.putFilter(strange, "ingress", { handle: 1, programId: machine.program("weir_ingress") });
  const empty = machine.add({ name: "eth2" }).ifindex;
  machine.setClsact(empty, true);
  deepEqual((clean()).map((leftover) => leftover.ifindex), [shared]);
  deepEqual(machine.on(shared, "egress"), ["flower"]);
  deepEqual(machine.on(strange, "ingress"), ["weir_ingress", "other_prog"]);
  equal(machine.hasClsact(empty), true);
});

Deno.test("cleanLeftovers() never touches what a live agent has, also one that only begins", () => {
  for (const lastBeat of [START_NS - SECOND_NS / 2n, 0n]) {
    let beat = () => {};
    const { machine, clean, leave, waitedNs } = openMachine((nowNs) => nowNs - START_NS >= SECOND_NS && beat());
    const { ifindex } = machine.add({ name: "eth0" });
    const programId = leave(ifindex, "weirf_ingress", lastBeat);
    beat = () => machine.heartbeatsNs.set(programId, START_NS + SECOND_NS);
    deepEqual(clean(), []);
    deepEqual(machine.on(ifindex, "ingress"), ["weirf_ingress"]);
    ok(waitedNs() < 2n * SECOND_NS);
  }
});

Deno.test("cleanLeftovers() waits for the next beat of a run that was killed just now, and then removes its filters", () => {
  for (const lastBeat of [START_NS - SECOND_NS / 2n, 0n]) {
    const { machine, clean, leave, waitedNs } = openMachine();
    const { ifindex } = machine.add({ name: "eth0" });
    leave(ifindex, "weir_ingress", lastBeat);
    equal((clean()).length, 1);
    equal(machine.hasClsact(ifindex), false);
    ok(waitedNs() <= 5n * SECOND_NS, `waited ${waitedNs()} ns`);
  }
});

Deno.test("cleanLeftovers() goes on when a device or a filter disappears under its hands", () => {
  const { machine, clean, leave } = openMachine((nowNs) =>
    nowNs > START_NS && machine.links.read(1) && machine.remove(1)
  );
  machine.add({ name: "eth0" });
  leave(1, "weir_ingress", START_NS - SECOND_NS);
  const stays = machine.add({ name: "eth1" }).ifindex;
  leave(stays);
  equal((clean()).length, 2);
  equal(machine.hasClsact(stays), false);
});
