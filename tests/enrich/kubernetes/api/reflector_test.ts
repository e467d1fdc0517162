/** Following one kind, against an API server that says what the test tells it to. */
import assert from "node:assert/strict";
import { UsageError } from "../../../../src/errors.ts";
import { named, ReflectorBed } from "../../../support/cluster/reflector_bed.ts";
import { until } from "../../../support/network_lab.ts";

/** How long a busy watch is left alone. */
const GATHER_MS = 200;

Deno.test("Reflector begins with a list as a stream, and goes on with changes", async () => {
  await using bed = new ReflectorBed();
  const stream = bed.api.stream();
  stream.send("ADDED", named("b"));
  stream.send("ADDED", named("a"));
  await bed.untilNames("a", "b");
  assert.equal(bed.reflector.hasList, false);
  stream.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  stream.send("MODIFIED", { metadata: { ...named("b").metadata, name: "renamed", resourceVersion: "8" } });
  stream.send("DELETED", named("a", "9"));
  await bed.untilNames("renamed");
  assert.deepEqual(bed.states, ["listing", "watching"]);
  assert.deepEqual(bed.counts.events, { added: 2, modified: 1, deleted: 1, bookmark: 1, listed: 0 });
  const query = Object.fromEntries(bed.api.query(0));
  assert.deepEqual(query, {
    watch: "true",
    allowWatchBookmarks: "true",
    timeoutSeconds: "450",
    sendInitialEvents: "true",
    resourceVersionMatch: "NotOlderThan",
  });
  assert.equal(bed.api.headers[0]!.get("accept"), "application/json");
});

Deno.test("Reflector asks for metadata alone where that is enough, and for no more than its scope", async () => {
  await using bed = new ReflectorBed({
    kind: "Deployment",
    isWhole: false,
    scope: { namespace: "shop", labelSelector: "app in (a)" },
  });
  bed.api.stream();
  await bed.untilRequests(1);
  assert.match(bed.api.requests[0]!, /^\/apis\/apps\/v1\/namespaces\/shop\/deployments\?/);
  assert.equal(bed.api.query(0).get("labelSelector"), "app in (a)");
  const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
  assert.equal(bed.api.headers[0]!.get("accept"), accept);
});

Deno.test("Reflector reads events that come in pieces, characters cut in two included", async () => {
  await using bed = new ReflectorBed();
  const stream = bed.api.stream();
  const text = ["ä", "漢字", "😀"].map((name) => `${JSON.stringify({ type: "ADDED", object: named(name) })}\n`).join(
    "",
  );
  for (const byte of new TextEncoder().encode(text)) stream.sendBytes(new Uint8Array([byte]));
  stream.sendInitialEnd("7");
  await bed.untilNames("ä", "漢字", "😀");
});

Deno.test("Reflector goes on from the last bookmark when a watch has ended", async () => {
  await using bed = new ReflectorBed();
  const first = bed.api.stream();
  first.sendInitialEnd("7");
  first.send("ADDED", named("a", "8"));
  first.send("BOOKMARK", { metadata: { resourceVersion: "42" } });
  await until("the bookmark", () => bed.counts.events.bookmark === 2);
  const second = bed.api.stream();
  bed.nowMs += 400_000;
  first.end();
  await bed.untilRequests(2);
  assert.equal(bed.api.query(1).get("resourceVersion"), "42");
  assert.equal(bed.api.query(1).get("sendInitialEvents"), null);
  second.send("ADDED", named("b", "43"));
  await bed.untilNames("a", "b");
  assert.equal(bed.counts.lists, 1);
});

