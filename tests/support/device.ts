/** A device of the counting rule, for tests: an Ethernet device that is up and attached, unless said otherwise. */
import type { TableDevice } from "../../src/capture/device_table.ts";

export function tableDevice(facts: Partial<TableDevice> & { ifindex: number }): TableDevice {
  return {
    name: `dev${facts.ifindex}`,
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
