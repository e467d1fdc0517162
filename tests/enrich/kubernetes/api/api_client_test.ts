import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Access, TlsMaterial } from "../../../../src/enrich/kubernetes/api/access.ts";
import { ApiClient } from "../../../../src/enrich/kubernetes/api/api_client.ts";
import { ApiError, errorOfStatus } from "../../../../src/enrich/kubernetes/api/api_error.ts";
import { ScriptedApi } from "../../../support/cluster/scripted_api.ts";
import { until } from "../../../support/network_lab.ts";
import { randomTest } from "../../../support/random.ts";

const PLAIN: TlsMaterial = { ca: undefined, cert: undefined, key: undefined, serverName: undefined, insecure: false };

function clientOf(api: ScriptedApi, answerMs?: number, access: Partial<Access> = {}): ApiClient {
  const credentials = () => Promise.resolve({ headers: { authorization: "Bearer x" }, tls: PLAIN });
  return new ApiClient(
    { server: `${api.url}/prefix`, origin: "", credentials, refused: () => {}, ...access },
    answerMs,
  );
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  let all = "";
  for await (const chunk of body) all += new TextDecoder().decode(chunk);
  return all;
}

/** Each chunk is copied at once: it is valid until the next. */
async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const never = new AbortController().signal;

Deno.test("ApiClient.get() asks below the server's path, with credentials, and gives the body as it comes", async () => {
  await using api = new ScriptedApi();
  const client = clientOf(api);
  api.answer(() => new Response("hello"));
  assert.equal(await text(await client.get("/api/v1/pods?x=1", "application/json", never)), "hello");
  assert.equal(api.requests[0], "/prefix/api/v1/pods?x=1");
  assert.deepEqual([api.headers[0]!.get("accept"), api.headers[0]!.get("authorization")], [
    "application/json",
    "Bearer x",
  ]);
  client.close();
});

randomTest("ApiClient.get() gives a long body whole, however it is cut", async (random) => {
  await using api = new ScriptedApi();
  const client = clientOf(api);
  const sent = Array.from({ length: 401 }, () => random.bytes(1 + random.below(random.oneIn(7) ? 150_000 : 401)));
  const stream = api.stream();
  const reading = bytesOf(await client.get("/x", "*/*", never));
  for (const part of sent) stream.sendBytes(part);
  stream.end();
  assert(Buffer.concat(sent).equals(await reading));
  client.close();
});

Deno.test("ApiClient.get() tells the server when a body is left", async () => {
  await using api = new ScriptedApi();
  const client = clientOf(api);
  const stream = api.stream();
  const body = await client.get("/x", "*/*", never);
  stream.sendText("enough");
  for await (const chunk of body) {
    assert.equal(new TextDecoder().decode(chunk), "enough");
    break;
  }
  await until("that it knows", () => !stream.isOpen);
  client.close();
});

Deno.test("ApiClient.get() throws what the API server says", async () => {
  await using api = new ScriptedApi();
  const client = clientOf(api);
  const refusal = async () => {
    const error = await client.get("/x", "*/*", never).then(() => undefined, (error) => error);
    assert(error instanceof ApiError);
    return error;
  };
  api.refuse(403, "Forbidden");
  const { status, reason, message } = await refusal();
  assert.deepEqual([status, reason, message], [403, "Forbidden", "the server says Forbidden"]);
  api.answer(() => new Response("<html>bad gateway</html>", { status: 502 }));
  assert.equal((await refusal()).message, "HTTP 502 <html>bad gateway</html>");
  api.answer(() => new Response("x".repeat(1_000_003), { status: 500 }));
  assert.equal((await refusal()).message.length, 300);
  api.refuse(429, "TooManyRequests", { "retry-after": "3" });
  assert.equal((await refusal()).retryAfterMs, 3_000);
  api.answer(() => new Response(null, { status: 302, headers: { location: "http://192.0.2.1/" } }));
  assert.equal((await refusal()).status, 302, "nobody is led elsewhere with credentials");
  client.close();
});