Deno.test("Reflector lists by pages where lists are not streamed, and watches from there", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(422, "Invalid");
  bed.api.answerJson({ metadata: { resourceVersion: "7", continue: "more" }, items: [named("a"), named("b")] });
  bed.api.answerJson({ items: [named("c")], metadata: { resourceVersion: "7" } });
  const stream = bed.api.stream();
  await bed.untilNames("a", "b", "c");
  await bed.untilRequests(4);
  assert.deepEqual(Object.fromEntries(bed.api.query(1)), { limit: "500", resourceVersion: "0" });
  assert.deepEqual(Object.fromEntries(bed.api.query(2)), { limit: "500", continue: "more" });
  assert.equal(bed.api.query(3).get("resourceVersion"), "7");
  stream.send("DELETED", named("b", "8"));
  await bed.untilNames("a", "c");
  assert.deepEqual(bed.counts.events.listed, 3);
  assert.deepEqual(Object.values(bed.counts.errors).filter(Boolean), [], "an older API server is no error");
});

Deno.test("Reflector lists again when its version has expired, as an answer and as an event, and forgets what is gone", async () => {
  await using bed = new ReflectorBed();
  const first = bed.api.stream();
  first.send("ADDED", named("a"));
  first.send("ADDED", named("b"));
  first.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  const second = bed.api.stream();
  first.send("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" });
  await bed.untilRequests(2);
  assert.equal(bed.api.query(1).get("sendInitialEvents"), "true");
  assert.deepEqual(bed.sink.all, ["a", "b"], "names stay until the list says otherwise");
  second.send("ADDED", named("b"));
  second.sendInitialEnd("9");
  await bed.untilNames("b");
  bed.nowMs += 60_000;
  second.end();
  await bed.untilRequests(3);
  const third = bed.api.stream();
  bed.api.refuse(410, "Gone");
  third.end();
  await bed.untilRequests(4);
  const fourth = bed.api.stream();
  await bed.untilRequests(5);
  fourth.send("ADDED", named("c"));
  fourth.sendInitialEnd("11");
  await bed.untilNames("c");
  assert.deepEqual([bed.counts.errors.expired, bed.counts.lists], [2, 3]);
  assert(bed.waits.filter((ms) => ms === 2_500).length === 2, `each after a pause of its own: ${bed.waits}`);
});

Deno.test("Reflector takes half a list for none", async () => {
  await using bed = new ReflectorBed();
  const first = bed.api.stream();
  first.send("ADDED", named("a"));
  first.send("ADDED", named("b"));
  await bed.untilNames("a", "b");
  first.end();
  const second = bed.api.stream();
  await bed.untilRequests(2);
  second.send("ADDED", named("a"));
  await until("the first object again", () => bed.counts.events.added === 3);
  assert.deepEqual(bed.sink.all, ["a", "b"]);
  second.sendInitialEnd("7");
  await bed.untilNames("a");
  assert.equal(bed.counts.errors.garbage, 1);
});

Deno.test("Reflector lists again after what makes no sense", async () => {
  const nonsense = [
    "no JSON\n",
    '{"type":"SHOUTED","object":{}}\n',
    "{}\n",
    "null\n",
    '{"type":"ADDED","object":null}\n',
  ];
  for (const text of nonsense) {
    await using bed = new ReflectorBed();
    const first = bed.api.stream();
    first.sendInitialEnd("7");
    first.sendText(text);
    await until("the error", () => bed.counts.errors.garbage === 1);
    const second = bed.api.stream();
    await bed.untilRequests(2);
    assert.equal(bed.api.query(1).get("sendInitialEvents"), "true");
    second.send("ADDED", named("a"));
    second.sendInitialEnd("8");
    await bed.untilNames("a");
    assert.equal(bed.reflector.state, "watching");
  }
});

Deno.test("Reflector refuses a page that is not whole", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(400, "BadRequest");
  bed.api.answer(() =>
    new Response('{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"uid":"1","name":"a"}}')
  );
  await until("the error", () => bed.counts.errors.garbage === 1);
  bed.api.answerJson({ metadata: { resourceVersion: "8" }, items: [named("b")] });
  bed.api.stream();
  await bed.untilNames("b");
});

