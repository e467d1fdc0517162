/** OTLP over each protocol: what arrives, and what is booked when it does not. */
import assert from "node:assert/strict";
import { sum } from "../../../src/books.ts";
import { spanModule } from "../../../src/artifacts.ts";
import { OTLP_PROTOCOLS, type OtlpProtocol, type QueuedExporter } from "../../../src/export/mod.ts";
import { retryAfterMs } from "../../../src/export/otlp/http_sender.ts";
import { Credentials } from "../../../src/export/otlp/credentials.ts";
import { tracesUrl } from "../../../src/export/otlp/create_sender.ts";
import { createOtlpExporter } from "../../../src/export/otlp/otlp_exporter.ts";
import {
  readJsonTraceResponse,
  readTraceResponse,
  retryDelayMs,
  statusMessage,
} from "../../../src/export/otlp/response.ts";
import { flowSpan } from "../../../src/export/span.ts";
import { RecordSum } from "../../../src/record_sum.ts";
import { FlowRecord, RECORD_BYTES } from "../../../src/flow_record.ts";
import { until } from "../../support/network_lab.ts";
import { openReceiver, type OtlpReceiver, type Reply } from "../../support/otlp_receiver.ts";
import { randomMeaning, randomSets } from "../../support/meanings.ts";
import { fillRandomRecord, seededRandom } from "../../support/random_records.ts";

const interfaceOf = (id: number) => id === 0 ? undefined : { name: `eth${id}`, ifindex: id + 1 };
const SETS = randomSets(53, seededRandom(53));
const RESOURCE = { "service.name": "weir", "host.name": "a-host" };

interface Bed extends AsyncDisposable {
  receiver: OtlpReceiver;
  exporter: QueuedExporter;
  spans: unknown[];
  fed: RecordSum;
}

/**
 * A receiver that replies so, and an exporter with `count` records on their way to it. timeoutMs: for an answer; by
 * default far longer than a busy machine takes.
 */
async function open(
  protocol: OtlpProtocol,
  replies: Reply[],
  count: number,
  { timeoutMs = 60_000, credentials }: { timeoutMs?: number; credentials?: Credentials } = {},
): Promise<Bed> {
  const receiver = await openReceiver(protocol, replies);
  const exporter = await createOtlpExporter({
    name: "otlp",
    url: receiver.url,
    protocol,
    headers: { "x-tenant": "a" },
    credentials,
    tls: undefined,
    compression: count % 2 ? "gzip" : "none",
    timeoutMs,
    userAgent: "weir/1",
    batchRecordsWanted: 128,
    batchRecordsMax: 128,
    lingerMs: 10,
    batchesInFlightMax: 2,
    queueRecordsMax: 4_096,
    resource: () => RESOURCE,
    scope: { name: "weir", version: "1" },
    module: spanModule(),
    references: { interfaceOf, setOf: (id) => SETS[id - 1] },
    withStandardNames: true,
  });
  const bytes = new Uint8Array(RECORD_BYTES);
  const record = new FlowRecord(bytes.buffer);
  const random = seededRandom(count);
  const bed: Bed = {
    receiver,
    exporter,
    spans: [],
    fed: new RecordSum(),
    async [Symbol.asyncDispose]() {
      await exporter.close(0);
      await receiver[Symbol.asyncDispose]();
    },
  };
  for (let i = 0; i < count; i++) {
    fillRandomRecord(bytes, random);
    const meaning = randomMeaning(SETS, random);
    exporter.accept(record.moveTo(0), meaning);
    bed.fed.add(record);
    bed.spans.push(flowSpan(record, { ...meaning, interfaceOf }));
  }
  return bed;
}

function assertBooksClose({ exporter, fed }: Bed): void {
  const { queued, exported, lost_export } = exporter.terms();
  assert.deepEqual(sum(queued, exported, ...Object.values(lost_export)), fed.amount());
}

