import { deepEqual, equal, ok } from "node:assert/strict";
import { describeDevices, DeviceFlag, type TableDevice, writeDeviceTable } from "../../src/capture/device_table.ts";
import { DEVICES_MAX, VLANS_MAX } from "../../src/limits.ts";
import { DEVICE_TABLE_BYTES } from "../../src/memory_plan.ts";
import { tableDevice } from "../support/device.ts";

const { LOOPBACK, COVERED, INGRESS_SEEN_BELOW, INGRESS_ASSUMED_BELOW, EGRESS_SEEN_ABOVE, ENDPOINT } = DeviceFlag;
const { CARRIES_UDP, CARRIES_GRE, CARRIES_IP, CARRIES_ESP } = DeviceFlag;
const CARRIES_ANY = CARRIES_UDP | CARRIES_GRE | CARRIES_IP | CARRIES_ESP;
const ARPHRD_LOOPBACK = 772;
const ARPHRD_NONE = 65_534;

/** Flags by ifindex. */
function flagsOf(...devices: TableDevice[]): Record<number, number> {
  return Object.fromEntries([...describeDevices(devices)].map(([ifindex, { flags }]) => [ifindex, flags]));
}

/** Domains by ifindex. */
function domainsOf(...devices: TableDevice[]): Record<number, number> {
  return Object.fromEntries([...describeDevices(devices)].map(([ifindex, { domain }]) => [ifindex, domain]));
}

Deno.test("describeDevices() says of a NIC that it covers what enters by it, if it is attached", () => {
  deepEqual(flagsOf(tableDevice({ ifindex: 1 }), tableDevice({ ifindex: 2, attached: false })), { 1: COVERED, 2: 0 });
});

Deno.test("describeDevices() knows loopback", () => {
  deepEqual(flagsOf(tableDevice({ ifindex: 1, hardwareType: ARPHRD_LOOPBACK })), { 1: LOOPBACK | COVERED });
});

Deno.test("describeDevices() has a bridge see its ports' packets again, when all ports are attached", () => {
  const bridge = tableDevice({ ifindex: 10, kind: "bridge" });
  const first = tableDevice({ ifindex: 11, kind: "veth", link: 2, linkElsewhere: true, master: 10 });
  const second = tableDevice({ ifindex: 12, master: 10 });
  deepEqual(flagsOf(bridge, first, second), {
    10: COVERED | INGRESS_SEEN_BELOW,
    11: COVERED | EGRESS_SEEN_ABOVE | ENDPOINT,
    12: COVERED | EGRESS_SEEN_ABOVE,
  });
  deepEqual(flagsOf(bridge, first, { ...second, attached: false }), {
    10: COVERED,
    11: COVERED | EGRESS_SEEN_ABOVE | ENDPOINT,
    12: EGRESS_SEEN_ABOVE,
  });
  deepEqual(flagsOf({ ...bridge, attached: false }, first, second), {
    10: COVERED | INGRESS_SEEN_BELOW,
    11: COVERED | ENDPOINT,
    12: COVERED,
  }, "what enters by a bridge that is not attached is seen on its ports all the same");
  deepEqual(flagsOf(bridge), { 10: COVERED }, "a bridge without ports has only its own traffic");
});

Deno.test("describeDevices() treats a bond as a bridge, and a VRF's traffic as its ports'", () => {
  const port = tableDevice({ ifindex: 21, master: 20 });
  equal(flagsOf(tableDevice({ ifindex: 20, kind: "bond" }), port)[21], COVERED | EGRESS_SEEN_ABOVE);
  equal(flagsOf(tableDevice({ ifindex: 20, kind: "team" }), port)[21], COVERED | EGRESS_SEEN_ABOVE);
  const vrf = flagsOf(tableDevice({ ifindex: 20, kind: "vrf" }), port);
  equal(vrf[21], COVERED, "a VRF's packets pass its port's egress hook only");
  equal(vrf[20], COVERED | INGRESS_SEEN_BELOW);
});