Deno.test("ApiClient.get() does not wait for ever for an answer", async () => {
  await using api = new ScriptedApi();
  const client = clientOf(api, 53);
  await assert.rejects(client.get("/x", "*/*", never), { name: "TimeoutError", message: "no answer within 53 ms" });
  client.close();
});

Deno.test("ApiClient.get() breaks off with its signal, before the answer and in the middle of it", async () => {
  await using api = new ScriptedApi();
  const client = clientOf(api);
  const early = new AbortController();
  const waiting = client.get("/x", "*/*", early.signal);
  early.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  api.answer(() => new Response("to whom it concerned"));
  const stream = api.stream();
  const late = new AbortController();
  const body = await client.get("/x", "*/*", late.signal);
  stream.sendText("half");
  const reading = text(body);
  late.abort(new Error("enough"));
  await assert.rejects(reading, /enough/);
  await assert.rejects(client.get("/x", "*/*", AbortSignal.abort(new Error("never began"))), /never began/);
  client.close();
});

Deno.test("ApiClient asks for new credentials once, and then says that it is refused", async () => {
  await using api = new ScriptedApi();
  let refusals = 0;
  const client = clientOf(api, undefined, { refused: () => refusals++ });
  api.refuse(401, "Unauthorized");
  api.refuse(401, "Unauthorized");
  await assert.rejects(client.get("/x", "*/*", never), { name: "ApiError", status: 401 });
  assert.equal(refusals, 1);
  client.close();
});

Deno.test("ApiClient keeps its connection, unless certificates are others now or it is told to leave it", async () => {
  await using api = new ScriptedApi();
  let tls = PLAIN;
  const client = clientOf(api, undefined, { credentials: () => Promise.resolve({ headers: {}, tls }) });
  const ask = async () => {
    api.answer(() => new Response("x"));
    await text(await client.get("/x", "*/*", never));
  };
  await ask();
  tls = { ...PLAIN };
  await ask();
  tls = { ...PLAIN, ca: AUTHORITY };
  await ask();
  await ask();
  client.reconnect();
  await ask();
  const [first, second, third, fourth, fifth] = api.ports;
  assert.equal(first, second);
  assert.notEqual(second, third);
  assert.equal(third, fourth);
  assert.notEqual(fourth, fifth);
  client.close();
});

Deno.test("ApiClient goes on with running answers when it reconnects", async () => {
  await using api = new ScriptedApi();
  const client = clientOf(api);
  const stream = api.stream();
  const reading = client.get("/x", "*/*", never).then(text);
  stream.sendText("one ");
  client.reconnect();
  stream.sendText("two");
  stream.end();
  assert.equal(await reading, "one two");
  client.close();
});

Deno.test("errorOfStatus() reads error events, and what is none", () => {
  const expired = errorOfStatus({ code: 410, reason: "Expired", message: "too old" });
  assert.deepEqual([expired.isExpired, expired.message], [true, "too old"]);
  assert.equal(errorOfStatus({ reason: "Gone" }).isExpired, true);
  for (const nonsense of [undefined, null, {}, "text"]) {
    const { status, isExpired } = errorOfStatus(nonsense);
    assert.deepEqual([status, isExpired], [0, false]);
  }
});

/** Of nobody. */
const AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIURcpFMfNRZKjVHMZaSLekAPOJtMswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJd2Vpci10ZXN0MCAXDTI2MTEyNjEyNDU0MVoYDzIxMjYxMTAy
MTI0NTQxWjAUMRIwEAYDVQQDDAl3ZWlyLXRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASGz4GY+Mv23MmZPZCspZJa58g4hpt5boctM72twWCYhaQX9xy2lhdV
r3U9uWxWWYawdkD7ofvtDKOeB9tWiOjlo1MwUTAdBgNVHQ4EFgQU1ViHrKh8rD1u
mDQp/13K+LyP4fowHwYDVR0jBBgwFoAU1ViHrKh8rD1umDQp/13K+LyP4fowDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAp4MuhBKhNc48s12H5akX
j3wggkhlSw2bk5Et/1sGalsCIQCAc24EwIL450cUEkaeK3+b+G7NNdF2BDv6bMkp
cMY/Gg==
-----END CERTIFICATE-----
`;
