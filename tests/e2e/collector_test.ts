/** Spans in the real OpenTelemetry Collector: each there once and equal to the JSON line of the same run. */
import { equal, ok } from "node:assert/strict";
import { assertAllThere, GRPC_URL, HTTP_URL, openBed, sendOfEverything } from "../support/collector_bed.ts";

for (
  const [protocol, url, compression] of [
    ["grpc", GRPC_URL, "none"],
    ["grpc", GRPC_URL, "gzip"],
    ["http_binary", HTTP_URL, "none"],
    ["http/protobuf", HTTP_URL, "gzip"],
    ["http/json", HTTP_URL, "gzip"],
    ["http_json", `${HTTP_URL}/v1/traces`, "none"],
  ] as const
) {
  Deno.test(`run sends every span to a collector once, by ${protocol} with compression ${compression}`, async () => {
    const how = ["--otlp-protocol", protocol, "--otlp-compression", compression];
    await using bed = await openBed(["--output", "json", "--otlp", url, ...how]);
    await sendOfEverything(bed);
    const { spans } = await assertAllThere(bed);
    ok(spans.length >= 211 + 101 + 53 + 53, `${spans.length} spans`);
    const resource = bed.collector.resource();
    equal(resource["service.name"], "weir");
    equal(resource["host.name"], Deno.hostname());
  });
}
