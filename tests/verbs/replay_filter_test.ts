import { deepEqual, equal, ok } from "node:assert/strict";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { path4, pings, tcpSession, udpExchange, written } from "../support/golden_captures.ts";
import { pcapngFile, type WrittenFrame } from "../support/pcap_writer.ts";
import { replay, type Replayed } from "../support/replay_process.ts";

const at = (place: number, frames: WrittenFrame[]) => frames.map((frame) => ({ ...frame, interface: place }));
const FRAMES = [
  ...at(0, written(udpExchange(path4("10.1.0.7", "192.0.2.5")))),
  ...at(1, written(udpExchange(path4("10.2.0.7", "192.0.2.6"), 7, 443))),
  ...at(1, written(tcpSession(path4("10.3.0.7", "192.0.2.7")))),
  ...at(0, written(pings(path4("10.4.0.7", "192.0.2.8"), 4))),
];
const FILE = pcapngFile(FRAMES, { interfaces: [{ name: "eth0" }, { name: "lan7" }] });

async function replayed(settings: string): Promise<Replayed> {
  const ended = await replay(FILE, settings);
  equal(ended.code, 0, ended.stderr);
  assertFinalBooks(ended.books);
  assertNothingLost(ended.books);
  equal(ended.books.packets.seen, FRAMES.length);
  return ended;
}

const sourcesOf = ({ spans }: Replayed) => spans.map(({ attributes }) => attributes["source.address"]).toSorted();

for (
  const [filter, passes, isFiltered] of [
    ["network: { transport: { match: [udp] } }", ["10.1.0.7", "10.2.0.7"], { filtered: true, filtered_flow: false }],
    ["source: { port: { not_match: [50001] } }", ["10.3.0.7", "10.4.0.7"], { filtered: false, filtered_flow: true }],
    ["network: { interface_name: { match: [eth*] } }", ["10.1.0.7", "10.4.0.7"], {
      filtered: true,
      filtered_flow: false,
    }],
    ["flow: { icmp_type_name: { not_match: [echo_request] } }", ["10.1.0.7", "10.2.0.7", "10.3.0.7"], {
      filtered: false,
      filtered_flow: true,
    }],
  ] as const
) {
  Deno.test(`replay has the filter ${filter}`, async () => {
    const ended = await replayed(`filter: { ${filter} }\n`);
    deepEqual(sourcesOf(ended), passes);
    const { filtered, filtered_flow } = ended.books.packets;
    deepEqual({ filtered: filtered > 0, filtered_flow: filtered_flow > 0 }, isFiltered);
    const listed = ended.books.strays.filter(({ term }) => term === "filtered");
    equal(listed.reduce((sum, { frames }) => sum + frames, 0), filtered);
  });
}

Deno.test("replay samples: what is left out is booked, where it is decided", async () => {
  const early = await replayed("sampling: { rate: 0, keep_failures: false }\n");
  deepEqual([early.spans.length, early.books.packets.sampled_out], [0, FRAMES.length]);
  const late = await replayed("sampling: { rate: 0, keep_failures: true }\n");
  deepEqual([late.spans.length, late.books.packets.sampled_out_flow], [0, FRAMES.length]);
  const most = await replayed("sampling: { rate: 0.9999999 }\n");
  ok(most.spans.length === 4 && most.spans.every(({ attributes }) => attributes["weir.sampling.rate"] === 0.9999999));
});
