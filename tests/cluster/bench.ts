/** The bench's part about Kubernetes works: a quick run of it, whose figures nobody believes. */
import assert from "node:assert/strict";
import { kubernetesBench } from "../bench/kubernetes.ts";

Deno.test("bench measures what following a cluster costs", async () => {
  const figures = await kubernetesBench({ smoke: true, say: () => {}, minutes: 1 });
  assert(figures.length >= 8);
  for (const { name, value } of figures) assert(Number.isFinite(value), `${name} is ${value}`);
  const [list] = figures.filter(({ name }) => name.includes("first list"));
  assert.match(list!.name, /of 1,107 pods$/);
});
