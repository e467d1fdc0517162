import { deepEqual, equal, match } from "node:assert/strict";
import type { ChainedProgram } from "../../src/capture/attach.ts";
import { interfacesView } from "../../src/serve/interfaces_view.ts";
import { interfacesText } from "../../src/verbs/interfaces_text.ts";
import { tableDevice } from "../support/device.ts";
import { FakeAgent, watchedDevice } from "../support/fake_agent.ts";

const OURS: ChainedProgram = {
  id: 7,
  name: "weir_ingress",
  tag: "d07fcc0f8c7bd5a1",
  mode: "tcx",
  priority: 0,
  handle: 0,
  ours: true,
};
const FILTER: ChainedProgram = { id: 0, name: "flower", tag: "", mode: "tc", priority: 3, handle: 1, ours: false };

function agentWith(chains: { ingress: ChainedProgram[]; egress: ChainedProgram[] }): FakeAgent {
  const fake = new FakeAgent();
  fake.chainsByDevice.set(7, chains);
  return fake;
}

Deno.test("interfacesView() tells each program's place, and only of filters their priority and handle", () => {
  const { interfaces } = interfacesView(agentWith({ ingress: [OURS, FILTER], egress: [] }).agent);
  equal(interfaces.length, 1);
  const { ingress, egress } = interfaces[0]!.hooks;
  deepEqual([ingress.packets, ingress.bytes, egress.packets], [7, 7 * 107, 14]);
  const { tag, name } = OURS;
  deepEqual(ingress.programs, [
    { position: 1, mode: "tcx", name, id: 7, tag, priority: null, handle: null, ours: true },
    { position: 2, mode: "tc", name: "flower", id: null, tag: null, priority: 3, handle: 1, ours: false },
  ]);
});

Deno.test("interfacesView() says what is wrong: a failure, a program that somebody took off; and nothing of what is gone", () => {
  const fake = new FakeAgent();
  fake.watched = [
    watchedDevice(7, "eth0", { removed: ["egress"] }),
    watchedDevice(8, "eth1", { problem: "no room" }),
    watchedDevice(9, "old0", { goneAtMs: 1 }),
  ];
  const said = interfacesView(fake.agent).interfaces.map(({ name, problem }) => [name, problem]);
  deepEqual(said, [["eth0", "somebody took weir's program off egress"], ["eth1", "no room"]]);
});

Deno.test("interfacesText() shows hooks in columns, an XDP program before them, and why a device is not attached to", () => {
  const fake = agentWith({ ingress: [OURS, FILTER], egress: [] });
  const down = watchedDevice(8, "eth1");
  delete down.attachment;
  down.device = tableDevice({ ifindex: 8, name: "eth1", up: false });
  fake.watched[0]!.device = { ...fake.watched[0]!.device, xdpProgramId: 977 };
  fake.watched.push(down);
  const text = interfacesText(interfacesView(fake.agent));
  match(text, /\neth0 +xdp +xdp +977\n/);
  match(text, /\neth0 +ingress +tcx +1\/2 +weir_ingress +7 +d07fcc0f8c7bd5a1 +7 +749\n/);
  match(text, /\neth0 +ingress +tc +2\/2 +flower +3 +0x1\n/);
  match(text, /\neth0 +egress +-\n/);
  match(text, /\n\neth1: not attached, because it is down$/);
});
