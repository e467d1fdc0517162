import { deepEqual, equal, ok } from "node:assert/strict";
import { Attacher, type AttachOptions } from "../../src/capture/attach.ts";
import type { TableDevice } from "../../src/capture/device_table.ts";
import { chooseInterfaces } from "../../src/capture/interfaces.ts";
import { Watcher } from "../../src/capture/watcher.ts";
import { DEVICE_MEMORY_MS } from "../../src/limits.ts";
import { EBUSY, ENODEV, EPERM } from "../../src/libc.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

const ARPHRD_INFINIBAND = 32;
const ARPHRD_NONE = 65_534;

/** A watcher on a fake machine, and what it said. */
function openWatcher(patterns: string[] = [], options: Partial<AttachOptions> = {}) {
  const machine = new FakeMachine();
  const said: string[] = [];
  const programs = { suffix: "" };
  let table: TableDevice[] = [];
  const attacher = new Attacher(
    machine.kernel,
    machine.links,
    (link, hook) => machine.program(`weir_${hook}${link === "ip" ? "_ip" : ""}${programs.suffix}`),
    { mode: "tcx", order: "first", priority: 1, ...options },
  );
  const watcher = new Watcher(attacher, machine.links, chooseInterfaces(patterns), {
    changed: (devices) => table = devices,
    attached: ({ device }) => said.push(`attached ${device.name}`),
    detached: ({ device }, why) => said.push(`detached ${device.name}: ${why}`),
    failed: ({ device, problem }) => said.push(`failed ${device.name}: ${problem}`),
  });
  return { machine, watcher, said, programs, table: () => table };
}

Deno.test("Watcher attaches both hooks of wanted devices that are up, all ingress hooks first", () => {
  const { machine, watcher, said } = openWatcher(["eth*"]);
  const first = machine.add({ name: "eth0" });
  const second = machine.add({ name: "eth1" });
  machine.add({ name: "eth2", up: false });
  machine.add({ name: "lo" });
  watcher.apply(machine.all(), 0);
  deepEqual(machine.calls, [
    "linkTcx eth0 ingress",
    "linkTcx eth1 ingress",
    "linkTcx eth0 egress",
    "linkTcx eth1 egress",
  ]);
  deepEqual(said, ["attached eth0", "attached eth1"]);
  deepEqual(machine.on(first.ifindex, "ingress"), ["weir_ingress"]);
  deepEqual(machine.on(second.ifindex, "egress"), ["weir_egress"]);
  equal(watcher.nextTickMs(), undefined);
});

Deno.test("Watcher puts the program for packets without a link header on devices that have none", () => {
  const { machine, watcher } = openWatcher();
  const tun = machine.add({ name: "tun0", kind: "tun", hardwareType: ARPHRD_NONE });
  watcher.apply(machine.all(), 0);
  deepEqual(machine.on(tun.ifindex, "egress"), ["weir_egress_ip"]);
});

for (const mode of ["tcx", "tc"] as const) {
  Deno.test(`Watcher puts the programs of now in the place of those before, by ${mode}, and nowhere else`, () => {
    const { machine, watcher, said, programs } = openWatcher(["eth*"], { mode });
    const { ifindex } = machine.add({ name: "eth0" });
    const second = machine.add({ name: "eth1", up: false });
    watcher.apply(machine.all(), 0);
    programs.suffix = "_new";
    machine.calls.length = 0;
    watcher.replaceAll(1);
    const call = mode === "tcx" ? "relinkTcx" : "replaceTc";
    deepEqual(machine.calls, [`${call} eth0 ingress`, `${call} eth0 egress`]);
    deepEqual([...machine.on(ifindex, "ingress"), ...machine.on(ifindex, "egress")], [
      "weir_ingress_new",
      "weir_egress_new",
    ]);
    deepEqual(said, ["attached eth0"]);
    // a device that comes up later gets the new one
    watcher.apply(machine.change(second.ifindex, { up: true }), 2);
    deepEqual(said, ["attached eth0", "attached eth1"]);
  });
}