Deno.test("Reflector passes over objects that are too long or make no sense, and counts them", async () => {
  await using bed = new ReflectorBed();
  bed.sink.refuse = new UsageError("Cannot use operator");
  const stream = bed.api.stream();
  stream.send("ADDED", { metadata: { ...named("huge").metadata, annotations: { x: "y".repeat(9 * 1024 * 1024) } } });
  stream.send("ADDED", named("bad"));
  stream.send("ADDED", named("good"));
  stream.sendInitialEnd("7");
  await bed.untilNames("good");
  await until("the list", () => bed.reflector.hasList);
  assert.deepEqual(bed.counts.refused, { no_uid: 0, not_selected: 0, unreadable: 1, too_long: 1 });
});

Deno.test("Reflector says what it may not see, and tries again, later each time", async () => {
  await using bed = new ReflectorBed();
  for (let i = 0; i < 11; i++) bed.api.refuse(403, "Forbidden");
  bed.api.refuse(404, "NotFound");
  const stream = bed.api.stream();
  stream.send("ADDED", named("a"));
  stream.sendInitialEnd("7");
  await bed.untilNames("a");
  assert.deepEqual(bed.states, [
    "forbidden: the server says Forbidden",
    "missing: the server says NotFound",
    "listing",
    "watching",
  ]);
  assert.deepEqual(bed.waits.slice(0, 9), [800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  assert.deepEqual([bed.counts.errors.forbidden, bed.counts.errors.missing], [11, 1]);
});

Deno.test("Reflector is as patient as at first after what went well for a while", async () => {
  await using bed = new ReflectorBed();
  for (let i = 0; i < 3; i++) bed.api.refuse(503, "ServiceUnavailable");
  const first = bed.api.stream();
  first.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  assert.deepEqual(bed.waits.slice(0, 3), [800, 1_600, 3_200]);
  bed.nowMs += 3_600_000;
  bed.api.stream();
  first.send("ERROR", { code: 500, reason: "InternalError", message: "it broke" });
  await bed.untilRequests(5);
  assert.equal(bed.waits.at(-1), 800);
});

Deno.test("Reflector waits longer each time for a server that takes long to refuse", async () => {
  await using bed = new ReflectorBed();
  for (let i = 0; i < 4; i++) {
    bed.api.answer(() => {
      bed.nowMs += 30_000;
      return new Response("", { status: 504 });
    });
  }
  bed.api.stream();
  await bed.untilRequests(5);
  assert.deepEqual(bed.waits, [800, 1_600, 3_200, 6_400]);
});

Deno.test("Reflector comes back when it is told to", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(429, "TooManyRequests", { "retry-after": "7" });
  const stream = bed.api.stream();
  stream.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  assert.equal(bed.waits[0], 7_000);
  assert.equal(bed.states[0], "unreachable: the server says TooManyRequests");
});

Deno.test("Reflector comes back neither at once nor after hours, whatever it is told", async () => {
  await using bed = new ReflectorBed();
  const asked = ["0", "0", "86400", "1", undefined];
  for (const seconds of asked) {
    bed.api.refuse(503, "ServiceUnavailable", seconds === undefined ? {} : { "retry-after": seconds });
  }
  bed.api.stream();
  await bed.untilRequests(6);
  assert.deepEqual(bed.waits, [800, 800, 60_000, 1_000, 12_800], "all refusals count, until it is not told when");
});

Deno.test("Reflector presents new credentials once when the old ones are refused", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(401, "Unauthorized");
  bed.api.stream().sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  assert.deepEqual(bed.headers(), ["Bearer 0", "Bearer 1"]);
  assert.deepEqual(bed.states, ["listing", "watching"]);
});

