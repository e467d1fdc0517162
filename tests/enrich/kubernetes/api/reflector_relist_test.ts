/** When one kind is listed again, and from which version: no more often, and from none older, than it must be. */
import assert from "node:assert/strict";
import { named, ReflectorBed } from "../../../support/cluster/reflector_bed.ts";
import { until } from "../../../support/network_lab.ts";

Deno.test("Reflector goes on from the last bookmark, also where half a stream was left for a list by pages", async () => {
  await using bed = new ReflectorBed();
  const half = bed.api.stream();
  half.send("ADDED", named("a"));
  await bed.untilNames("a");
  bed.api.refuse(422, "Invalid"); // another API server, an older one
  bed.api.answerJson({ metadata: { resourceVersion: "7" }, items: [named("a")] });
  const first = bed.api.stream();
  half.end();
  await bed.untilRequests(4);
  first.send("BOOKMARK", { metadata: { resourceVersion: "500" } });
  await until("the bookmark", () => bed.counts.events.bookmark === 1);
  bed.nowMs += 400_000;
  bed.api.stream();
  first.end();
  await bed.untilRequests(5);
  assert.equal(bed.api.query(4).get("resourceVersion"), "500");
  assert.deepEqual([bed.counts.errors.garbage, bed.counts.lists], [1, 2], "half a list, and a whole one");
});

/** What a watch from version 999 asks for when it has ended and these are the answers, and once more. */
async function versionsAfter(bed: ReflectorBed, refusals: number[], headers = {}): Promise<(string | null)[]> {
  const first = bed.api.stream();
  first.sendInitialEnd("999");
  await until("the list", () => bed.reflector.hasList);
  bed.nowMs += 60_000;
  for (const status of refusals) bed.api.refuse(status, `Status${status}`, headers);
  bed.api.stream();
  first.end();
  await bed.untilRequests(refusals.length + 2);
  return [...refusals, 200].map((_, place) => bed.api.query(place + 1).get("resourceVersion"));
}

Deno.test("Reflector gives up a version that is refused again and again, also where it is told when to come back", async () => {
  for (const headers of [{}, { "retry-after": "1" }]) {
    await using bed = new ReflectorBed();
    assert.deepEqual(await versionsAfter(bed, [504, 504, 504, 504], headers), ["999", "999", "999", "999", null]);
    assert.equal(bed.api.query(5).get("sendInitialEvents"), "true");
  }
});

Deno.test("Reflector keeps its version where the server is too busy: a list would be more work", async () => {
  for (const headers of [{}, { "retry-after": "1" }]) {
    for (const refusals of [[429, 429, 429, 429], [429, 429, 429, 503]]) {
      await using bed = new ReflectorBed();
      const versions = await versionsAfter(bed, refusals, headers);
      assert.deepEqual(versions, Array(5).fill("999"), String(refusals));
    }
  }
});

const TOO_LARGE = "Timeout: Too large resource version: 999, current: 7";

/** A reflector that lists by pages, has watched up to a version, and is told that it has expired. */
async function expireByPages(bed: ReflectorBed, version: string): Promise<void> {
  bed.api.refuse(422, "Invalid");
  bed.api.answerJson({ metadata: { resourceVersion: "7" }, items: [named("a")] });
  const watch = bed.api.stream();
  await bed.untilRequests(3);
  watch.send("BOOKMARK", { metadata: { resourceVersion: version } });
  watch.send("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" });
  await bed.untilRequests(4);
}

Deno.test("Reflector lists by pages from the version it had when that has expired for watching, never from before", async () => {
  await using bed = new ReflectorBed();
  await expireByPages(bed, "500");
  assert.deepEqual(Object.fromEntries(bed.api.query(1)), { limit: "500", resourceVersion: "0" }, "the first ever");
  assert.deepEqual(Object.fromEntries(bed.api.query(3)), { resourceVersion: "500" }, "one page: it comes from a cache");
  bed.api.answerJson({ metadata: { resourceVersion: "812" }, items: [named("b")] });
  bed.api.stream();
  await bed.untilNames("b");
  await bed.untilRequests(5);
  assert.deepEqual([bed.api.query(4).get("watch"), bed.api.query(4).get("resourceVersion")], ["true", "812"]);
});

