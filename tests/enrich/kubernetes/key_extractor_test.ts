import assert from "node:assert/strict";
import { KeyExtractor } from "../../../src/enrich/kubernetes/key_extractor.ts";
import type { KeyRule } from "../../../src/enrich/kubernetes/options.ts";

function extractor(rule: Partial<KeyRule>): KeyExtractor {
  return new KeyExtractor("labels", { from: "pod", ...rule });
}

/** What a rule makes of a pod's label; undefined: nothing. */
function extract(rule: Partial<KeyRule>, key: string, value = "v"): [string, string] | undefined {
  const made = extractor(rule);
  const extracted = made.extract("pod", key, value);
  assert.equal(made.wants("pod", key, value), extracted !== undefined, key);
  return extracted && [extracted.name, extracted.value];
}

Deno.test("KeyExtractor.extract() takes a key, keys by glob, or keys that an expression matches wholly", () => {
  const takes = (rule: Partial<KeyRule>, ...keys: string[]) => keys.map((key) => extract(rule, key)?.[0]);
  assert.deepEqual(takes({ key: "app" }, "app", "apps"), ["k8s.pod.label.app", undefined]);
  assert.deepEqual(takes({ key: "a*" }, "a.b/c", "b"), ["k8s.pod.label.a.b/c", undefined]);
  const expression = { keyRegex: "app|kubernetes\\.io/.+" };
  assert.deepEqual(takes(expression, "app", "kubernetes.io/x", "apps", "my.kubernetes.io/x"), [
    "k8s.pod.label.app",
    "k8s.pod.label.kubernetes.io/x",
    undefined,
    undefined,
  ]);
});

Deno.test("KeyExtractor.extract() leaves out what value_regex does not match, and cuts nothing off what it does", () => {
  const rule = { key: "version", valueRegex: "^v(\\d+)" };
  assert.deepEqual(extract(rule, "version", "v2.7"), ["k8s.pod.label.version", "v2.7"]);
  assert.equal(extract(rule, "version", "2.7"), undefined);
  assert.deepEqual(extract({ key: "a", valueRegex: "prod|live" }, "a", "eu-prod-3"), ["k8s.pod.label.a", "eu-prod-3"]);
  assert.deepEqual(extract({ key: "a" }, "a", ""), ["k8s.pod.label.a", ""]);
});

Deno.test("KeyExtractor.extract() names attributes after key_regex's groups and makes values of value_regex's", () => {
  const every = { keyRegex: "kubernetes.io/(.*)", valueRegex: "(.*)", attribute: "$1", attributeValue: "$1" };
  assert.deepEqual(extract(every, "kubernetes.io/zone", "eu-1"), ["zone", "eu-1"]);
  const rule = {
    keyRegex: "(?<prefix>[^/]+)/(.+)",
    valueRegex: "(\\d+)\\.(\\d+)(-\\w+)?",
    attribute: "label.$2.of.$1",
    attributeValue: "$2 of $1$3",
  };
  assert.deepEqual(extract(rule, "example.org/version", "v2.7"), ["label.version.of.example.org", "7 of 2"]);
  assert.deepEqual(extract(rule, "a/b", "2.7-rc"), ["label.b.of.a", "7 of 2-rc"]);
  assert.deepEqual(extract({ key: "team", attribute: "team" }, "team", "red"), ["team", "red"]);
  assert.deepEqual(extract({ key: "t*", attribute: "my.$0", attributeValue: "$0!" }, "team", "red"), [
    "my.team",
    "red!",
  ]);
  assert.deepEqual(extract({ keyRegex: "(x)?y", attribute: "$1" }, "y"), ["", "v"]);
});

Deno.test("KeyExtractor bounds what expressions look at, and what they make", () => {
  const longest = `${"a".repeat(253)}/${"b".repeat(63)}`;
  for (const rule of [{ keyRegex: ".*" }, { key: "*" }]) {
    assert(extractor(rule).wants("pod", longest, ""));
    assert(!extractor(rule).wants("pod", `${longest}b`, ""));
  }
  const value = "x".repeat(1_024) + "end";
  assert.equal(extract({ key: "a", valueRegex: "end$" }, "a", value), undefined);
  assert.equal(extract({ key: "a", valueRegex: "x$" }, "a", value)?.[1].length, 1_024);
  assert.equal(extract({ key: "a", attributeValue: "$0$0" }, "a", value)?.[1].length, 1_024);
});

Deno.test("KeyExtractor knows kinds by any of their words, and takes those of one or of all", () => {
  for (const from of ["ReplicaSet", "replicasets", "replicaset"]) {
    const made = extractor({ from, key: "a" });
    assert(made.wants("replicaset", "a", "") && !made.wants("pod", "a", ""), from);
    assert.equal(made.extract("replicaset", "a", "1")?.name, "k8s.replicaset.label.a");
  }
  const every = new KeyExtractor("annotations", { from: "*", key: "a" });
  assert.deepEqual(every.extract("node", "a", "1"), { name: "k8s.node.annotations.a", value: "1" });
});

Deno.test("KeyExtractor() says which rule cannot be followed, and why", () => {
  const rows: Array<[Partial<KeyRule>, RegExp]> = [
    [{}, /^Cannot extract labels of "pod": neither key nor key_regex is there; give one of them$/],
    [{ key: "a", keyRegex: "a" }, /key and key_regex are both there/],
    [{ from: "rollout", key: "a" }, /^Cannot extract labels of "rollout": no flow .*; one of \*, namespace, node/],
    [{ from: "container", key: "a" }, /no flow is named after one/],
    [{ from: "endpoints", key: "a" }, /no flow is named after one/],
    [{ key: "" }, /^Cannot use key "" for labels: 1 to 512 characters are possible$/],
    [{ key: "x".repeat(513) }, /^Cannot use key "x{80}" for labels: 1 to 512/],
    [{ key: "[a" }, /^Cannot use key "\[a" for labels: /],
    [{ keyRegex: "" }, /^Cannot use key_regex "" for labels: 1 to 512/],
    [{ keyRegex: "a)|(b" }, /^Cannot use key_regex "a\)\|\(b" for labels: Invalid regular expression/],
    [{ key: "a", valueRegex: "\\p{x}" }, /^Cannot use value_regex "\\p{x}" for labels: Invalid/],
    [{ key: "a", valueRegex: "x".repeat(513) }, /1 to 512/],
    [{ key: "a", attribute: "" }, /^Cannot use attribute "" for labels: 1 to 512/],
    [{ key: "a", attributeValue: "x".repeat(513) }, /^Cannot use attribute_value "x{80}" for labels: 1 to 512/],
    [{ key: "a", attribute: "$1" }, /^Cannot use attribute "\$1" for labels: there is no key_regex whose groups/],
    [{ keyRegex: "(a)(?:b)|c", attribute: "$1$2" }, /attribute "\$1\$2" for labels: key_regex has no group 2$/],
    [{ key: "a", attributeValue: "$1" }, /attribute_value "\$1" for labels: there is no value_regex/],
    [{ key: "a", valueRegex: "a", attributeValue: "$1" }, /value_regex has no group 1/],
    [{ key: "a", attribute: "k8s.pod.name" }, /^Cannot use attribute "k8s.pod.name" for labels: flows have an/],
    [{ key: "a", attribute: "port" }, /flows have an attribute of this name; give another one/],
    [{ key: "a", attribute: "source.team" }, /"source.team" for labels: the flow's side comes in front by itself/],
  ];
  for (const [rule, message] of rows) {
    assert.throws(() => extractor(rule), { name: "UsageError", message }, JSON.stringify(rule).slice(0, 97));
  }
});
