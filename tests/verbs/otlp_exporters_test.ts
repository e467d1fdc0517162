/** Receivers of a configuration: what they are asked with, and what reaches them. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { FlowRecord, RECORD_BYTES } from "../../src/flow_record.ts";
import type { OtlpReceiver as ReceiverSettings } from "../../src/settings/mod.ts";
import { otlpExporters } from "../../src/verbs/otlp_exporters.ts";
import { load } from "../support/config_text.ts";
import { CLIENT, NO_REFERENCES } from "../support/meanings.ts";
import { openReceiver } from "../support/otlp_receiver.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";

async function receivers(otlp: string): Promise<ReceiverSettings[]> {
  return (await load(`export: {traces: {otlp: ${otlp}}}`)).settings.export.traces.otlp;
}

Deno.test({
  name: "otlpExporters() sends to every receiver, each as it is configured",
  // the gRPC library leaves timers of its own behind
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using east = await openReceiver("grpc", ["ok"]);
    await using west = await openReceiver("http_binary", ["ok"]);
    const exporters = await otlpExporters(
      await receivers(`{
        east: {endpoint: "${east.url.host}", auth: {bearer: t0k}, max_batch_size: 65536},
        west: {endpoint: "${west.url.href}x/traces", protocol: http/protobuf, compression: gzip, headers: {x-a: b},
          auth: {basic: {user: u, pass: p}}, include_standard_names: false,
          resource_attributes: {team: net, service.name: flows}}}`),
      NO_REFERENCES,
      () => ["10.0.0.7"],
    );
    deepEqual(exporters.map(({ name }) => name), ["east", "west"]);
    const bytes = new Uint8Array(RECORD_BYTES);
    fillRandomRecord(bytes, seededRandom(7));
    for (const exporter of exporters) exporter.accept(new FlowRecord(bytes.buffer).moveTo(0), CLIENT);
    await Promise.all(exporters.map((exporter) => exporter.close(10_000)));

    equal(east.headers[0]?.authorization, "Bearer t0k");
    equal(east.requests[0]?.spans.length, 1);
    equal(east.requests[0]?.resource["service.name"], "weir");
    deepEqual(
      ["authorization", "x-a", "content-encoding", "path"].map((name) => west.headers[0]![name]),
      ["Basic dTpw", "b", "gzip", "/x/traces"],
    );
    equal(east.requests[0]?.spans[0]?.attributes["network.io.direction"], "transmit");
    equal(west.requests[0]?.spans[0]?.attributes["network.io.direction"], undefined);
    const { resource } = west.requests[0]!;
    deepEqual([resource["service.name"], resource.team, resource["host.ip"]], ["flows", "net", ["10.0.0.7"]]);
  },
});

Deno.test("otlpExporters() makes none where none is wanted", async () => {
  deepEqual(await otlpExporters([], NO_REFERENCES, () => []), []);
});

Deno.test("otlpExporters() says which file cannot be read", async () => {
  const wanted = /^UsageError: Cannot read the token \/nowhere\/token: No such file or directory$/;
  await rejects(
    otlpExporters(await receivers("{auth: {bearer_file: /nowhere/token}}"), NO_REFERENCES, () => []),
    wanted,
  );
});
