import assert from "node:assert/strict";
import { type Device, isUnderlay } from "../../src/capture/device.ts";

function device(kind: string, hardwareType = 1): Device {
  return {
    ifindex: 2,
    name: "d0",
    hardwareType,
    up: true,
    kind,
    master: 0,
    link: 0,
    linkElsewhere: false,
    vlan: 0,
    xdpProgramId: 0,
    counters: { rxPackets: 0n, rxBytes: 0n, rxDropped: 0n, txPackets: 0n, txBytes: 0n },
  };
}

Deno.test("isUnderlay() is true of devices by which a tunnel's packets can come in, and only of those", () => {
  for (const kind of ["", "vlan", "bridge", "bond", "macvlan"]) assert(isUnderlay(device(kind)), kind);
  for (const kind of ["dummy", "ifb", "tun", "veth", "geneve", "gre", "wireguard"]) {
    assert(!isUnderlay(device(kind)), kind);
  }
  assert(!isUnderlay(device("", 772)), "loopback");
});
