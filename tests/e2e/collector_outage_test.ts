/** What becomes of spans while the real OpenTelemetry Collector is gone, stands still or refuses them. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { assertFinalBooks } from "../support/books_file.ts";
import { assertAllThere, byId, delivered, GRPC_URL, HTTP_URL, openBed } from "../support/collector_bed.ts";
import { until } from "../support/network_lab.ts";
import { sumCounted } from "../support/span_sums.ts";

for (const [protocol, url] of [["grpc", GRPC_URL], ["http_binary", HTTP_URL]] as const) {
  const otlp = ["--otlp", url, "--otlp-protocol", protocol];

  Deno.test(`run keeps every span while the collector is killed and started again, by ${protocol}`, async () => {
    await using bed = await openBed(["--output", "json", ...otlp]);
    await bed.wire.send({ flows: 307, packets: 1_009 });
    await until("spans before the outage", async () => await delivered(bed) >= 307);
    await until("the collector to have written them", () => bed.collector.spans().length >= 307);
    await bed.collector.stop("SIGKILL");
    await bed.wire.send({ flows: 5_003, packets: 20_011, source: "10.78.0.1" });
    await until("spans to wait", async () => {
      const { exporters } = await bed.wire.agent.askJson("/status");
      return exporters.otlp.queued >= 5_003;
    });
    await bed.collector.start();
    await bed.wire.send({ flows: 211, packets: 1_009, source: "10.79.0.1" });
    await until("spans after the outage", async () => await delivered(bed) >= 307 + 5_003 + 211, 60_000);
    const ended = await assertAllThere(bed);
    const sum = sumCounted(bed.collector.spans());
    equal(sum.packets, ended.books.packets.handed_out);
    equal(sum.bytes, ended.books.bytes.handed_out);
  });

  Deno.test(`run waits for a collector that stands still, and holds up nobody meanwhile, by ${protocol}`, async () => {
    await using bed = await openBed(["--output", "json", ...otlp]);
    await bed.wire.send({ flows: 11, packets: 11 });
    await until("a first span", async () => await delivered(bed) > 0);
    bed.collector.pause(true);
    await bed.wire.send({ flows: 307, packets: 1_009, source: "10.78.0.1" });
    await until("lines of JSON meanwhile", async () => await delivered(bed, "json") >= 318);
    ok(await delivered(bed) < 318);
    bed.collector.pause(false);
    await assertAllThere(bed);
  });
}

Deno.test("run sends to one receiver whatever becomes of another, and each has its own books", async () => {
  const dead = ["--otlp", "http://127.0.0.1:4319", "--otlp", "http://127.0.0.1:4319", "--otlp-protocol", "http_binary"];
  await using bed = await openBed(["--output", "json", ...dead, "--otlp", GRPC_URL, "--otlp-protocol", "grpc"], {
    settings: "span: { udp_timeout: 1s }\nshutdown_timeout: 2s",
  });
  await bed.wire.send({ flows: 307, packets: 1_009 });
  await until("spans at the one that lives", async () => await delivered(bed, "otlp_3") >= 307);
  const ended = await bed.wire.agent.stop();
  equal(ended.code, 0, ended.log);
  assertFinalBooks(ended.books);
  await bed.collector.stop();
  deepEqual(byId(bed.collector.spans()), byId(ended.spans));
  const { exporters, handed_out } = ended.books.packets;
  deepEqual(Object.keys(exporters), ["json", "otlp", "otlp_2", "otlp_3"]);
  for (const name of ["otlp", "otlp_2"]) {
    equal(exporters[name]!.exported, 0);
    equal(Object.values(exporters[name]!.lost_export).reduce((sum, count) => sum + count, 0), handed_out);
    match(ended.log, new RegExp(`Exporter ${name} is not delivered: .*refused`, "i"));
  }
});

Deno.test("run books what a collector refuses, under the refusal", async () => {
  const tokensFile = Deno.makeTempFileSync({ prefix: "weirtest-" });
  try {
    Deno.writeTextFileSync(tokensFile, "right");
    const wrong = ["--otlp-header", "Authorization=Bearer wrong"];
    await using bed = await openBed([
      ...["--output", "json", "--otlp", GRPC_URL, ...wrong],
      ...["--otlp", HTTP_URL, "--otlp-protocol", "http_binary", ...wrong],
    ], { tokensFile });
    await bed.wire.send({ flows: 101, packets: 503 });
    const ended = await bed.wire.agent.stop();
    assertFinalBooks(ended.books);
    const { exporters, handed_out } = ended.books.packets;
    deepEqual(exporters.otlp!.lost_export, { grpc_16: handed_out });
    deepEqual(exporters["otlp_2"]!.lost_export, { http_401: handed_out });
    deepEqual(bed.collector.spans(), []);
  } finally {
    Deno.removeSync(tokensFile);
  }
});
