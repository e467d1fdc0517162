/** Too much of everything: the books close all the same, and what was lost has a name. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { MEASURES } from "../../src/books.ts";
import type { AgentProcess, Ended } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost, type BooksFile } from "../support/books_file.ts";
import { until } from "../support/network_lab.ts";
import { attribute, sumCounted } from "../support/span_sums.ts";
import { openWire } from "../support/wire.ts";

async function end(agent: AgentProcess): Promise<Ended> {
  const ended = await agent.stop();
  equal(ended.code, 0, ended.log);
  assertFinalBooks(ended.books);
  return ended;
}

/** Packets that an exporter lost, by reason; none that are 0. */
function lostExport(books: BooksFile, exporter: string): Record<string, number> {
  const lost = books.packets.exporters[exporter]!.lost_export;
  return Object.fromEntries(Object.entries(lost).filter(([, value]) => value > 0));
}

Deno.test("books equal the packet at 1,000, 20,000 and 200,000 flows, and the device's counters", async () => {
  // a ring for a second of evictions: on a busy machine the collector may have to wait for its turn
  await using wire = await openWire({ args: ["--output", "none"], settings: "limits: { ring_bytes: 33554432 }" });
  const sent = [
    await wire.send({ flows: 1_000, packets: 50_021, source: "10.11.0.1" }),
    await wire.send({ flows: 20_000, packets: 100_003, source: "10.12.0.1", order: "random", seed: 7 }),
    await wire.send({ flows: 200_000, packets: 300_007, source: "10.13.0.1" }),
  ];
  const { table } = await wire.agent.askJson("/status");
  const live = await wire.agent.askJson("/books");
  equal(live.closed, true, JSON.stringify(live.equations));
  const { books } = await end(wire.agent);
  assertNothingLost(books);
  for (const measure of MEASURES) {
    const of = measure === "wire_bytes" ? "bytes" : measure;
    equal(books[measure].counted, sent.reduce((sum, one) => sum + one[of], 0), measure);
  }
  const flows = sent.reduce((sum, one) => sum + one.flows.filter(({ packets }) => packets > 0).length, 0);
  ok(table.flowsCreated <= flows && table.aggregates === 0, JSON.stringify(table));
  deepEqual(books.audit.map(({ verdict }) => verdict), ["equal"]);
});

Deno.test("live books close at every look while flows are handed out", async () => {
  await using wire = await openWire({ args: ["--output", "json"], settings: "span: { udp_timeout: 1s }" });
  const { packets } = await wire.send({ flows: 20_000, packets: 20_011 });
  await until("every flow to be handed out", async () => {
    const books = await wire.agent.askJson("/books");
    equal(books.packets.seen, packets);
    deepEqual(books.equations.filter(({ closed }: { closed: boolean }) => !closed), []);
    return books.packets.handed_out === packets;
  });
  const { books, spans } = await end(wire.agent);
  equal(books.packets.exporters.json!.exported, packets);
  equal(sumCounted(spans).packets, packets);
});

Deno.test("a full table counts new flows in aggregates, and the sums stay exact", async () => {
  await using wire = await openWire({ args: ["--output", "json", "--flows-max", "50"] });
  const sent = [
    await wire.send({ flows: 500, packets: 5_003 }),
    await wire.send({ flows: 500, packets: 5_003, version: 6, protocol: "tcp" }),
  ];
  const { books, spans } = await end(wire.agent);
  assertNothingLost(books);
  const total = sent.reduce((sum, one) => sum + one.packets, 0);
  equal(books.packets.counted, total);
  equal(sumCounted(spans).packets, total);
  const aggregates = spans.filter(({ attributes }) => attributes["weir.overflow"]);
  const flows = new Set(spans.filter((span) => !aggregates.includes(span)).map(({ traceId }) => traceId));
  ok(flows.size <= 50, `${flows.size} flows`);
  const transports = aggregates.map(({ attributes }) => attributes["network.transport"]);
  deepEqual([...new Set(transports)].sort(), ["tcp", "udp"]);
  for (const { attributes } of aggregates) match(`${attributes["source.address"]}`, /\/(16|32)$/);
});

