import { deepEqual, equal, throws } from "node:assert/strict";
import { Attacher, type AttachOptions } from "../../src/capture/attach.ts";
import { TC_HANDLE } from "../../src/capture/libbpf.ts";
import { EBUSY, EEXIST, EPERM } from "../../src/libc.ts";
import { KernelError } from "../../src/errors.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

function openAttacher(options: Partial<AttachOptions>) {
  const machine = new FakeMachine();
  const { ifindex } = machine.add({ name: "eth0" });
  const attacher = new Attacher(machine.kernel, machine.links, (_, hook) => machine.program(`weir_${hook}`), {
    mode: "tcx",
    order: "first",
    priority: 1,
    ...options,
  });
  return { machine, ifindex, attacher };
}

Deno.test("Attacher goes first or last on a tcx hook, as it is told, and leaves the others there", () => {
  for (
    const [order, expected] of [["first", ["weir_ingress", "a", "b"]], ["last", ["a", "b", "weir_ingress"]]] as const
  ) {
    const { machine, ifindex, attacher } = openAttacher({ order });
    machine.putTcx(ifindex, "ingress", "a", "last");
    machine.putTcx(ifindex, "ingress", "b", "last");
    const attachment = attacher.begin();
    attacher.attach(attachment, ifindex, "ethernet", "ingress");
    deepEqual(machine.on(ifindex, "ingress"), expected);
    deepEqual(machine.on(ifindex, "egress"), []);
    attacher.detach(attachment, ifindex, "ingress");
    attacher.detach(attachment, ifindex, "ingress");
    deepEqual(machine.on(ifindex, "ingress"), ["a", "b"]);
    equal(machine.openLinkCount(), 0);
  }
});

Deno.test("Attacher makes a clsact qdisc where there is none, takes its priority there, and removes what it made", () => {
  const { machine, ifindex, attacher } = openAttacher({ mode: "tc", priority: 7 });
  const attachment = attacher.begin();
  for (const hook of ["ingress", "egress"] as const) attacher.attach(attachment, ifindex, "ethernet", hook);
  deepEqual(machine.links.filters(ifindex, "egress").map(({ priority }) => priority), [7]);
  deepEqual(machine.calls, [
    "createClsact eth0",
    "attachTc eth0 ingress",
    "createClsact eth0",
    "attachTc eth0 egress",
  ]);
  attacher.detach(attachment, ifindex, "egress");
  equal(machine.hasClsact(ifindex), true, "the ingress filter is there still");
  attacher.detach(attachment, ifindex, "ingress");
  equal(machine.hasClsact(ifindex), false);
});

Deno.test("Attacher leaves a clsact qdisc that it did not make, and one that somebody else uses by now", () => {
  const { machine, ifindex, attacher } = openAttacher({ mode: "tc" });
  machine.setClsact(ifindex, true);
  const first = attacher.begin();
  attacher.attach(first, ifindex, "ethernet", "ingress");
  attacher.detach(first, ifindex, "ingress");
  equal(machine.hasClsact(ifindex), true, "empty, but not ours");

  machine.setClsact(ifindex, false);
  const second = attacher.begin();
  attacher.attach(second, ifindex, "ethernet", "ingress");
  machine.putFilter(ifindex, "egress", { kind: "flower", priority: 9 });
  attacher.detach(second, ifindex, "ingress");
  deepEqual(machine.on(ifindex, "egress"), ["flower"]);
});

Deno.test("Attacher removes the clsact qdisc that it made for a filter which was then refused", () => {
  const { machine, ifindex, attacher } = openAttacher({ mode: "tc" });
  machine.refuse("attachTc", EPERM);
  throws(() => attacher.attach(attacher.begin(), ifindex, "ethernet", "ingress"), /errno 1/);
  equal(machine.hasClsact(ifindex), false);
});

