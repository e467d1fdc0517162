import assert from "node:assert/strict";
import { tableDevice } from "../support/device.ts";
import { ETH } from "../support/host_devices.ts";
import type { Sighting } from "../support/slot_writer.ts";
import { openTableRig, START_NS } from "../support/table_rig.ts";

const TAGGED = 7;
const devices = [
  tableDevice({ ifindex: ETH, name: "eth0" }),
  tableDevice({ ifindex: TAGGED, name: "eth0.5", kind: "vlan", link: ETH, vlan: 5 }),
];

/** The VLAN of the one flow that these sightings, read in this order, are of. */
async function vlanOf(sightings: Sighting[]): Promise<number> {
  const rig = await openTableRig({}, devices);
  for (const sighting of sightings) {
    rig.slots.see({ packets: 3, ...sighting });
    rig.count();
  }
  const records = rig.flush();
  assert.equal(records.length, 1);
  return records[0]!.vlan;
}

Deno.test("a flow has its packets' tag, in whatever order the points that saw them are read", async () => {
  const comingIn: Sighting[] = [
    { ifindex: ETH, ingressIfindex: ETH, vlan: 5, atNs: START_NS + 1n },
    { ifindex: TAGGED, ingressIfindex: TAGGED, vlan: 0, atNs: START_NS + 2n },
  ];
  const goingOut: Sighting[] = [
    { ifindex: TAGGED, hook: "egress", vlan: 0, atNs: START_NS + 1n },
    { ifindex: ETH, hook: "egress", vlan: 5, atNs: START_NS + 2n },
  ];
  for (const sightings of [comingIn, goingOut]) {
    assert.equal(await vlanOf(sightings), 5);
    assert.equal(await vlanOf(sightings.toReversed()), 5);
  }
});