Deno.test("Reflector leaves a watch of which nothing is heard, and goes on from where it was", async () => {
  await using bed = new ReflectorBed();
  const first = bed.api.stream();
  first.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  bed.nowMs = bed.reflector.lastByteMs + 179_999;
  assert.equal(bed.reflector.checkSilence(), false);
  const second = bed.api.stream();
  const { reconnects } = bed.client;
  bed.nowMs += 1;
  assert.equal(bed.reflector.checkSilence(), true);
  await bed.untilRequests(2);
  assert.equal(bed.api.query(1).get("resourceVersion"), "7");
  assert.equal(bed.client.reconnects, reconnects + 1, "the connection is left, too: it may be dead");
  await until("that the reader has left", () => !first.isOpen);
  second.send("ADDED", named("a", "8"));
  await bed.untilNames("a");
  assert.deepEqual([bed.counts.errors.silent, bed.counts.lists], [1, 1]);
  assert.match(bed.states.at(-2)!, /^unreachable: nothing came for 180 s$/);
});

Deno.test("Reflector gives a request its time, however long ago the server was last heard of", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(422, "Invalid");
  for (let i = 0; i < 12; i++) bed.api.refuse(403, "Forbidden");
  await bed.untilRequests(14);
  const beganMs = bed.nowMs;
  assert(beganMs > 180_000);
  assert.equal(bed.reflector.state, "listing");
  assert.equal(bed.reflector.lastByteMs, 0, "a request is no sign of life");
  bed.nowMs = beganMs + 179_999;
  assert.equal(bed.reflector.checkSilence(), false);
  bed.nowMs += 1;
  assert.equal(bed.reflector.checkSilence(), true);
  await until("the error", () => bed.counts.errors.silent === 1);
});

Deno.test("Reflector does not come back at once to a server that ends every watch", async () => {
  await using bed = new ReflectorBed();
  const first = bed.api.stream();
  first.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  for (let i = 0; i < 5; i++) bed.api.answer(() => new Response(""));
  bed.nowMs += 10_000;
  first.end();
  await bed.untilRequests(6);
  const retries = bed.waits.filter((ms) => ms !== GATHER_MS);
  assert.deepEqual(retries.slice(0, 4), [800, 1_600, 3_200, 6_400]);
});

Deno.test("Reflector gathers news of a busy watch, and reads that of a quiet one at once", async () => {
  await using bed = new ReflectorBed();
  const stream = bed.api.stream();
  stream.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  bed.nowMs += 10_000;
  const before = bed.waits.length;
  stream.send("ADDED", named("a", "8"));
  await bed.untilNames("a");
  assert.equal(bed.waits.length, before);
  bed.nowMs += 10;
  stream.send("ADDED", named("b", "9"));
  await bed.untilNames("a", "b");
  await until("the pause", () => bed.waits.length > before);
  assert.equal(bed.waits.at(-1), GATHER_MS);
});

Deno.test("Reflector reads for a while between two pauses, and never pauses while news waits to be read", async () => {
  await using bed = new ReflectorBed();
  const stream = bed.api.stream();
  stream.sendInitialEnd("7");
  await until("the list", () => bed.reflector.hasList);
  const before = bed.waits.length;
  const hear = async (name: string, afterMs: number) => {
    bed.nowMs += afterMs;
    stream.send("ADDED", named(name, "8"));
    await until(name, () => bed.sink.all.includes(name));
    // the reader asks for more only after its pause
    stream.send("ADDED", named(`${name}, too`, "8"));
    await until(`more than ${name}`, () => bed.sink.all.includes(`${name}, too`));
    return bed.waits.length - before;
  };
  assert.equal(await hear("at once", 4), 0);
  assert.equal(await hear("busy", 10), 1);
  assert.equal(await hear("soon after the pause", 23), 1);
  assert.equal(await hear("busy again", 10), 2);
  assert.equal(await hear("after a quiet time", 211), 2);
});

Deno.test("Reflector.stop() ends it wherever it is", async () => {
  for (
    const prepare of [
      () => {},
      (bed: ReflectorBed) => bed.api.stream(),
      (bed: ReflectorBed) => bed.api.stream().sendInitialEnd("7"),
    ]
  ) {
    await using bed = new ReflectorBed();
    prepare(bed);
    await bed.untilRequests(1);
    bed.reflector.stop();
  }
});
