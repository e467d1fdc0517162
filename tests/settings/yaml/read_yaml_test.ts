import { deepEqual, equal, ok } from "node:assert/strict";
import { originText } from "../../../src/settings/document/origin.ts";
import { entryAt } from "../../../src/settings/document/tree.ts";
import { plainValue } from "../../../src/settings/document/tree.ts";
import { readText } from "../../support/config_text.ts";

async function values(text: string, variables: Record<string, string> = {}): Promise<unknown> {
  const { tree, problems } = await readText(text, "yaml", variables);
  deepEqual(problems, [], text);
  return plainValue(tree);
}

async function wrong(text: string, variables: Record<string, string> = {}): Promise<string[]> {
  const { problems } = await readText(text, "yaml", variables);
  return problems.map(({ origin, message }) => `${originText(origin).replace("w.yaml:", "")}: ${message}`);
}

Deno.test("readYaml() reads YAML and JSON, and takes a key without a value for one that is not set", async () => {
  deepEqual(await values("a: 1\nb: [x, true, null, 2.5]\nc:\nd: {e: 'f'}\n"), {
    a: 1,
    b: ["x", true, 2.5],
    d: { e: "f" },
  });
  deepEqual(await values('{"a": {"b": [1]}}'), { a: { b: [1] } });
  deepEqual(await values("7: x\ntrue: y\n"), { 7: "x", true: "y" });
  deepEqual(await values("a: &x {b: 1}\nc: *x\n"), { a: { b: 1 }, c: { b: 1 } });
  for (const text of ["", "# nothing yet\n", "---\n", "{}", "null"]) deepEqual(await values(text), {}, text);
});

Deno.test("readYaml() puts variables into texts, and leaves other dollar signs alone", async () => {
  const variables = { HOST: "h", PORT: "4317", EMPTY: "" };
  const text = "a: ${HOST}\nb: 'http://${HOST}:${PORT:-1}/'\nc: ${NONE:-a:b-c}\nd: ${EMPTY:-d}\ne: x${EMPTY}\n" +
    'f: $${HOST} $HOST pa$$word $1 /^eth$/\ng: ["${NONE:-}"]\n';
  deepEqual(await values(text, variables), {
    a: "h",
    b: "http://h:4317/",
    c: "a:b-c",
    d: "d",
    e: "x",
    f: "${HOST} $HOST pa$$word $1 /^eth$/",
    g: [""],
  });
  deepEqual(await wrong("a: ${NONE}\nb: ['${no such}']\nc: x${AGAIN}${NONE}\n"), [
    "1:4: the environment has no NONE: set it, or write ${NONE:-default}",
    "2:5: ${no such} names no variable: write ${NAME} or ${NAME:-default}, or $${no such} for the text itself",
    "3:4: the environment has no AGAIN: set it, or write ${AGAIN:-default}",
    "3:4: the environment has no NONE: set it, or write ${NONE:-default}",
  ]);
});

Deno.test("readYaml() tells where the YAML itself is wrong, and not what follows from it", async () => {
  const cases: Array<[string, string]> = [
    ["\ta: 1", "1:1"],
    ["a: {b: 1", "1:9"],
    ["a: 'x", "1:6"],
    ["a: {b: ${X}}\nc: [}\n", "1:9: a variable between braces or brackets is written in quotation marks"],
    ["a: 1\n---\nb: 2", "2:1: a second document begins: one is wanted"],
    ["a: *nobody", "1:4: nothing is called &nobody"],
    ["{a: 1}: b", "1:1: a key is a single word"],
  ];
  for (const [text, said] of cases) {
    const [first, ...rest] = await wrong(text);
    ok(first?.startsWith(said), `${JSON.stringify(text)} gets ${first}`);
    deepEqual(rest, [], text);
  }
  deepEqual((await wrong("a: 1\na: 2\nb: 1\nb: 2\n")).map((said) => said.split(":", 2).join(":")), ["2:1", "4:1"]);
  equal((await readText("a: [", "yaml")).isWhole, false);
});

Deno.test("readYaml() refuses what is no group of keys", async () => {
  for (const text of ["3", "- 1", "text", "[]"]) {
    deepEqual(await wrong(text), ["1:1: a group of keys is wanted"], text);
    equal((await readText(text, "yaml")).isWhole, false);
  }
});

Deno.test("readYaml() fills neither memory nor stack with aliases of aliases", async () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 13; i++) lines.push(`a${i}: &a${i} [${Array(10).fill(`*a${i - 1}`).join(", ")}]`);
  for (const text of [lines.join("\n"), "a: &a [1, *a]", "a: &a {b: *a}", `a: ${"[".repeat(211)}${"]".repeat(211)}`]) {
    const said = await wrong(text);
    ok(said.length === 1 && said[0]!.endsWith(": too many values, or too deep: aliases of aliases"), said.join());
  }
});

const MANIFEST = `# deployed by hand
apiVersion: v1
kind: ConfigMap
metadata: {name: weir}
data:
  notes: not this one
  weir.yaml: |
    # inside

    span:
      tcp_timeout: \${T:-5s}
    list:
    - x
`;

Deno.test("readYaml() finds the configuration in a ConfigMap, and places it in the manifest", async () => {
  const { tree, problems } = await readText(MANIFEST, "yaml");
  deepEqual(problems, []);
  deepEqual(plainValue(tree), { span: { tcp_timeout: "5s" }, list: ["x"] });
  const place = (...path: string[]) => originText(entryAt(tree, path)!.origin);
  equal(place("span"), "w.yaml:10:5");
  equal(place("span", "tcp_timeout"), "w.yaml:11:7");
  equal(place("list"), "w.yaml:12:5");
});

Deno.test("readYaml() places what is wrong inside a manifest in the manifest, whatever its lines look like", async () => {
  const manifest = (block: string) => `kind: ConfigMap\ndata:\n  weir.yaml: ${block}`;
  deepEqual(await wrong(manifest("|-\n    a: 1\n    a: 2\n")), ["5:5: Map keys must be unique"]);
  deepEqual(await wrong(manifest("|\r\n      a: 1\r\n\r\n      b: ${NO}\r\n")), [
    "6:10: the environment has no NO: set it, or write ${NO:-default}",
  ]);
  deepEqual(await wrong(manifest("|2\n     a: 1\n     a: 2\n")), [
    "5:6: Map keys must be unique",
  ], "blanks beyond the indicated ones are the text's own");
  // in a quoted text characters stand elsewhere than they are read
  deepEqual((await wrong(manifest('"a: 1\\na: 2\\n"'))).map((said) => said.slice(0, 5)), ["3:14:"]);
  const hcl = manifest("").replace("weir.yaml: ", "weir.hcl: |\n    a = 1\n    b = ]\n");
  deepEqual(await wrong(hcl), ['5:9: "]" where a value is wanted']);
});

Deno.test("readYaml() says which file a ConfigMap should have", async () => {
  const several = "kind: ConfigMap\ndata:\n  a.yaml: 'x: 1'\n  b.hcl: 'x = 1'\n";
  deepEqual(await wrong(several), [
    "1:1: the ConfigMap's data has several files (a.yaml, b.hcl): one is wanted, with a name that ends in .yaml, .yml, .json or .hcl",
  ]);
  for (const text of ["kind: ConfigMap", "kind: ConfigMap\ndata: {a: b}"]) {
    ok((await wrong(text))[0]!.includes("has no file"), text);
  }
});