Deno.test("Attacher never takes the place of another agent's filter or of a stranger's, and names who has it", () => {
  const { machine, ifindex, attacher } = openAttacher({ mode: "tc", priority: 3 });
  const other = new Attacher(machine.kernel, machine.links, () => machine.program("weir_ingress"), {
    mode: "tc",
    order: "first",
    priority: 3,
  });
  other.attach(other.begin(), ifindex, "ethernet", "ingress");
  machine.putFilter(ifindex, "egress", { kind: "flower", priority: 3 });
  const attachment = attacher.begin();
  throws(
    () => attacher.attach(attachment, ifindex, "ethernet", "ingress"),
    (error: unknown) => error instanceof KernelError && error.errno === EEXIST && error.message.includes("tc_priority"),
  );
  throws(() => attacher.attach(attachment, ifindex, "ethernet", "egress"), /flower has priority 3 there/);
  attacher.detach(attachment, ifindex, "ingress");
  attacher.detach(attachment, ifindex, "egress");
  deepEqual(machine.on(ifindex, "ingress"), ["weir_ingress"]);
  deepEqual(machine.on(ifindex, "egress"), ["flower"]);
});

Deno.test("Attacher takes it well that a filter, its qdisc or its device is gone already, and nothing else", () => {
  for (const gone of ["filter", "clsact", "device"]) {
    const { machine, ifindex, attacher } = openAttacher({ mode: "tc" });
    const attachment = attacher.begin();
    attacher.attach(attachment, ifindex, "ethernet", "ingress");
    if (gone === "filter") machine.kernel.detachTc(ifindex, "ingress", { priority: 1, handle: TC_HANDLE });
    if (gone === "clsact") machine.setClsact(ifindex, false);
    if (gone === "device") machine.remove(ifindex);
    attacher.detach(attachment, ifindex, "ingress");
    if (gone === "filter") equal(machine.hasClsact(ifindex), false);
  }
  const { machine, ifindex, attacher } = openAttacher({ mode: "tc" });
  const attachment = attacher.begin();
  attacher.attach(attachment, ifindex, "ethernet", "ingress");
  machine.refuse("detachTc", EBUSY);
  throws(() => attacher.detach(attachment, ifindex, "ingress"), /errno 16/);
});

Deno.test("Attacher tells who else is on a hook, tcx programs before filters, and who is in front", () => {
  const { machine, ifindex, attacher } = openAttacher({ mode: "tc", priority: 5 });
  const tcx = machine.putTcx(ifindex, "ingress", "cil_from_netdev", "last");
  machine.putFilter(ifindex, "ingress", { kind: "matchall", priority: 4 });
  machine.putFilter(ifindex, "ingress", { name: "x.o:[tc]", programId: 999_983, priority: 6 });
  deepEqual(
    attacher.others(ifindex, "ingress").map(({ inFront }) => inFront),
    [false, false, false],
    "nobody is in front of a weir that is not there",
  );
  attacher.attach(attacher.begin(), ifindex, "ethernet", "ingress");
  deepEqual(attacher.others(ifindex, "ingress"), [
    { hook: "ingress", id: tcx.id, name: "cil_from_netdev", inFront: true },
    { hook: "ingress", id: 0, name: "matchall", inFront: true },
    { hook: "ingress", id: 999_983, name: "x.o:[tc]", inFront: false },
  ]);
});

Deno.test("Attacher does not take its own program for another's where the kernel tells no names", () => {
  const { machine, ifindex, attacher } = openAttacher({ order: "last" });
  machine.putTcx(ifindex, "ingress", "a", "last");
  attacher.attach(attacher.begin(), ifindex, "ethernet", "ingress");
  const { queryTcx } = machine.kernel;
  machine.kernel.queryTcx = (...args) =>
    queryTcx.apply(machine.kernel, args).map(({ id }) => ({ id, name: "?", tag: "" }));
  deepEqual(attacher.others(ifindex, "ingress").map(({ name, inFront }) => ({ name, inFront })), [
    { name: "?", inFront: true },
  ]);
});
