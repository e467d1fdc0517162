import assert from "node:assert/strict";
import type { ReflectorState } from "../../../../src/enrich/kubernetes/api/reflector.ts";
import { type Watched, WatchReport } from "../../../../src/enrich/kubernetes/api/watch_report.ts";
import { kindOf } from "../../../../src/enrich/kubernetes/kinds.ts";

function reporter() {
  const lines: string[] = [];
  const report = new WatchReport((level, message) => lines.push(`${level}: ${message}`));
  const watches = new Map<string, { -readonly [Key in keyof Watched]: Watched[Key] }>();
  const become = (word: string, state: ReflectorState, detail = "", hasList = true) => {
    const known = watches.get(word) ?? { kind: kindOf(word)!, state, detail, hasList };
    watches.set(word, Object.assign(known, { state, detail, hasList }));
    report.changed(known);
  };
  const told = () => {
    report.flush();
    return lines.splice(0);
  };
  return { become, told };
}

Deno.test("WatchReport tells of all kinds that have the same trouble in one line, and when it is over", () => {
  const { become, told } = reporter();
  for (const word of ["node", "pod"]) become(word, "watching");
  assert.deepEqual(told(), [], "that all is well is no news");
  for (const word of ["node", "pod"]) become(word, "unreachable", "connection refused");
  assert.deepEqual(told(), ["warn: Cannot watch nodes, pods: connection refused; names go on with what was known"]);
  become("node", "listing");
  become("pod", "watching");
  assert.deepEqual(told(), ["info: Watching pods again"]);
  become("node", "watching");
  assert.deepEqual(told(), ["info: Watching nodes again"]);
  become("node", "watching");
  assert.deepEqual(told(), []);
});

Deno.test("WatchReport names the rules that are missing, and does not miss what a cluster need not have", () => {
  const { become, told } = reporter();
  become("pod", "forbidden", "pods is forbidden", false);
  become("job", "forbidden", "jobs is forbidden", false);
  become("gateway", "missing", "not found", false);
  become("endpointslice", "missing", "not found", false);
  become("service", "unreachable", "refused", false);
  assert.deepEqual(told(), [
    "warn: Cannot watch pods, jobs: pods is forbidden; add to weir's ClusterRole:\n" +
    '- apiGroups: [""]\n  resources: ["pods"]\n  verbs: ["list", "watch"]\n' +
    '- apiGroups: ["batch"]\n  resources: ["jobs"]\n  verbs: ["list", "watch"]',
    "warn: Cannot watch endpointslices: the API server does not serve discovery.k8s.io/v1; names do without until it does",
    "warn: Cannot watch services: refused",
  ]);
});
