/** Receivers of a configuration: what they are asked with, and what reaches them. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { FlowRecord, RECORD_BYTES } from "../../src/flow_record.ts";
import type { OtlpReceiver as ReceiverSettings } from "../../src/settings/mod.ts";
import { authHeader, otlpExporters } from "../../src/verbs/otlp_exporters.ts";
import { load } from "../support/config_text.ts";
import { openReceiver } from "../support/otlp_receiver.ts";
import { fillRandomRecord, seededRandom } from "../support/random_records.ts";

async function receivers(otlp: string): Promise<ReceiverSettings[]> {
  return (await load(`export: {traces: {otlp: ${otlp}}}`)).settings.export.traces.otlp;
}

async function headerOf(auth: string): Promise<Record<string, string>> {
  return await authHeader((await receivers(`{auth: ${auth}}`))[0]!);
}

Deno.test("authHeader() asks as HTTP says it, with secrets from the file or from files of their own", async () => {
  deepEqual(await headerOf("{}"), {});
  deepEqual(await headerOf("{bearer: t0k}"), { authorization: "Bearer t0k" });
  deepEqual(await headerOf("{basic: {user: Aladdin, pass: 'open sesame'}}"), {
    authorization: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
  });
  deepEqual(
    await headerOf("{basic: {user: ü, pass: ß}}"),
    { authorization: "Basic w7w6w58=" },
    "UTF-8 (RFC 7617, 2.1)",
  );
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  try {
    await Deno.writeTextFile(`${folder}/secret`, "s3cret\n");
    deepEqual(await headerOf(`{bearer_file: ${folder}/secret}`), { authorization: "Bearer s3cret" });
    deepEqual(await headerOf(`{basic: {user: u, pass_file: ${folder}/secret}}`), {
      authorization: "Basic dTpzM2NyZXQ=",
    });
    await rejects(headerOf(`{bearer_file: ${folder}/none}`), (error: Error) => {
      equal(error.message, `Cannot read ${folder}/none, a secret of the receiver otlp: No such file or directory`);
      return error instanceof UsageError;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

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
          auth: {basic: {user: u, pass: p}}, resource_attributes: {team: net, service.name: flows}}}`),
      () => ({ kind: "CLIENT", interfaceOf: () => undefined }),
      () => undefined,
    );
    deepEqual(exporters.map(({ name }) => name), ["east", "west"]);
    const bytes = new Uint8Array(RECORD_BYTES);
    fillRandomRecord(bytes, seededRandom(7));
    for (const exporter of exporters) exporter.accept(new FlowRecord(bytes.buffer).moveTo(0));
    await Promise.all(exporters.map((exporter) => exporter.close(10_000)));

    equal(east.headers.authorization, "Bearer t0k");
    equal(east.requests[0]?.spans.length, 1);
    equal(east.requests[0]?.resource["service.name"], "weir");
    deepEqual(
      ["authorization", "x-a", "content-encoding", "path"].map((name) => west.headers[name]),
      ["Basic dTpw", "b", "gzip", "/x/traces"],
    );
    const { resource } = west.requests[0]!;
    deepEqual([resource["service.name"], resource.team, resource["host.name"]], ["flows", "net", Deno.hostname()]);
  },
});

Deno.test("otlpExporters() makes none where none is wanted", async () => {
  deepEqual(await otlpExporters([], () => ({ kind: "CLIENT", interfaceOf: () => undefined }), () => undefined), []);
});