Deno.test("Watcher attaches anew where the kernel refuses to put a program in another's place", () => {
  const { machine, watcher, said, programs } = openWatcher();
  const { ifindex } = machine.add({ name: "eth0" });
  watcher.apply(machine.all(), 0);
  programs.suffix = "_new";
  machine.refuse("relinkTcx", EBUSY);
  watcher.replaceAll(1);
  deepEqual(machine.on(ifindex, "ingress"), ["weir_ingress_new"]);
  deepEqual(machine.on(ifindex, "egress"), ["weir_egress_new"]);
  deepEqual(said.length, 3, `${said}`);
});

Deno.test("Watcher attaches a device that comes later, and one that comes up later", () => {
  const { machine, watcher, said } = openWatcher();
  watcher.apply(machine.all(), 0);
  const late = machine.add({ name: "veth7", up: false });
  watcher.apply({ type: "new", device: late }, 10);
  deepEqual(said, []);
  watcher.apply(machine.change(late.ifindex, { up: true }), 20);
  deepEqual(said, ["attached veth7"]);
  watcher.apply(machine.change(late.ifindex, { up: false }), 30);
  watcher.apply(machine.change(late.ifindex, { up: true }), 40);
  deepEqual(said, ["attached veth7"], "down and up again leave the hooks as they are");
  equal(machine.openLinkCount(), 2);
});

Deno.test("Watcher lets go of a device whose new name is not wanted, and takes one whose new name is", () => {
  const { machine, watcher, said, table } = openWatcher(["eth*"]);
  const device = machine.add({ name: "eth0" });
  watcher.apply(machine.all(), 0);
  watcher.apply(machine.change(device.ifindex, { name: "spare0" }), 10);
  deepEqual(said.splice(0), ["attached eth0", "detached spare0: spare0 is not wanted"]);
  deepEqual(machine.on(device.ifindex, "ingress"), []);
  equal(table()[0]?.attached, false);
  watcher.apply(machine.change(device.ifindex, { name: "eth9" }), 20);
  deepEqual(said, ["attached eth9"]);
  equal(table()[0]?.attached, true);
  equal(table()[0]?.name, "eth9");
});

Deno.test("Watcher changes the program of a device whose packets begin otherwise now", () => {
  const { machine, watcher } = openWatcher();
  const device = machine.add({ name: "tap0", kind: "tun" });
  watcher.apply(machine.all(), 0);
  watcher.apply(machine.change(device.ifindex, { hardwareType: ARPHRD_NONE }), 10);
  deepEqual(machine.on(device.ifindex, "ingress"), ["weir_ingress_ip"]);
  deepEqual(machine.on(device.ifindex, "egress"), ["weir_egress_ip"]);
  equal(machine.openLinkCount(), 2);
});

Deno.test("Watcher closes the links of a device that is gone, and remembers it for the counting rule for a while", () => {
  const { machine, watcher, said, table } = openWatcher();
  const device = machine.add({ name: "eth0" });
  watcher.apply(machine.all(), 0);
  watcher.apply(machine.remove(device.ifindex), 1_000);
  deepEqual(said, ["attached eth0", "detached eth0: the device is gone"]);
  equal(machine.openLinkCount(), 0);
  equal(table()[0]?.attached, true, "its last packets may still lie in slots");
  equal(watcher.nextTickMs(), 1_000 + DEVICE_MEMORY_MS);
  watcher.tick(1_000 + DEVICE_MEMORY_MS - 1);
  equal(watcher.devices().length, 1);
  watcher.tick(1_000 + DEVICE_MEMORY_MS);
  deepEqual(watcher.devices(), []);
  deepEqual(table(), []);
});

Deno.test("Watcher gives a device that comes back under an old index an interface id of its own", () => {
  const { machine, watcher } = openWatcher();
  const device = machine.add({ name: "eth0" });
  watcher.apply(machine.all(), 0);
  const before = watcher.devices()[0]!.interfaceId;
  watcher.apply(machine.remove(device.ifindex), 10);
  watcher.apply({ type: "new", device: machine.add({ name: "eth1", ifindex: device.ifindex }) }, 20);
  equal(watcher.devices().length, 1);
  ok(watcher.devices()[0]!.interfaceId !== before);
  ok(watcher.devices()[0]!.attachment);
});

