/** Other programs on weir's hooks: what they keep from it is named, and they are left alone. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { AgentProcess, type Ended, weir } from "../support/agent_process.ts";
import { assertFinalBooks } from "../support/books_file.ts";
import { generate } from "../support/generator.ts";
import { type Namespace, NetworkLab } from "../support/network_lab.ts";
import { Stranger } from "../support/stranger.ts";

const PACKETS = 101;

interface DoctorReport {
  hooks: Array<{ interface: string; hook: string; program: string; inFront: boolean }>;
  findings: Array<{ interface: string; missed: string; cause: string }>;
}

async function doctor(agent: AgentProcess, here: Namespace): Promise<DoctorReport> {
  const { code, stdout, stderr } = await weir(
    ...["doctor", "--json", "--socket", agent.socket, "--network-namespace", here.path],
  );
  equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function end(agent: AgentProcess, counted: number): Promise<Ended> {
  const ended = await agent.stop();
  equal(ended.code, 0, ended.log);
  assertFinalBooks(ended.books);
  equal(ended.books.packets.counted, counted, ended.log);
  return ended;
}

/** Two namespaces and a wire: traffic comes in by `near`. */
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

const watch = (here: Namespace, ...args: string[]) =>
  AgentProcess.start({ namespace: here, args: ["--interface", "near", "--output", "none", ...args] });

Deno.test("run behind a tc filter that ends the chain sees nothing, and doctor names the filter", async () => {
  using lab = new NetworkLab();
  const { here, send } = openWire(lab);
  using stranger = new Stranger({
    namespace: here,
    device: "near",
    hook: "ingress",
    verdict: "pass",
    place: { tc: 3 },
  });
  here.tc("filter add dev near egress prio 9 protocol all u32 match u32 0 0");
  await using behind = await watch(here, "--attach", "tc", "--tc-priority", "5");
  await send();
  const { hooks, findings } = await doctor(behind, here);
  ok(hooks.some(({ program, hook, inFront }) => program === "stranger" && hook === "ingress" && inFront));
  ok(hooks.some(({ program, hook, inFront }) => program === "u32" && hook === "egress" && !inFront));
  deepEqual(findings.map((finding) => finding.interface), ["near"]);
  match(findings[0]!.cause, /"stranger" .* in front/);
  const { books, log } = await end(behind, 0);
  match(log, /Program stranger .* in front of weir/);
  equal(books.audit[0]!.verdict, "explained");
  ok(stranger.isThere());
  match(here.tc("filter show dev near egress"), /u32/);

  // in front of it, weir sees all
  await using front = await watch(here, "--attach", "tc", "--tc-priority", "1");
  await send();
  deepEqual((await doctor(front, here)).findings, []);
  const ended = await end(front, PACKETS);
  equal(ended.books.audit[0]!.verdict, "equal");
  ok(stranger.isThere());
});

Deno.test("run beside a tcx program that ends the chain sees all from in front of it, nothing from behind", async () => {
  using lab = new NetworkLab();
  const { here, send } = openWire(lab);
  using stranger = new Stranger({
    namespace: here,
    device: "near",
    hook: "ingress",
    verdict: "pass",
    place: { tcx: "first" },
  });
  await using front = await watch(here, "--tcx-order", "first");
  await using behind = await watch(here, "--tcx-order", "last");
  await using clsact = await watch(here, "--attach", "tc");
  await send();
  deepEqual((await doctor(front, here)).findings, []);
  for (const agent of [behind, clsact]) {
    const { findings } = await doctor(agent, here);
    match(findings[0]?.cause ?? "", /"stranger" .* in front/);
  }
  await end(front, PACKETS);
  await end(behind, 0);
  await end(clsact, 0);
  ok(stranger.isThere());
});

Deno.test("run shares a hook with programs that let packets go on, and sees all", async () => {
  using lab = new NetworkLab();
  const { here, send } = openWire(lab);
  const common = { namespace: here, device: "near", hook: "ingress", verdict: "goOn" } as const;
  using tcx = new Stranger({ ...common, place: { tcx: "first" } });
  using tc = new Stranger({ ...common, place: { tc: 2 } });
  await using first = await watch(here);
  await using last = await watch(here, "--attach", "tc", "--tc-priority", "7");
  await send();
  await end(first, PACKETS);
  await end(last, PACKETS);
  ok(tcx.isThere() && tc.isThere());
});
