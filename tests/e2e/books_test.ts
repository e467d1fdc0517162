/** What a generator sent is what the books and the spans say, to the packet. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { MEASURES } from "../../src/books.ts";
import { AgentProcess } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost, type BooksFile } from "../support/books_file.ts";
import { generate, type Sent } from "../support/generator.ts";
import { NetworkLab } from "../support/network_lab.ts";
import { arp, packet } from "../support/packet.ts";
import { ethernet } from "../support/packet_link.ts";
import { RawSocket } from "../support/raw_io.ts";
import { byFlow, flowName, sumCounted, sumSpans } from "../support/span_sums.ts";

const KINDS = (["udp", "tcp", "icmp"] as const).flatMap((protocol) =>
  ([4, 6] as const).map((version) => ({ protocol, version }))
);
const FLOWS = 37;
const PACKETS = 5_003;
const ARPS = 7;
const RATE = 100_000;

/** Every kind of traffic, one after the other. */
async function sendAll(interfaceName: string, namespace: string): Promise<Sent[]> {
  const all: Sent[] = [];
  for (const kind of KINDS) {
    const traffic = { interface: interfaceName, namespace, flows: FLOWS, packets: PACKETS, rate: RATE, ...kind };
    all.push(await generate({ ...traffic, frameBytes: [80, 333, 1_500] }));
  }
  return all;
}

function transport({ protocol, version }: typeof KINDS[number]): string {
  return protocol === "icmp" && version === 6 ? "icmpv6" : protocol;
}

Deno.test("run counts what a generator sends, to the frame, packet and byte, and lists strays", async () => {
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there", { ipv6: true }), lab.namespace("here", { ipv6: true })];
  lab.veth(there, "far", here, "near");
  await using agent = await AgentProcess.start({
    namespace: here,
    args: ["--interface", "near", "--output", "json", "--duration", "6s"],
  });
  const sent = await sendAll("far", there.name);
  using socket = new RawSocket({ interface: "far", namespace: there.name });
  for (let i = 0; i < ARPS; i++) socket.send(packet(ethernet({ destination: "ff:ff:ff:ff:ff:ff" }), arp()));
  const { code, spans, books, log } = await agent.stop(null);
  equal(code, 0, log);
  assertFinalBooks(books);
  assertNothingLost(books);

  const flows = byFlow(spans);
  const mine = new Set<string>();
  KINDS.forEach((kind, i) => {
    for (const flow of sent[i]!.flows) {
      const name = `${transport(kind)} ${flow.source}:${flow.sourcePort} ${flow.destination}:${flow.destinationPort}`;
      const { frames, packets, bytes } = flow;
      deepEqual(sumSpans(flows.get(name) ?? []), { frames, packets, bytes }, name);
      mine.add(name);
    }
  });
  // the rest of the books is what other spans and strays account for, each by name
  const strays = spans.filter((span) => !mine.has(flowName(span)));
  for (const span of strays) equal(span.attributes["network.transport"], "icmpv6", flowName(span));
  for (const measure of ["frames", "packets", "bytes"] as const) {
    const generated = sent.reduce((sum, one) => sum + one[measure], 0);
    equal(books[measure].counted, generated + sumCounted(strays)[measure], measure);
    equal(books[measure].counted, sumCounted(spans)[measure], measure);
  }
  equal(books.frames.not_ip, books.strays.reduce((sum, stray) => sum + stray.frames, 0));
  const arps = books.strays.filter(({ ethertypeName, hook }) => ethertypeName === "arp" && hook === "ingress");
  ok(arps.length === 1 && arps[0]!.frames >= ARPS && arps[0]!.interface === "near", JSON.stringify(books.strays));
  assertAudited(books, "near");
});

/** The device's own counters agree. */
function assertAudited(books: BooksFile, name: string): void {
  const line = books.audit.find((line) => line.interface === name);
  equal(line?.verdict, "equal", JSON.stringify(books.audit));
}

Deno.test("run --output none hands every record to the counting exporter", async () => {
  using lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  await using agent = await AgentProcess.start({ namespace: here, args: ["--interface", "near", "--output", "none"] });
  const sent = await sendAll("far", there.name);
  const { code, spans, books, log } = await agent.stop();
  equal(code, 0, log);
  deepEqual(spans, []);
  assertFinalBooks(books);
  assertNothingLost(books);
  for (const measure of MEASURES) {
    // nothing is segmented here: bytes are wire bytes
    const total = sent.reduce((sum, one) => sum + one[measure === "wire_bytes" ? "bytes" : measure], 0);
    equal(books[measure].counted, total, measure);
    deepEqual(books[measure].exporters, {
      none: { queued: 0, exported: total, lost_export: {}, out_of_service: 0 },
    }, measure);
  }
  assertAudited(books, "near");
});