Deno.test("Watcher brings everything in line after missed changes", () => {
  const { machine, watcher, said } = openWatcher();
  const stays = machine.add({ name: "eth0" });
  const goes = machine.add({ name: "eth1" });
  const wakes = machine.add({ name: "eth2", up: false });
  watcher.apply(machine.all(), 0);
  said.length = 0;
  machine.remove(goes.ifindex);
  machine.change(wakes.ifindex, { up: true });
  machine.add({ name: "eth3" });
  watcher.apply(machine.all(), 10);
  deepEqual(said, ["detached eth1: the device is gone", "attached eth2", "attached eth3"]);
  deepEqual(machine.on(stays.ifindex, "ingress"), ["weir_ingress"], "once, not twice");
});

Deno.test("Watcher follows a stream of changes with an overflow in it to the same end", async () => {
  const { machine, watcher } = openWatcher();
  const first = machine.add({ name: "eth0" });
  const changes = machine.links.changes();
  const take = async () => watcher.apply((await changes.next()).value!, 0);
  await take(); // the beginning
  machine.remove(first.ifindex);
  machine.add({ name: "eth1" });
  machine.overflow();
  await take();
  deepEqual(watcher.devices().map(({ device, goneAtMs }) => [device.name, goneAtMs === undefined]), [
    ["eth0", false],
    ["eth1", true],
  ]);
  machine.links.close();
  equal((await changes.next()).done, true);
});

Deno.test("Watcher tries a failed attach again, later each time, up to a minute, and says each problem once", () => {
  const { machine, watcher, said } = openWatcher();
  const device = machine.add({ name: "eth0" });
  machine.refuse("linkTcx", EBUSY, { times: 8 });
  watcher.apply(machine.all(), 0);
  const waits: number[] = [];
  let now = 0;
  while (watcher.nextTickMs() !== undefined && waits.length < 20) {
    const next = watcher.nextTickMs()!;
    watcher.tick(next - 1); // too early: nothing happens
    waits.push(next - now);
    now = next;
    watcher.tick(now);
  }
  deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  deepEqual(said, ["failed eth0: Cannot linkTcx: errno 16", "attached eth0"]);
  deepEqual(machine.on(device.ifindex, "egress"), ["weir_egress"]);
  equal(watcher.devices()[0]!.problem, undefined);

  machine.refuse("linkTcx", EPERM);
  watcher.apply(machine.remove(device.ifindex), now);
  watcher.apply({ type: "new", device: machine.add({ name: "eth1" }) }, now);
  equal(watcher.nextTickMs(), now + 1_000, "a device's waits are its own");
});

Deno.test("Watcher takes the ingress hook off again where the egress hook fails", () => {
  const { machine, watcher, said, table } = openWatcher();
  const device = machine.add({ name: "eth0" });
  machine.refuse("linkTcx", EBUSY, { hook: "egress" });
  watcher.apply(machine.all(), 0);
  deepEqual(machine.on(device.ifindex, "ingress"), []);
  equal(machine.openLinkCount(), 0);
  equal(table()[0]?.attached, false);
  deepEqual(said, ["failed eth0: Cannot linkTcx: errno 16"]);
  const { attachedAt, detachedAt } = watcher.devices()[0]!;
  ok(attachedAt && detachedAt, "the audit knows that weir was there for a moment only");
});

Deno.test("Watcher tries a device that went down with a problem again only when it is up", () => {
  const { machine, watcher, said } = openWatcher();
  const device = machine.add({ name: "eth0" });
  machine.refuse("linkTcx", EBUSY);
  watcher.apply(machine.all(), 0);
  watcher.apply(machine.change(device.ifindex, { up: false }), 10);
  equal(watcher.nextTickMs(), undefined, "or the timer would fire again and again for nothing");
  watcher.apply(machine.change(device.ifindex, { up: true }), 5_000);
  deepEqual(said, ["failed eth0: Cannot linkTcx: errno 16", "attached eth0"]);
});

Deno.test("Watcher says once that it cannot read a kind of device, and does not try again", () => {
  const { machine, watcher, said } = openWatcher();
  const device = machine.add({ name: "ib0", hardwareType: ARPHRD_INFINIBAND });
  watcher.apply(machine.all(), 0);
  watcher.apply(machine.change(device.ifindex, { up: true }), 10);
  deepEqual(said, ["failed ib0: its hardware type 32 is not one weir can read"]);
  equal(watcher.nextTickMs(), undefined);
  deepEqual(machine.calls, []);
});

