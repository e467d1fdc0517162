import { deepEqual, equal, ok } from "node:assert/strict";
import { originText } from "../../../src/settings/document/origin.ts";
import { entryAt } from "../../../src/settings/document/tree.ts";
import { plainValue } from "../../../src/settings/document/tree.ts";
import { readText } from "../../support/config_text.ts";

async function values(text: string, variables: Record<string, string> = {}): Promise<unknown> {
  const { tree, problems, isWhole } = await readText(text, "hcl", variables);
  deepEqual(problems, [], text);
  ok(isWhole);
  return plainValue(tree);
}

/** What is wrong with a text: "line:column: message". */
async function wrong(text: string, variables: Record<string, string> = {}): Promise<string[]> {
  const { problems } = await readText(text, "hcl", variables);
  return problems.map(({ origin, message }) => `${originText(origin).replace("w.hcl:", "")}: ${message}`);
}

Deno.test("readHcl() takes labelled blocks, nested blocks and objects for the same", async () => {
  const same = [
    'a "b" "c" {\n  x = 1\n}\n',
    "a {\n  b {\n    c {\n      x = 1\n    }\n  }\n}\n",
    "a b c { x = 1 }",
    "a = { b = { c = { x = 1 } } }",
    'a "b" { c = { x: 1 } }',
  ];
  for (const text of same) deepEqual(await values(text), { a: { b: { c: { x: 1 } } } }, text);
});

Deno.test("readHcl() goes on with a block that comes again, and lists those that may come several times", async () => {
  deepEqual(await values('a "b" {\n  x = 1\n}\na "c" {\n}\na "b" {\n  y = 2\n}\n'), {
    a: { b: { x: 1, y: 2 }, c: {} },
  });
  deepEqual(await values("t {\n  otlp { x = 1 }\n  otlp { x = 2 }\n  otlp { x = 3 }\n}\n"), {
    t: { otlp: [{ x: 1 }, { x: 2 }, { x: 3 }] },
  });
  deepEqual(await values('otlp "a" { x = 1 }\notlp "b" { x = 2 }\n'), { otlp: { a: { x: 1 }, b: { x: 2 } } });
  deepEqual(await wrong("a {\n  x = 1\n}\na {\n  x = 2\n}\n"), ['5:3: "x" is set twice: the first is in line 2']);
  deepEqual(await wrong("x = 1\nx = 2\n"), ['2:1: "x" is set twice: the first is in line 1']);
  deepEqual(await wrong("x = 1\nx {\n}\n"), ['2:1: "x" is set twice: the first is in line 1']);
  deepEqual(await wrong("x = { a = 1, a = 2 }"), ['1:14: "a" is set twice']);
});

Deno.test("readHcl() asks the environment, in expressions and in texts", async () => {
  const variables = { HOST: "h", PORT: "4317", EMPTY: "" };
  const text =
    'a = env("HOST")\nb = "http://${env("HOST")}:${ env("PORT", "1") }/"\nc = env(HOST)\nd = [env("NONE", "d")]\n' +
    'e = "${env("PORT")}"\nf = env("EMPTY", "x")\ng = (env("HOST"))\nh = <<END\n${env("HOST")}\nEND\n';
  deepEqual(await values(text, variables), {
    a: "h",
    b: "http://h:4317/",
    c: "h",
    d: ["d"],
    e: "4317",
    f: "",
    g: "h",
    h: "h\n",
  });
  deepEqual(await wrong('a = "x${env("NONE")}"\nb = env("NO")\n'), [
    '1:9: the environment has no NONE: set it, or write env("NONE", "default")',
    '2:5: the environment has no NO: set it, or write env("NO", "default")',
  ]);
});

Deno.test("readHcl() reads literals, escapes and texts over several lines", async () => {
  const text = 'a = "\\"\\n\\u00e9 $${x} %%{y} $5"\nb = -1.5e3\nc = ("x")\nd = null\ne = [1, null, 2,]\n' +
    "f = <<-END\n    one\n\n      two ${1}\n    END\n" + 'g = "${true}"\n';
  deepEqual(await values(text), {
    a: '"\né ${x} %{y} $5',
    b: -1500,
    c: "x",
    e: [1, 2],
    f: "one\n\n  two 1\n",
    g: true,
  });
});

