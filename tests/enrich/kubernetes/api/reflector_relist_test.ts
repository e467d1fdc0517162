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
