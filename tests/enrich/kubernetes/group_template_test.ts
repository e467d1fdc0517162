import assert from "node:assert/strict";
import { GroupTemplate } from "../../../src/enrich/kubernetes/group_template.ts";

Deno.test("GroupTemplate.fill() puts groups in their places and leaves all else as it is", () => {
  const groups = ["ab", "a", undefined, "b", ...Array<string>(7).fill("-"), "eleven"];
  const rows: Array<[string, string]> = [
    ["$1", "a"],
    ["$1.$3", "a.b"],
    ["${1}0", "a0"],
    ["$0/$0", "ab/ab"],
    ["[$2]", "[]"],
    ["$11", "eleven"],
    ["$$1 $", "$1 $"],
    ["$a ${b} $-1", "$a ${b} $-1"],
    ["fixed", "fixed"],
    ["", ""],
  ];
  for (const [text, expected] of rows) assert.equal(new GroupTemplate(text).fill(groups), expected, text);
});

Deno.test("GroupTemplate.lastGroup and isFixed say what it has places for", () => {
  const rows: Array<[string, number, boolean]> = [
    ["$2 ${7} $1", 7, false],
    ["$0", 0, false],
    ["$$3", 0, true],
    ["team", 0, true],
  ];
  for (const [text, lastGroup, isFixed] of rows) {
    const template = new GroupTemplate(text);
    assert.deepEqual([template.lastGroup, template.isFixed], [lastGroup, isFixed], text);
  }
});