Deno.test("a full ring loses packets by name, and no others", async () => {
  const settings = "limits: { slots: 512, ring_bytes: 65536 }";
  await using wire = await openWire({ args: ["--output", "json"], settings });
  Deno.kill(wire.agent.pid, "SIGSTOP");
  const sent = await wire.send({ flows: 20_000, packets: 20_000 });
  Deno.kill(wire.agent.pid, "SIGCONT");
  // it goes on as if nothing had been, once the ring is empty
  await wire.agent.ask("/books");
  const after = await wire.send({ flows: 10, packets: 1_009, source: "10.88.0.1" });
  const { books, spans } = await end(wire.agent);
  for (const measure of ["frames", "packets", "bytes"] as const) {
    const { seen, counted, lost } = books[measure];
    equal(seen, sent[measure] + after[measure], measure);
    equal(counted + lost.ring_full!, seen, measure);
    equal(sumCounted(spans)[measure], counted, measure);
  }
  // at most what the slots held and the ring could take came through, while nobody drained it
  ok(books.packets.lost.ring_full! > 10_000, JSON.stringify(books.packets.lost));
  const late = spans.filter(({ attributes }) => attributes["source.address"] === "10.88.0.1");
  equal(late.reduce((sum, span) => sum + attribute(span, "flow.packets.delta"), 0), after.packets);
  const strays = books.strays.filter(({ term }) => term === "lost_ring_full");
  deepEqual(strays.map(({ frames, ethertypeName }) => ({ frames, ethertypeName })), [
    { frames: books.frames.lost.ring_full, ethertypeName: "ipv4" },
  ]);
  deepEqual(books.audit.map(({ verdict }) => verdict), ["equal"]);
});

async function queuedRecords(agent: AgentProcess): Promise<number> {
  return (await agent.askJson("/status")).exporters.json.queued;
}

const SHORT_TIMES = "{ shutdown_timeout: 1s, span: { udp_timeout: 1s } }";

Deno.test("run stops by itself when nobody reads its output any more, and books what was not delivered", async () => {
  await using wire = await openWire({ args: ["--output", "json"], stdout: "close", settings: SHORT_TIMES });
  const sent = await wire.send({ flows: 100, packets: 1_009 });
  await until("the agent to end", () => wire.agent.hasEnded);
  const { code, books, log } = await wire.agent.stop(null);
  equal(code, 0, log);
  assertFinalBooks(books);
  match(log, /nobody reads the output any more/);
  equal(books.packets.counted, sent.packets);
  deepEqual(lostExport(books, "json"), { output_closed: sent.packets });
});

Deno.test("run whose reader stalls stops in time, and books what was not delivered", async () => {
  await using wire = await openWire({ args: ["--output", "json"], stdout: "hold", settings: SHORT_TIMES });
  const sent = await wire.send({ flows: 5_000, packets: 20_011 });
  await until("flows to wait for the reader", async () => await queuedRecords(wire.agent) > 4_000);
  // the rest of the pipeline goes on
  const more = await wire.send({ flows: 10, packets: 1_009, source: "10.88.0.1" });
  const live = await wire.agent.askJson("/books");
  equal(live.closed, true, JSON.stringify(live.equations));
  const stopping = wire.agent.stop();
  await until("the agent to end", () => wire.agent.hasEnded);
  const { code, books, log } = await stopping;
  equal(code, 0, log);
  assertFinalBooks(books);
  equal(books.packets.counted, sent.packets + more.packets);
  const lost = lostExport(books, "json");
  deepEqual(Object.keys(lost).sort(), ["deadline", "unknown"]);
  equal(lost.deadline! + lost.unknown! + books.packets.exporters.json!.exported, sent.packets + more.packets);
});

Deno.test("run whose reader is slow keeps counting, and delivers everything", async () => {
  await using wire = await openWire({
    args: ["--output", "json"],
    stdout: "hold",
    settings: "span: { udp_timeout: 1s }",
  });
  const sent = await wire.send({ flows: 5_000, packets: 20_011 });
  await until("flows to wait for the reader", async () => await queuedRecords(wire.agent) > 4_000);
  wire.agent.read();
  await until("the reader to have them", async () => await queuedRecords(wire.agent) === 0);
  const { books, spans } = await end(wire.agent);
  assertNothingLost(books);
  equal(books.packets.counted, sent.packets);
  equal(sumCounted(spans).packets, sent.packets);
});