Deno.test("describeDevices() follows stacks of devices down to those that are attached", () => {
  const nic = tableDevice({ ifindex: 1 });
  const bond = tableDevice({ ifindex: 2, kind: "bond", attached: false });
  const vlan = tableDevice({ ifindex: 3, kind: "vlan", link: 2, vlan: 100 });
  const macvlan = tableDevice({ ifindex: 4, kind: "macvlan", link: 3, attached: false });
  const flags = flagsOf({ ...nic, master: 2 }, bond, vlan, macvlan);
  equal(flags[3], COVERED | INGRESS_SEEN_BELOW);
  equal(flags[4], COVERED | INGRESS_SEEN_BELOW);
  equal(flagsOf({ ...nic, master: 2, attached: false }, bond, vlan, macvlan)[3], COVERED);
  equal(flagsOf({ ...nic, master: 2, attached: false }, bond, { ...vlan, attached: false }, macvlan)[4], 0);
});

Deno.test("describeDevices() takes what comes out of a veth for seen where its other end is attached here", () => {
  const first = tableDevice({ ifindex: 31, kind: "veth", link: 32 });
  const second = tableDevice({ ifindex: 32, kind: "veth", link: 31 });
  deepEqual(flagsOf(first, second), { 31: COVERED | INGRESS_SEEN_BELOW, 32: COVERED | INGRESS_SEEN_BELOW });
  deepEqual(flagsOf(first, { ...second, attached: false }), { 31: COVERED, 32: INGRESS_SEEN_BELOW });
  const elsewhere = { ...first, linkElsewhere: true };
  equal(flagsOf(elsewhere, second)[31], COVERED | ENDPOINT, "index 32 of another namespace is another device");
});

Deno.test("describeDevices() knows where workloads are: containers' veths and machines' taps, not tuns", () => {
  const endpoint = (facts: Partial<TableDevice>) =>
    (flagsOf(tableDevice({ ifindex: 5, ...facts }))[5]! & ENDPOINT) !== 0;
  equal(endpoint({ kind: "veth", link: 2, linkElsewhere: true }), true);
  equal(endpoint({ kind: "netkit", link: 2, linkElsewhere: true }), true);
  equal(endpoint({ kind: "veth", link: 2 }), false);
  equal(endpoint({ kind: "tun" }), true);
  equal(endpoint({ kind: "tun", hardwareType: ARPHRD_NONE }), false);
  equal(endpoint({ kind: "vxlan", link: 2, linkElsewhere: true }), false);
});

Deno.test("describeDevices() tells a tunnel's packets as seen, where the device below is known, and assumed else", () => {
  const nic = tableDevice({ ifindex: 1 });
  const bound = tableDevice({ ifindex: 40, kind: "vxlan", link: 1 });
  equal(flagsOf(nic, bound)[40], COVERED | INGRESS_SEEN_BELOW);
  equal(flagsOf({ ...nic, attached: false }, bound)[40], COVERED);
  const free = tableDevice({ ifindex: 40, kind: "wireguard", hardwareType: ARPHRD_NONE });
  equal(flagsOf(nic, free)[40], COVERED | INGRESS_ASSUMED_BELOW);
  equal(flagsOf({ ...nic, attached: false }, free)[40], COVERED);
  for (const kind of ["veth", "tun", "gre"]) {
    const other = tableDevice({ ifindex: 1, kind });
    equal(flagsOf(other, free)[40], COVERED, `a ${kind} carries no tunnel's packets out`);
  }
});

Deno.test("describeDevices() tells by which devices an attached tunnel's packets go out", () => {
  const nic = tableDevice({ ifindex: 1 });
  const bridge = tableDevice({ ifindex: 2, kind: "bridge" });
  const port = tableDevice({ ifindex: 3, master: 2 });
  const vxlan = tableDevice({ ifindex: 40, kind: "vxlan", link: 2 });
  const ipip = tableDevice({ ifindex: 41, kind: "ipip" });
  const carried = (...devices: TableDevice[]) =>
    [1, 2, 3].map((ifindex) => (flagsOf(nic, bridge, port, ...devices)[ifindex] ?? 0) & CARRIES_ANY);
  deepEqual(carried(), [0, 0, 0]);
  deepEqual(carried(vxlan), [0, CARRIES_UDP, CARRIES_UDP], "by its lower device, and by all below that");
  deepEqual(carried({ ...vxlan, attached: false }), [0, 0, 0], "nobody saw the packets inside");
  deepEqual(carried(ipip), [CARRIES_IP, CARRIES_IP, CARRIES_IP], "by any device");
  deepEqual(carried({ ...ipip, kind: "wireguard" }), [0, 0, 0], "nothing tells WireGuard's from other packets");
});