for (const protocol of OTLP_PROTOCOLS) {
  const options = { name: `OTLP by ${protocol} `, sanitizeOps: false, sanitizeResources: false };

  Deno.test({
    ...options,
    name: options.name + "delivers every span once, as the table says it is",
    async fn() {
      for (const count of [499, 300]) {
        await using bed = await open(protocol, ["ok"], count);
        await bed.exporter.close(10_000);
        const { requests, headers } = bed.receiver;
        const byId = (a: unknown, b: unknown) =>
          (a as { spanId: string }).spanId < (b as { spanId: string }).spanId ? -1 : 1;
        assert.deepEqual(requests.flatMap(({ spans }) => spans).sort(byId), bed.spans.sort(byId));
        assert.deepEqual(requests[0]!.resource, RESOURCE);
        assert.deepEqual({ ...requests[0]!.scope }, { name: "weir", version: "1" });
        assert.equal(headers[0]!["x-tenant"], "a");
        assert.match(headers[0]!["user-agent"]!, /^weir\/1/);
        if (protocol !== "grpc") assert.equal(headers[0]!.path, "/v1/traces");
        assert.deepEqual(bed.exporter.records(), { queued: 0, exported: count, lost: {} });
        assertBooksClose(bed);
      }
    },
  });

  Deno.test({
    ...options,
    name: options.name + "tries again while the receiver is busy, and sends nothing twice",
    async fn() {
      await using bed = await open(protocol, [{ busyMs: 100 }, { busyMs: 100 }, { busyMs: 100 }, "ok"], 257);
      await bed.exporter.close(10_000);
      const ids = bed.receiver.requests.flatMap(({ spans }) => spans.map(({ spanId }) => spanId));
      assert.equal(new Set(ids).size, 257);
      assert.equal(ids.length, 257);
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "books what is refused, in whole or in part",
    async fn() {
      await using bed = await open(protocol, ["refused", { rejectedSpans: 17 }, "ok"], 384);
      await bed.exporter.close(10_000);
      const reason = protocol === "grpc" ? "grpc_3" : "http_400";
      assert.deepEqual(bed.exporter.records(), {
        queued: 0,
        exported: 384 - 128 - 17,
        lost: { [reason]: 128, rejected_partly: 17 },
      });
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "waits as long as a busy receiver asks for",
    async fn() {
      await using bed = await open(protocol, [{ busyMs: 1_000 }, "ok"], 100);
      const started = performance.now();
      await until("100 spans to be delivered", () => bed.exporter.records().exported === 100);
      assert(performance.now() - started > 900, "not before the second that it asked for was over");
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "does not try again where nobody says that it would help",
    async fn() {
      await using bed = await open(protocol, ["exhausted", "ok"], 100);
      await bed.exporter.close(10_000);
      const reason = protocol === "grpc" ? "grpc_8" : "http_507";
      assert.deepEqual(bed.exporter.records(), { queued: 0, exported: 0, lost: { [reason]: 100 } });
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "sends less at a time to a receiver that takes no more",
    async fn() {
      await using bed = await open(protocol, [{ mostSpans: 17 }], 307);
      await bed.exporter.close(10_000);
      assert.deepEqual(bed.exporter.records(), { queued: 0, exported: 307, lost: {} });
      const sizes = bed.receiver.requests.map(({ spans }) => spans.length);
      assert(sizes.every((size) => size <= 17) && sizes.some((size) => size > 8), `${sizes}`);
      const ids = bed.receiver.requests.flatMap(({ spans }) => spans.map(({ spanId }) => spanId));
      assert.equal(new Set(ids).size, 307);
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "says that a single span is too large for a receiver",
    async fn() {
      await using bed = await open(protocol, [{ mostSpans: 0 }], 5);
      await bed.exporter.close(10_000);
      assert.deepEqual(bed.exporter.records(), { queued: 0, exported: 0, lost: { too_large: 5 } });
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "shows who it is, and tries again with a token that was replaced meanwhile",
    async fn() {
      let token = "old";
      const credentials = Credentials.bearer({ read: () => token });
      await using bed = await open(protocol, ["unauthorized", "unauthorized", "ok"], 100, { credentials });
      await until("a first request", () => bed.receiver.headers.length > 0);
      token = "new";
      await bed.exporter.close(10_000);
      const shown = bed.receiver.headers.map(({ authorization }) => authorization);
      // the first request was refused before or after the token changed: it is known by what it showed
      assert.equal(shown[0], "Bearer old");
      assert(shown.slice(1).every((value) => value === "Bearer new"));
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "waits for another token where no header can carry this one, and shows it to nobody",
    async fn() {
      let token = "first";
      const credentials = Credentials.bearer({ read: () => token });
      await using bed = await open(protocol, ["ok"], 53, { credentials });
      token = "s3cret\nlines"; // before the first request, for which records wait a little
      await until("the problem to be known", () => bed.exporter.problem !== undefined);
      assert.equal(bed.exporter.problem, "Cannot use the token: it has characters that no header may have");
      token = "second";
      await bed.exporter.close(10_000);
      assert.deepEqual(bed.exporter.records(), { queued: 0, exported: 53, lost: {} });
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "says unknown of what was sent and never answered",
    async fn() {
      await using bed = await open(protocol, ["silence"], 300);
      await bed.exporter.close(300);
      assert.deepEqual(bed.exporter.records(), { queued: 0, exported: 0, lost: { unknown: 256, deadline: 44 } });
      assertBooksClose(bed);
    },
  });

  Deno.test({
    ...options,
    name: options.name + "takes no answer in time for none, and tries again",
    async fn() {
      await using bed = await open(protocol, ["silence", "ok"], 100, { timeoutMs: 500 });
      await bed.exporter.close(10_000);
      assert.deepEqual(bed.exporter.records(), { queued: 0, exported: 100, lost: {} });
    },
  });
}

Deno.test("tracesUrl() appends the path to a bare URL and leaves another alone", () => {
  assert.equal(tracesUrl(new URL("http://collector:4318")).href, "http://collector:4318/v1/traces");
  assert.equal(tracesUrl(new URL("https://collector/otlp/spans?a=b")).href, "https://collector/otlp/spans?a=b");
});

Deno.test("retryAfterMs() reads seconds and dates", () => {
  const now = Date.parse("2026-01-02T03:04:05Z");
  assert.equal(retryAfterMs("7", now), 7_000);
  assert.equal(retryAfterMs("Fri, 02 Jan 2026 03:04:08 GMT", now), 3_000);
  assert.equal(retryAfterMs("Fri, 02 Jan 2026 03:04:01 GMT", now), 0);
  assert.equal(retryAfterMs("soon", now), undefined);
  assert.equal(retryAfterMs(null, now), undefined);
});

Deno.test("readTraceResponse() and retryDelayMs() take hostile bytes for an answer that says nothing", () => {
  const answer = [0x0a, 7, 0x08, 0x93, 0x01, 0x12, 2, 0x68, 0x69];
  assert.deepEqual(readTraceResponse(new Uint8Array(answer)), { rejectedSpans: 147, errorMessage: "hi" });
  const random = seededRandom(Number(Deno.env.get("WEIR_SEED") ?? 29));
  for (let i = 0; i < 20_011; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 24) }, () => Math.floor(random() * 256));
    const { rejectedSpans } = readTraceResponse(bytes);
    assert(rejectedSpans >= 0);
    assert((retryDelayMs(bytes) ?? 0) >= 0);
    assert.equal(typeof statusMessage(bytes), "string");
  }
});

Deno.test("readJsonTraceResponse() reads numbers that are texts, and takes anything else for nothing", () => {
  const partial = (rejectedSpans: unknown) => JSON.stringify({ partialSuccess: { rejectedSpans, errorMessage: "hi" } });
  assert.deepEqual(readJsonTraceResponse(partial("147")), { rejectedSpans: 147, errorMessage: "hi" });
  assert.equal(readJsonTraceResponse(partial(3)).rejectedSpans, 3);
  for (
    const hostile of ["", "[", "null", "7", '"x"', "{}", partial(-1), partial({}), partial("many"), partial("1e999")]
  ) {
    assert.equal(readJsonTraceResponse(hostile).rejectedSpans, 0, hostile);
  }
});