Deno.test("readHcl() says what is wrong with a text, and where", async () => {
  const cases: Array<[string, string]> = [
    ["a = ", "1:5: the end of the file where a value is wanted"],
    ["a = \nb = 1", "1:5: the end of the line where a value is wanted"],
    ["a = grpc\n", '1:5: grpc is no value: write a text in quotation marks, or ${env("grpc")} for a variable'],
    [
      "a = constructor\n",
      '1:5: constructor is no value: write a text in quotation marks, or ${env("constructor")} for a variable',
    ],
    ['a = "x', "1:5: a text that begins here does not end on its line: close its quotation marks"],
    ["a = [1", "1:5: the ] for this [ is missing"],
    ["a = [1 2]", '1:8: "2" where , or ] is wanted'],
    ["a = { b = 1", "1:5: the } for this { is missing"],
    ["a = { b = 1 c = 2 }", '1:13: "c" where , or the end of the line is wanted'],
    ["a = { b.c = 1 }", "1:7: a key with a dot in it is written in quotation marks"],
    ["a {\n  b = 1\n", "1:3: the } for this { is missing"],
    ["a { b = 1, c = 2 }", "1:10: a block on one line holds one key at most: put its { at the line's end"],
    ["a = 1 b = 2", '1:7: "b" where the end of the line is wanted'],
    ["a: 1", '1:2: ":" where "=" is wanted: a key of a body is written a = value'],
    ["a b", '1:4: the end of the file where = or { is wanted behind "a b"'],
    ["}", "1:1: a } that closes nothing: take it away"],
    ["/* x", "1:1: a comment that begins here never ends: write */ behind it"],
    ["a = <<END\nx\n", "1:5: a text that begins here never ends: write END on a line of its own"],
    ['a = "\\q"', '1:6: "\\q" is no escape: there are \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN'],
    ['a = "${1"', "1:6: a quotation mark instead of the } for this ${"],
    ["a = 1 + 2", '1:6: "+": only values, and env("NAME") or env("NAME", "default"), are read'],
    ["a = upper(b)", '1:5: upper() is unknown: only values, and env("NAME") or env("NAME", "default"), are read'],
    [
      "a = [for x in y : x]",
      '1:5: a "for" expression: only values, and env("NAME") or env("NAME", "default"), are read',
    ],
    ['a = "%{ if x }"', "1:6: directives (%{ if }, %{ for }) are not read: write the text itself"],
    ['a = "${[1]}x"', "1:6: a text cannot hold a list, an object or null"],
    ["a = 1e999", "1:5: 1e999 is too large a number"],
    ["a = env()", '1:5: write env("NAME") or env("NAME", "default")'],
  ];
  for (const [text, said] of cases) deepEqual(await wrong(text), [said], text);
});

Deno.test("readHcl() does not fill the stack with values in values", async () => {
  for (const text of [`a = ${"[".repeat(10_007)}`, `a = ${"(".repeat(10_007)}`, "a {\n".repeat(10_007)]) {
    const [said] = await wrong(text);
    ok(said!.endsWith("values are nested more than 100 deep"), said!);
  }
});

Deno.test("readHcl() reads what it can of a file that is wrong in places", async () => {
  const { tree, problems, isWhole } = await readText("a = b\nc = 1\n", "hcl");
  equal(problems.length, 1);
  ok(isWhole, "what it says is wrong, what it is made of is not");
  deepEqual(plainValue(tree), { a: undefined, c: 1 });
  equal((await readText("a = 1\nb = [\n", "hcl")).isWhole, false);
});

Deno.test("readHcl() places labels, keys of objects and items of lists", async () => {
  const text = '# x\na "b" {\n  c = { "d" = [1,\n    { e = 2 }] }\n}\n';
  const { tree } = await readText(text, "hcl");
  const place = (path: string) => originText(entryAt(tree, path.split("."))!.origin);
  deepEqual(["a", "a.b", "a.b.c", "a.b.c.d"].map(place), ["w.hcl:2:1", "w.hcl:2:3", "w.hcl:3:3", "w.hcl:3:9"]);
  const list = entryAt(tree, ["a", "b", "c", "d"])!.value;
  ok(list.kind === "list");
  deepEqual(list.items.map(({ origin }) => originText(origin)), ["w.hcl:3:16", "w.hcl:4:5"]);
});
