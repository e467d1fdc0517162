/** The devices of a real network namespace, and word of their changes. Needs root. */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import type { Device } from "../../src/capture/device.ts";
import { type LinkChange, openLinks } from "../../src/capture/links.ts";
import { openNamespace } from "../../src/capture/namespace.ts";
import { KernelError } from "../../src/errors.ts";

const HERE = "weir-links-test";
const THERE = "weir-links-far";
const OVERFLOWING_CHANGES = 6_007;
const DEADLINE_MS = 20_000;

function ip(words: string): void {
  const { success, stderr } = new Deno.Command("ip", { args: words.split(" ") }).outputSync();
  if (!success) throw new Error(`ip ${words}: ${new TextDecoder().decode(stderr)}`);
}

/** Runs many commands in one process. */
async function ipBatch(lines: string[]): Promise<void> {
  const child = new Deno.Command("ip", { args: ["-n", HERE, "-batch", "-"], stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n") + "\n"));
  await writer.close();
  ok((await child.status).success);
}

function openHere() {
  for (const name of [HERE, THERE]) ip(`netns add ${name}`);
  const namespace = openNamespace(`/run/netns/${HERE}`);
  const links = openLinks(namespace);
  return {
    links,
    namespace,
    [Symbol.dispose]() {
      links.close();
      namespace.close();
      for (const name of [HERE, THERE]) ip(`netns del ${name}`);
    },
  };
}

/** Takes changes until one fits. */
async function until(changes: AsyncGenerator<LinkChange>, fits: (change: LinkChange) => boolean): Promise<LinkChange> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("no such change in time")), deadline - performance.now());
    const { value } = await Promise.race([changes.next(), late.promise]).finally(() => clearTimeout(timer));
    ok(value, "changes go on");
    if (fits(value)) return value;
  }
}

Deno.test("Links lists the devices of a namespace with their kind, master and what is below or beside them", () => {
  using here = openHere();
  ip(`-n ${HERE} link add br0 type bridge`);
  ip(`-n ${HERE} link add pod0 type veth peer name eth0 netns ${THERE}`);
  ip(`-n ${HERE} link set pod0 master br0 up`);
  ip(`-n ${HERE} link add a0 type veth peer name b0`);
  ip(`-n ${HERE} link add mac0 link a0 type macvlan mode bridge`);
  ip(`-n ${HERE} link add vx0 type vxlan id 7 dev a0 dstport 4789`);
  const devices = new Map(here.links.list().map((device) => [device.name, device]));
  const index = (name: string) => devices.get(name)!.ifindex;
  const facts = (name: string) => {
    const { kind, master, link, linkElsewhere, hardwareType, up } = devices.get(name)!;
    return { kind, master, link, linkElsewhere, hardwareType, up };
  };
  const plain = { master: 0, link: 0, linkElsewhere: false, hardwareType: 1, up: false };
  deepEqual(facts("lo"), { ...plain, kind: "", hardwareType: 772 });
  deepEqual(facts("br0"), { ...plain, kind: "bridge" });
  deepEqual(facts("a0"), { ...plain, kind: "veth", link: index("b0") });
  deepEqual(facts("mac0"), { ...plain, kind: "macvlan", link: index("a0") });
  deepEqual(facts("vx0"), { ...plain, kind: "vxlan", link: index("a0") });
  const pod = facts("pod0");
  deepEqual({ ...pod, link: 0 }, { ...plain, kind: "veth", master: index("br0"), linkElsewhere: true, up: true });
  deepEqual(here.links.read(index("a0"))?.name, "a0");
  equal(here.links.read(99_991), undefined);
  deepEqual(here.links.filters(99_991, "ingress"), []);
  deepEqual(here.links.filters(index("a0"), "ingress"), []);
});

Deno.test("Links counts what a device received", () => {
  using here = openHere();
  ip(`-n ${HERE} link set lo up`);
  const before = here.links.read(1)!.counters;
  // a datagram to a port where nobody listens, and the answer that says so
  const script = "echo -n weir > /dev/udp/127.0.0.1/9";
  ok(new Deno.Command("ip", { args: ["netns", "exec", HERE, "bash", "-c", script] }).outputSync().success);
  const after = here.links.read(1)!.counters;
  equal(after.rxPackets - before.rxPackets, 2n);
  equal(after.rxBytes - before.rxBytes, 32n + 60n);
});

Deno.test("Links tells that devices come, change their names and state, and go", async () => {
  using here = openHere();
  const changes = here.links.changes();
  const isNew = (matches: (device: Device) => boolean) => (change: LinkChange) =>
    change.type === "new" && matches(change.device);
  equal((await changes.next()).value?.type, "all");
  ip(`-n ${HERE} link add a0 type veth peer name b0`);
  const added = await until(changes, isNew(({ name }) => name === "a0"));
  const { ifindex } = (added as { device: Device }).device;
  ip(`-n ${HERE} link set a0 up`);
  await until(changes, isNew((device) => device.ifindex === ifindex && device.up));
  ip(`-n ${HERE} link set a0 name c0`);
  await until(changes, isNew((device) => device.ifindex === ifindex && device.name === "c0"));
  ip(`-n ${HERE} link del c0`);
  await until(changes, (change) => change.type === "gone" && change.ifindex === ifindex);
  here.links.close();
  equal((await changes.next()).done, true);
});

Deno.test("Links tells all devices again after the kernel lost changes", async () => {
  using here = openHere();
  ip(`-n ${HERE} link add a0 type veth peer name b0`);
  const changes = here.links.changes();
  await changes.next();
  // more than the socket holds, and nobody listens meanwhile
  await ipBatch(Array.from({ length: OVERFLOWING_CHANGES }, (_, i) => `link set a0 ${i % 2 ? "down" : "up"}`));
  ip(`-n ${HERE} link set a0 name last0`);
  const all = await until(changes, ({ type }) => type === "all");
  ok(all.type === "all" && all.devices.some(({ name }) => name === "last0"));
  ip(`-n ${HERE} link set last0 name after0`);
  await until(changes, (change) => change.type === "new" && change.device.name === "after0");
  here.links.close();
  for await (const _ of changes); // to its end
});

Deno.test("openNamespace() runs work inside and comes back, whatever the work does", () => {
  using here = openHere();
  ip(`-n ${HERE} link add only-here type veth peer name b0`);
  const own = Deno.readTextFileSync("/proc/thread-self/net/dev");
  const inside = here.namespace.within(() => Deno.readTextFileSync("/proc/thread-self/net/dev"));
  ok(inside.includes("only-here") && !own.includes("only-here"));
  throws(() =>
    here.namespace.within(() => {
      throw new RangeError("work failed");
    }), RangeError);
  ok(!Deno.readTextFileSync("/proc/thread-self/net/dev").includes("only-here"));
  throws(
    () => openNamespace("/run/netns/weir-no-such"),
    (error: unknown) => error instanceof KernelError && /weir-no-such/.test(error.message),
  );
});