Deno.test("Watcher survives a device that disappears at any step of an attach", () => {
  for (const call of ["read", "linkTcx", "queryTcx"] as const) {
    for (let succeeding = 0; succeeding < 5; succeeding++) {
      const { machine, watcher } = openWatcher();
      const device = machine.add({ name: "veth0" });
      let calls = 0;
      // the device goes at one of its calls, before netlink tells
      const original = call === "read" ? machine.links : machine.kernel;
      const real = Reflect.get(original, call);
      Reflect.set(original, call, (...args: unknown[]) => {
        if (calls++ === succeeding) machine.remove(device.ifindex);
        return real(...args);
      });
      watcher.apply(machine.all(), 0);
      Reflect.set(original, call, real);
      watcher.apply({ type: "gone", ifindex: device.ifindex }, 10);
      equal(machine.openLinkCount(), 0, `${call} after ${succeeding}`);
      equal(watcher.nextTickMs(), 10 + DEVICE_MEMORY_MS, `${call} after ${succeeding}`);
    }
  }
});

Deno.test("Watcher takes everything off at the end, egress hooks first, whatever fails", () => {
  const { machine, watcher, said } = openWatcher([], { mode: "tc" });
  const first = machine.add({ name: "eth0" });
  const second = machine.add({ name: "eth1" });
  const third = machine.add({ name: "eth2" });
  watcher.apply(machine.all(), 0);
  machine.calls.length = said.length = 0;
  machine.setClsact(first.ifindex, false); // somebody removed the qdisc
  machine.remove(second.ifindex); // netlink did not tell yet
  watcher.releaseAll();
  deepEqual(machine.calls.slice(0, 3), [
    "detachTc eth0 egress",
    `detachTc #${second.ifindex} egress`,
    "detachTc eth2 egress",
  ]);
  deepEqual(said, ["eth0", "eth1", "eth2"].map((name) => `detached ${name}: weir stops`));
  equal(machine.hasClsact(third.ifindex), false);
});

Deno.test("Watcher counts what a device counted while weir was on it, over several attaches", () => {
  const { machine, watcher } = openWatcher(["eth*"]);
  const { ifindex } = machine.add({ name: "eth0" });
  machine.receive(ifindex, 1_009n, 100_003n); // before weir
  watcher.apply(machine.all(), 0);
  machine.receive(ifindex, 11n, 1_103n);
  watcher.apply(machine.change(ifindex, { name: "other0" }), 1);
  machine.receive(ifindex, 5_003n, 50_021n); // while weir was away
  watcher.apply(machine.change(ifindex, { name: "eth0" }), 2);
  machine.receive(ifindex, 13n, 1_301n);
  const { attachedAt, detachedAt } = watcher.devices()[0]!;
  equal(detachedAt, undefined);
  const now = machine.links.read(ifindex)!.counters;
  equal(now.rxPackets - attachedAt!.after.rxPackets, 24n);
  equal(now.rxBytes - attachedAt!.before.rxBytes, 2_404n);
});

Deno.test("Watcher sees who comes to the hooks later, and that somebody took weir off", () => {
  const { machine, watcher } = openWatcher([], { mode: "tc" });
  const { ifindex } = machine.add({ name: "eth0" });
  watcher.apply(machine.all(), 0);
  const watched = watcher.devices()[0]!;
  deepEqual(watched.others, []);
  const { id } = machine.putTcx(ifindex, "ingress", "bouncer", "first");
  machine.putFilter(ifindex, "egress", { priority: 50, kind: "flower" });
  watcher.lookAround();
  deepEqual(watched.others, [
    { hook: "ingress", id, name: "bouncer", inFront: true },
    { hook: "egress", id: 0, name: "flower", inFront: false },
  ]);
  deepEqual(watched.removed, []);
  machine.setClsact(ifindex, false);
  watcher.lookAround();
  deepEqual(watched.removed, ["ingress", "egress"]);
  machine.refuse("queryTcx", ENODEV);
  watcher.lookAround(); // goes away just now: no matter
});
