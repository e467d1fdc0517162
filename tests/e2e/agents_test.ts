/** Agents that are killed, that come after a killed one, and that run beside one another. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { AgentProcess, weir } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { generate } from "../support/generator.ts";
import { ipv4, packet, udp } from "../support/packet.ts";
import { TunDevice } from "../support/raw_io.ts";
import { type Namespace, NetworkLab } from "../support/network_lab.ts";

const PACKETS = 101;

/** Names of weir's filters on a device's clsact hooks, with their priorities. */
function filters(here: Namespace, device: string): string[] {
  const lines = ["ingress", "egress"].flatMap((hook) => here.tc(`filter show dev ${device} ${hook}`).split("\n"));
  return lines.flatMap((line) => {
    const [, priority, program] = /pref (\d+) bpf .*\b(weirf?_\w+)/.exec(line) ?? [];
    return priority ? [`${program} ${priority}`] : [];
  });
}

function openWire(lab: NetworkLab): { here: Namespace; send(): Promise<void> } {
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  return {
    here,
    async send() {
      await generate({ interface: "far", namespace: there.name, packets: PACKETS });
    },
  };
}

Deno.test("run after a killed run says so, removes what it left, and counts; a live agent's filters stay", async () => {
  using lab = new NetworkLab();
  const { here, send } = openWire(lab);
  const common = { namespace: here };
  const watch = (...args: string[]) => ["--interface", "near", "--output", "none", "--attach", "tc", ...args];
  await using alive = await AgentProcess.start({ ...common, args: watch("--tc-priority", "11") });
  await using killed = await AgentProcess.start({ ...common, args: watch("--tc-priority", "12") });
  await send();
  const { pid } = await killed.askJson("/status");
  await killed.kill();
  deepEqual(filters(here, "near"), ["weir_ingress 11", "weir_ingress 12", "weir_egress 11", "weir_egress 12"]);

  await using next = await AgentProcess.start({ ...common, args: watch("--tc-priority", "13"), folder: killed.folder });
  match(next.log, new RegExp(`The run before this one \\(pid ${pid}, .* was killed: .* lost`));
  match(next.log, /Removed weir_ingress from ingress of near/);
  match(next.log, /Removed weir_egress from egress of near/);
  deepEqual(filters(here, "near"), ["weir_ingress 11", "weir_ingress 13", "weir_egress 11", "weir_egress 13"]);
  await send();
  for (const [agent, packets] of [[next, PACKETS], [alive, 2 * PACKETS]] as const) {
    const { code, books, log } = await agent.stop();
    equal(code, 0, log);
    assertFinalBooks(books);
    assertNothingLost(books);
    equal(books.packets.counted, packets);
    equal(books.audit[0]?.verdict, "equal");
  }
  deepEqual(filters(here, "near"), []);
  equal(here.tc("qdisc show dev near").includes("clsact"), false);
});

Deno.test("run killed on tcx leaves no hook behind; the next one on its socket is told of it once", async () => {
  using lab = new NetworkLab();
  const { here, send } = openWire(lab);
  const options = { namespace: here, args: ["--interface", "near", "--output", "none"] };
  await using killed = await AgentProcess.start(options);
  await killed.kill();
  await using second = await AgentProcess.start({ ...options, folder: killed.folder });
  match(second.log, /was killed/);
  await send();
  const ended = await second.stop();
  equal(ended.books.packets.counted, PACKETS);
  await using third = await AgentProcess.start({ ...options, folder: killed.folder });
  ok(!third.log.includes("was killed"), third.log);
});

Deno.test("run on the socket of a live agent is refused, and leaves that one alone", async () => {
  using lab = new NetworkLab();
  const { here, send } = openWire(lab);
  await using agent = await AgentProcess.start({ namespace: here, args: ["--interface", "near", "--output", "none"] });
  const { pid } = await agent.askJson("/status");
  const { code, stderr } = await weir("run", "--interface", "lo", "--socket", agent.socket, "--duration", "1s");
  equal(code, 1);
  match(stderr, new RegExp(`an agent \\(pid ${pid}\\) runs here already`));
  await send();
  const ended = await agent.stop();
  equal(ended.books.packets.counted, PACKETS);
});

Deno.test("run watches another namespace from its own, and knows that namespace's addresses", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("host");
  using tun = new TunDevice({ interface: "tun0", namespace: host.name, kind: "tun" });
  host.ip("address add 198.18.0.1/24 dev tun0");
  host.ip("link set dev tun0 up");
  await using agent = await AgentProcess.start({
    args: ["--interface", "tun0", "--network-namespace", host.path, "--output", "json"],
  });
  const guest = "203.0.113.5";
  tun.write(packet(ipv4({ source: guest, destination: "198.18.0.1" }), udp({ source: 40_001, destination: 9 }), 10));
  tun.write(packet(ipv4({ source: guest, destination: "203.0.113.6" }), udp({ source: 40_002, destination: 9 }), 10));
  const { code, books, spans, log } = await agent.stop();
  equal(code, 0, log);
  assertFinalBooks(books);
  const of = (port: number) => spans.find(({ attributes }) => attributes["source.port"] === port);
  equal(of(40_001)?.attributes["network.interface.name"], "tun0");
  equal(of(40_001)?.kind, "SERVER");
  equal(of(40_002)?.kind, "INTERNAL");
});

Deno.test("run in a container watches the host's namespace by one of its processes", async () => {
  using lab = new NetworkLab();
  const container = lab.namespace("container");
  // process 1, where its privileges are no more than those of tests
  await using agent = await AgentProcess.start({
    namespace: container,
    args: ["--interface", "lo", "--network-namespace", `/proc/${Deno.pid}/ns/net`, "--output", "json"],
  });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  (await listener.accept()).close();
  connection.close();
  const { code, books, spans, log } = await agent.stop();
  equal(code, 0, log);
  assertFinalBooks(books);
  const mine = spans.filter(({ attributes }) => attributes["destination.port"] === port);
  equal(mine.length, 1);
  // loopback shows each packet twice, and counts it once
  equal(mine[0]!.attributes["weir.counted"], "both");
  equal(mine[0]!.kind, "CLIENT");
  ok(books.packets.duplicate > 0);
});
