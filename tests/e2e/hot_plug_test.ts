/** Devices that come, go, change their names and move while the agent runs. */
import { deepEqual, equal, match } from "node:assert/strict";
import { openLibbpf } from "../../src/capture/mod.ts";
import { HOOKS } from "../../src/flow.ts";
import { AgentProcess } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { generate } from "../support/generator.ts";
import { type Namespace, NetworkLab } from "../support/network_lab.ts";
import { attribute } from "../support/span_sums.ts";

const PACKETS = 101;

/** A namespace whose devices change, another one with their far ends, and what was sent while the agents watched. */
class HotPlug {
  readonly here: Namespace;
  readonly there: Namespace;
  readonly agents: AgentProcess[];
  watched = 0;
  #phase = 0;

  constructor(lab: NetworkLab, agents: AgentProcess[], here: Namespace) {
    this.here = here;
    this.there = lab.namespace("there");
    this.agents = agents;
  }

  create(name: string): void {
    this.there.ip(`link add name far_${name} type veth peer name ${name} netns ${this.here.name}`);
    this.there.ip(`link set dev far_${name} up`);
    this.here.ip(`link set dev ${name} up`);
  }

  async untilAttached(name: string, attached = true): Promise<void> {
    for (const agent of this.agents) await agent.untilAttached(name, attached);
  }

  /** Sends through a device by its far end, each time from another address. */
  async send(far: string, watched = true): Promise<void> {
    const source = `10.99.${++this.#phase}.1`;
    await generate({ interface: far, namespace: this.there.name, packets: PACKETS, source });
    if (watched) this.watched += PACKETS;
  }
}

Deno.test("run follows devices that come, go, change names, go down and move between namespaces", async () => {
  using lab = new NetworkLab();
  const here = lab.namespace("here");
  const start = (...args: string[]) =>
    AgentProcess.start({ namespace: here, args: ["-i", "hp*", "-i", "!hp_not", ...args], until: "live" });
  await using tcx = await start("--output", "json");
  await using tc = await start("--output", "json", "--attach", "tc");
  match(tcx.log, /No device that is up is wanted/);
  const plug = new HotPlug(lab, [tcx, tc], here);

  plug.create("hp1");
  await plug.untilAttached("hp1");
  await plug.send("far_hp1");

  // another name that is wanted: it stays attached, and spans carry the new name
  here.ip("link set dev hp1 name hp2");
  await plug.untilAttached("hp2");
  await plug.send("far_hp1");

  // a name that is not wanted, and one that is excluded
  for (const name of ["other", "hp_not"]) {
    here.ip(`link set dev hp2 name ${name}`);
    await plug.untilAttached(name, false);
    await plug.send("far_hp1", false);
    here.ip(`link set dev ${name} name hp2`);
    await plug.untilAttached("hp2");
    await plug.send("far_hp1");
  }

  // down and up again
  here.ip("link set dev hp2 down");
  here.ip("link set dev hp2 up");
  await plug.untilAttached("hp2");
  await plug.send("far_hp1");

  // a second device; the first one is deleted with packets fresh in its slots
  plug.create("hp3");
  await plug.untilAttached("hp3");
  await plug.send("far_hp3");
  await plug.send("far_hp1");
  here.ip("link delete dev hp2");
  await plug.untilAttached("hp2", false);

  // the same name anew is another device
  plug.create("hp2");
  await plug.untilAttached("hp2");
  await plug.send("far_hp2");

  // away, where nobody watches, and back
  const away = lab.namespace("away");
  here.ip(`link set dev hp3 netns ${away.name}`);
  away.ip("link set dev hp3 up");
  await plug.untilAttached("hp3", false);
  await plug.send("far_hp3", false);
  away.ip(`link set dev hp3 netns ${here.name}`);
  here.ip("link set dev hp3 up");
  await plug.untilAttached("hp3");
  await plug.send("far_hp3");

  for (const agent of plug.agents) {
    const { code, books, spans, log } = await agent.stop();
    equal(code, 0, log);
    assertFinalBooks(books);
    assertNothingLost(books);
    equal(books.packets.counted, plug.watched, log);
    equal(spans.reduce((sum, span) => sum + attribute(span, "flow.packets.delta"), 0), plug.watched);
    const names = new Set(spans.map(({ attributes }) => attributes["network.interface.name"]));
    deepEqual([...names].sort(), ["hp2", "hp3"]);
    deepEqual(books.audit.filter(({ verdict }) => verdict !== "equal"), []);
    match(log, /Detached from other: other is not wanted/);
    match(log, /Detached from hp2: the device is gone/);
  }
});

Deno.test("run leaves no hook behind on devices that it watched", async () => {
  using lab = new NetworkLab();
  const [here, there] = [lab.namespace("here"), lab.namespace("there")];
  lab.veth(here, "d1", there, "far");
  const kernel = openLibbpf();
  for (const args of [[], ["--attach", "tc"]]) {
    await using agent = await AgentProcess.start({ namespace: here, args: ["-i", "d1", "--output", "none", ...args] });
    const { ifindex } = here.link("d1");
    const clsact = () => here.tc("qdisc show dev d1").includes("clsact");
    const programs = () => HOOKS.flatMap((hook) => here.within(() => kernel.queryTcx(ifindex, hook)));
    equal(clsact() || programs().length > 0, true);
    equal((await agent.stop()).code, 0);
    equal(clsact(), false);
    deepEqual(programs(), []);
  }
});