Deno.test("describeDevices() ends where devices form a circle", () => {
  const first = tableDevice({ ifindex: 1, kind: "macvlan", link: 2, master: 2, attached: false });
  const second = tableDevice({ ifindex: 2, kind: "macvlan", link: 1, master: 1, attached: false });
  deepEqual(flagsOf(first, second), { 1: 0, 2: 0 });
  deepEqual(domainsOf(first, second), { 1: 0, 2: 0 });
});

Deno.test("describeDevices() puts devices of a VRF, and what is above a port of it, into the VRF's domain", () => {
  const vrf = tableDevice({ ifindex: 50, kind: "vrf" });
  const bridge = tableDevice({ ifindex: 51, kind: "bridge", master: 50 });
  const port = tableDevice({ ifindex: 52, master: 51 });
  const free = tableDevice({ ifindex: 53 });
  deepEqual(domainsOf(vrf, bridge, port, free), { 50: 50, 51: 50, 52: 50, 53: 0 });
});

/** Reads the table as wasm/devices.ts does: by open addressing from the hash on. */
function tableReader(devices: TableDevice[]) {
  const region = new Uint8Array(DEVICE_TABLE_BYTES).fill(0xff); // what was there before must not show
  writeDeviceTable(region, devices);
  const view = new DataView(region.buffer);
  const deviceMask = view.getUint32(0, true);
  const vlanMask = view.getUint32(4, true);
  const find = (base: number, mask: number, hash: number, matches: (at: number) => boolean) => {
    for (let place = (hash >>> 8) & mask;; place = (place + 1) & mask) {
      const at = base + place * 16;
      if (!view.getUint32(at, true)) return undefined;
      if (matches(at)) return [4, 8, 12].map((offset) => view.getUint32(at + offset, true));
    }
  };
  return {
    device: (ifindex: number) =>
      find(16, deviceMask, Math.imul(ifindex, 0x9e3779b1), (at) => view.getUint32(at, true) === ifindex),
    vlan: (ifindex: number, vlan: number) =>
      find(
        16 + (deviceMask + 1) * 16,
        vlanMask,
        Math.imul(ifindex, 0x9e3779b1) ^ Math.imul(vlan, 0x85ebca6b),
        (at) => view.getUint32(at, true) === ifindex && view.getUint32(at + 4, true) === vlan,
      ),
  };
}

Deno.test("writeDeviceTable() lays out flags, domain and interface id of each device, and the VLANs above it", () => {
  const table = tableReader([
    tableDevice({ ifindex: 50, kind: "vrf" }),
    tableDevice({ ifindex: 7, interfaceId: 65_535 }),
    tableDevice({ ifindex: 8, kind: "vlan", link: 7, vlan: 100, master: 50 }),
    tableDevice({ ifindex: 9, kind: "vlan", link: 7, vlan: 101, attached: false }),
    tableDevice({ ifindex: 10, kind: "vlan", link: 7, vlan: 102, linkElsewhere: true }),
  ]);
  deepEqual(table.device(7), [COVERED, 0, 65_535]);
  deepEqual(table.device(8), [COVERED | INGRESS_SEEN_BELOW, 50, 8]);
  equal(table.device(77), undefined);
  deepEqual(table.vlan(7, 100), [100, 50, 1]);
  deepEqual(table.vlan(7, 101), [101, 0, 0]);
  equal(table.vlan(7, 102), undefined, "its lower device is another namespace's");
});

Deno.test("writeDeviceTable() takes as many devices and VLANs as limits say, and no more", () => {
  const devices = Array.from({ length: DEVICES_MAX + 3 }, (_, i) => tableDevice({ ifindex: 1 + i * 256 }));
  const table = tableReader(devices);
  for (const { ifindex } of devices.slice(0, DEVICES_MAX)) ok(table.device(ifindex), `${ifindex}`);
  equal(table.device(devices.at(-1)!.ifindex), undefined);
  const vlans = Array.from(
    { length: VLANS_MAX + 3 },
    (_, i) => tableDevice({ ifindex: i + 10, kind: "vlan", link: 7, vlan: i + 1 }),
  );
  const vlanTable = tableReader(vlans);
  for (let vlan = 1; vlan <= VLANS_MAX; vlan++) ok(vlanTable.vlan(7, vlan), `${vlan}`);
  equal(vlanTable.vlan(7, VLANS_MAX + 3), undefined);
});
