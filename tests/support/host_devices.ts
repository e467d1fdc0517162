/** Devices of a pretended host, for the counting rule. */
import type { TableDevice } from "../../src/capture/device_table.ts";

/** A device that is up and attached; by default a physical one. Its interface id is its ifindex. */
export function hostDevice(facts: Partial<TableDevice> & { ifindex: number; name: string }): TableDevice {
  return {
    hardwareType: 1,
    up: true,
    kind: "",
    master: 0,
    link: 0,
    linkElsewhere: false,
    vlan: 0,
    xdpProgramId: 0,
    counters: { rxPackets: 0n, rxBytes: 0n, rxDropped: 0n, txPackets: 0n, txBytes: 0n },
    attached: true,
    interfaceId: facts.ifindex,
    ...facts,
  };
}

export const LO = 1;
export const ETH = 2;
export const BRIDGE = 3;
export const POD_A = 4;
export const POD_B = 5;

/** Loopback, a NIC, and a bridge with two pods' veths on it. */
export function bridgedHost(): TableDevice[] {
  return [
    hostDevice({ ifindex: LO, name: "lo", hardwareType: 772 }),
    hostDevice({ ifindex: ETH, name: "eth0" }),
    hostDevice({ ifindex: BRIDGE, name: "br0", kind: "bridge" }),
    hostDevice({ ifindex: POD_A, name: "vethA", kind: "veth", master: BRIDGE, link: 2, linkElsewhere: true }),
    hostDevice({ ifindex: POD_B, name: "vethB", kind: "veth", master: BRIDGE, link: 2, linkElsewhere: true }),
  ];
}

/** The same devices, of which only these are attached. */
export function onlyAttached(devices: TableDevice[], ifindexes: number[]): TableDevice[] {
  return devices.map((device) => ({ ...device, attached: ifindexes.includes(device.ifindex) }));
}
