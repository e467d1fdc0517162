/** Devices of a pretended host, for the counting rule. */
import type { TableDevice } from "../../src/capture/device_table.ts";
import { tableDevice } from "./device.ts";

export const LO = 1;
export const ETH = 2;
export const BRIDGE = 3;
export const POD_A = 4;
export const POD_B = 5;

/** Loopback, a NIC, and a bridge with two pods' veths on it. */
export function bridgedHost(): TableDevice[] {
  return [
    tableDevice({ ifindex: LO, name: "lo", hardwareType: 772 }),
    tableDevice({ ifindex: ETH, name: "eth0" }),
    tableDevice({ ifindex: BRIDGE, name: "br0", kind: "bridge" }),
    tableDevice({ ifindex: POD_A, name: "vethA", kind: "veth", master: BRIDGE, link: 2, linkElsewhere: true }),
    tableDevice({ ifindex: POD_B, name: "vethB", kind: "veth", master: BRIDGE, link: 2, linkElsewhere: true }),
  ];
}

/** The same devices, of which only these are attached. */
export function onlyAttached(devices: TableDevice[], ifindexes: number[]): TableDevice[] {
  return devices.map((device) => ({ ...device, attached: ifindexes.includes(device.ifindex) }));
}
