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