Deno.test("Reflector lists by pages what is newest when the server does not have the version it had", async () => {
  const answers = [
    { code: 410, reason: "Expired", message: "too old" },
    { code: 504, reason: "Timeout", message: TOO_LARGE },
  ];
  for (const answer of answers) {
    await using bed = new ReflectorBed();
    await expireByPages(bed, "999");
    bed.api.answerJson(answer, answer.code, { "retry-after": "1" });
    await bed.untilRequests(5);
    assert.deepEqual(Object.fromEntries(bed.api.query(4)), { limit: "500" }, answer.message);
    bed.api.answerJson({ metadata: { resourceVersion: "7" }, items: [named("b")] });
    bed.api.stream();
    await bed.untilNames("b");
    await bed.untilRequests(6);
    assert.equal(bed.api.query(5).get("resourceVersion"), "7");
  }
});

Deno.test("Reflector lists what is newest when a version to watch from is too large, without asking again", async () => {
  await using bed = new ReflectorBed();
  const first = bed.api.stream();
  first.sendInitialEnd("999");
  await until("the list", () => bed.reflector.hasList);
  bed.nowMs += 60_000;
  bed.api.answerJson({ code: 504, reason: "Timeout", message: TOO_LARGE }, 504);
  bed.api.stream();
  first.end();
  await bed.untilRequests(3);
  assert.equal(bed.api.query(2).get("sendInitialEvents"), "true");
});

Deno.test("Reflector lists by pages what is newest after what makes no sense", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(422, "Invalid");
  bed.api.answerJson({ metadata: { resourceVersion: "7" }, items: [named("a")] });
  const watch = bed.api.stream();
  await bed.untilRequests(3);
  watch.sendText("no JSON\n");
  await bed.untilRequests(4);
  assert.deepEqual(Object.fromEntries(bed.api.query(3)), { limit: "500" });
});

Deno.test("Reflector keeps asking for any version in its first list, as long as that is only refused", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(422, "Invalid");
  for (let i = 0; i < 6; i++) bed.api.refuse(503, "ServiceUnavailable");
  await bed.untilRequests(8);
  assert.equal(bed.api.query(7).get("resourceVersion"), "0", "all nodes start at once: it comes from a cache");
});

Deno.test("Reflector gives up a version that lists are refused for again and again", async () => {
  await using bed = new ReflectorBed();
  await expireByPages(bed, "500");
  for (let i = 0; i < 4; i++) bed.api.refuse(500, "InternalError");
  await bed.untilRequests(8);
  const versions = [3, 4, 5, 6, 7].map((place) => bed.api.query(place).get("resourceVersion"));
  assert.deepEqual(versions, ["500", "500", "500", "500", null]);
});

Deno.test("Reflector lists again less and less often where each version has expired at once", async () => {
  await using bed = new ReflectorBed();
  for (let i = 0; i < 5; i++) {
    const stream = bed.api.stream();
    stream.sendInitialEnd("7");
    stream.send("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" });
  }
  await bed.untilRequests(6);
  assert.deepEqual(bed.waits, [2_500, 2_500, 3_200, 6_400, 12_800], "none sooner than all nodes are to be spread over");
});

Deno.test("Reflector watches from what the first page of a list knew", async () => {
  await using bed = new ReflectorBed();
  bed.api.refuse(422, "Invalid");
  bed.api.answerJson({ metadata: { resourceVersion: "7", continue: "more" }, items: [named("a")] });
  bed.api.answerJson({ metadata: { resourceVersion: "9" }, items: [named("b")] });
  bed.api.stream();
  await bed.untilRequests(4);
  assert.equal(bed.api.query(3).get("resourceVersion"), "7", "changes of the first page's objects come after that");
});
