/** Reachability of receivers: scripted ones, and certificates of a test's own authority. */
import { deepEqual, equal, match } from "node:assert/strict";
import { OTLP_PROTOCOLS, type OtlpProtocol, type ReceiverOptions, TlsFiles } from "../../../src/export/mod.ts";
import { checkReceiver } from "../../../src/verbs/doctor/receivers.ts";
import { Authority } from "../../support/certificates.ts";
import { openReceiver } from "../../support/otlp_receiver.ts";

const DAY_MS = 86_400_000;

function options(url: URL, protocol: OtlpProtocol, rest: Partial<ReceiverOptions> = {}): ReceiverOptions {
  return {
    name: "main",
    url,
    protocol,
    headers: {},
    credentials: undefined,
    tls: undefined,
    compression: "none",
    timeoutMs: 3_000,
    batchRecordsWanted: 1,
    batchRecordsMax: 1,
    lingerMs: 1,
    batchesInFlightMax: 1,
    userAgent: "weir/0",
    ...rest,
  };
}

for (const protocol of OTLP_PROTOCOLS) {
  Deno.test(`checkReceiver() asks by ${protocol} with a request without a span, and is content with an answer`, async () => {
    await using receiver = await openReceiver(protocol, ["ok"]);
    const { state, found, remedy } = await checkReceiver(options(receiver.url, protocol), Date.now());
    deepEqual([state, found, remedy], ["ok", `${protocol} to ${receiver.url.host}, answers`, ""]);
    deepEqual(receiver.requests.map(({ spans }) => spans), [[]]);
  });

  Deno.test(`checkReceiver() tells by ${protocol} what a receiver refuses, and one that is too busy`, async () => {
    await using refusing = await openReceiver(protocol, ["unauthorized"]);
    const refused = await checkReceiver(options(refusing.url, protocol), Date.now());
    equal(refused.state, "missing");
    match(refused.found, /: refuses an empty request \(.*who\?.*\)$/);
    match(refused.remedy, /auth/);
    await using busy = await openReceiver(protocol, [{ busyMs: 3_000 }]);
    match((await checkReceiver(options(busy.url, protocol), Date.now())).found, /does not take an empty request \(/);
  });
}

Deno.test("checkReceiver() names the step that fails: name, connection, TLS, answer", async () => {
  const check = async (url: string, protocol: OtlpProtocol = "http_binary", timeoutMs = 1_500) =>
    await checkReceiver(options(new URL(url), protocol, { timeoutMs }), Date.now());
  match((await check("http://nowhere.invalid:4318")).found, /its name nowhere\.invalid has no address \(/);
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  match(
    (await check(`https://127.0.0.1:${port}`, "http_binary", 300)).found,
    /no TLS handshake \(nothing within 300 ms\)/,
  );
  match((await check(`http://127.0.0.1:${port}`, "http_binary", 300)).found, /does not take .*\(no answer in time\)/);
  taken.close();
  const { state, found, remedy } = await check(`http://127.0.0.1:${port}`);
  deepEqual([state, found], ["missing", `http_binary to 127.0.0.1:${port}: cannot connect (Connection refused)`]);
  match(remedy, /^start the receiver/);
});

Deno.test("checkReceiver() reads certificates: who signed them, for whom, and until when", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  const authority = new Authority(folder, "ours");
  const { cert, key } = authority.issue("receiver", "127.0.0.1");
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: Deno.readTextFileSync(cert),
    key: Deno.readTextFileSync(key),
    onListen: () => {},
  }, () => new Response(null, { headers: { "content-type": "application/x-protobuf" } }));
  const url = new URL(`https://127.0.0.1:${server.addr.port}`);
  const paths = { caCert: undefined, clientCert: undefined, clientKey: undefined, insecureSkipVerify: false };
  const check = async (tls: Partial<typeof paths> | { caCert: string }, nowMs = Date.now()) =>
    await checkReceiver(options(url, "http_binary", { tls: new TlsFiles({ ...paths, ...tls }) }), nowMs);
  try {
    const stranger = await check({});
    equal(stranger.state, "missing");
    match(stranger.found, /its certificate is not trusted \(/);
    match(stranger.remedy, /tls\.ca_cert/);

    const soon = await check({ caCert: authority.cert });
    equal(soon.state, "degraded");
    match(soon.found, /, TLSv1\.3, answers, certificate ends on 20\d\d-\d\d-\d\d \(in 1 days\)$/);
    equal(soon.remedy, "exchange the certificate");

    const early = await check({ caCert: authority.cert }, Date.now() - 30 * DAY_MS);
    equal(early.state, "ok");
    match(early.found, /, TLSv1\.3, certificate until 20\d\d-\d\d-\d\d, answers$/);

    const late = await check({ caCert: authority.cert }, Date.now() + 3 * DAY_MS);
    match(late.found, /its certificate ran out on 20/);

    const careless = await check({ insecureSkipVerify: true }, Date.now() - 30 * DAY_MS);
    equal(careless.state, "degraded");
    match(careless.found, /, answers, not verified \(/);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
