/** Mutual TLS and tokens against the real OpenTelemetry Collector, with files that are replaced during the run. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { assertFinalBooks } from "../support/books_file.ts";
import { Authority } from "../support/certificates.ts";
import { COLLECTOR_ADDRESS, GRPC_PORT, HTTP_PORT } from "../support/collector.ts";
import { assertAllThere, byId, delivered, openBed, SETTINGS } from "../support/collector_bed.ts";
import { until } from "../support/network_lab.ts";

/** Files that somebody replaces as projected volumes do: by another file under the same name. */
class ReplacedFiles implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "weirtest-tls-" });

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  replace(name: string, text: string): void {
    Deno.writeTextFileSync(this.path(`${name}.new`), text);
    Deno.renameSync(this.path(`${name}.new`), this.path(name));
  }

  /** A certificate of this authority for the agent. between: what happens until its key is there, too. */
  async certify(authority: Authority, between = () => Promise.resolve()): Promise<void> {
    const { cert, key } = authority.issue("agent");
    this.replace("cert", Deno.readTextFileSync(cert));
    await between();
    this.replace("key", Deno.readTextFileSync(key));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

for (const [protocol, port] of [["grpc", GRPC_PORT], ["http_binary", HTTP_PORT]] as const) {
  const url = `https://${COLLECTOR_ADDRESS}:${port}`;
  const otlp = ["--otlp", url, "--otlp-protocol", protocol];

  Deno.test(`run sends by ${protocol} over mutual TLS, with token and certificate replaced meanwhile`, async () => {
    using files = new ReplacedFiles();
    const authority = (name: string) => new Authority(files.folder, name);
    const [server, first, second] = [authority("server"), authority("first"), authority("second")];
    files.replace("clients", [first, second].map(({ cert }) => Deno.readTextFileSync(cert)).join("\n"));
    files.replace("tokens", "token-1\n");
    files.replace("token", "token-1\n");
    await files.certify(first);
    const shown = ["--otlp-client-cert", files.path("cert"), "--otlp-client-key", files.path("key")];
    const args = ["--otlp-ca-cert", server.cert, ...shown, "--otlp-bearer-file", files.path("token")];
    await using bed = await openBed(["--output", "json", ...otlp, ...args], {
      certified: server.issue("collector", COLLECTOR_ADDRESS),
      clientAuthorities: files.path("clients"),
      tokensFile: files.path("tokens"),
    });
    await bed.wire.send({ flows: 101, packets: 503 });
    await until("spans with the first token", async () => await delivered(bed) >= 101);

    // the receiver learns of the new token before its clients use it, and forgets the old one afterwards
    files.replace("tokens", "token-1\ntoken-2\n");
    files.replace("token", "token-2\n");
    await files.certify(second, async () => {
      await bed.wire.send({ flows: 101, packets: 503, source: "10.78.0.1" });
      await until("records to be made", async () => (await bed.wire.agent.askJson("/status")).table.records >= 202);
    });
    await until("spans with the second token", async () => await delivered(bed) >= 202);
    match(bed.wire.agent.log, /Read the token .* again/);

    await bed.collector.stop();
    files.replace("tokens", "token-2\n");
    await bed.collector.start({ clientAuthorities: second.cert });
    await bed.wire.send({ flows: 101, packets: 503, source: "10.79.0.1" });
    const { spans } = await assertAllThere(bed);
    ok(spans.length >= 303);
  });

  Deno.test(`run sends nothing by ${protocol} to whom nobody vouches for, unless told to`, async () => {
    using files = new ReplacedFiles();
    const certified = new Authority(files.folder, "stranger").issue("collector", COLLECTOR_ADDRESS);
    const settings = `${SETTINGS}\nshutdown_timeout: 2s`;
    await using bed = await openBed(
      ["--output", "json", ...otlp, ...otlp, "--otlp-insecure-skip-verify"],
      { certified, settings },
    );
    await bed.wire.send({ flows: 101, packets: 503 });
    await until("spans to be delivered", async () => await delivered(bed, "otlp_2") >= 101);
    const ended = await bed.wire.agent.stop();
    assertFinalBooks(ended.books);
    const { exporters, handed_out } = ended.books.packets;
    equal(exporters["otlp_2"]!.exported, handed_out);
    equal(exporters.otlp!.exported, 0);
    match(ended.log, /Exporter otlp is not delivered: .*(certificate|UnknownIssuer)/i);
    await bed.collector.stop();
    deepEqual(byId(bed.collector.spans()), byId(ended.spans));
  });
}
