import { deepEqual, equal } from "node:assert/strict";
import { SourceText } from "../../../src/settings/document/source_text.ts";

Deno.test("SourceText.place() counts lines and columns from 1", () => {
  const source = new SourceText("w.hcl", "ab\n\ncde\r\nf");
  const places = [[0, 1, 1], [1, 1, 2], [2, 1, 3], [3, 2, 1], [4, 3, 1], [6, 3, 3], [9, 4, 1], [10, 4, 2]] as const;
  for (const [offset, line, column] of places) deepEqual(source.place(offset), { line, column }, `${offset}`);
  deepEqual(new SourceText("w.hcl", "").place(0), { line: 1, column: 1 });
});

Deno.test("SourceText.excerpt() shows the line, and a caret below the character", () => {
  const source = new SourceText("w.hcl", "first\n  tcp_timout = 5\r\n\tx = 1");
  equal(source.excerpt(8), "    tcp_timout = 5\n    ^");
  equal(source.excerpt(21), "    tcp_timout = 5\n                 ^");
  equal(source.excerpt(25), "  \tx = 1\n  \t^", "a tab stays one, however wide it is");
});

Deno.test("SourceText.excerpt() shows no line that is too long to read", () => {
  const source = new SourceText("w.json", `{\n${" ".repeat(500)}\n${" ".repeat(501)}\n}`);
  equal(source.excerpt(7)?.length, 2 + 500 + 1 + 2 + 5 + 1);
  equal(source.excerpt(707), undefined);
});

Deno.test("SourceText.excerpt() hides values of keys that sound like secrets, and moves nothing", () => {
  const lines: Array<[string, string]> = [
    ['pass = "hunter2", user = "u"', 'pass = *********, user = "u"'],
    ["auth: {bearer: abc, x: 1}", "auth: {bearer: ***, x: 1}"],
    ['"x-api-key" = "k"', '"x-api-key" = ***'],
    ['headers = { Authorization = "Bearer a\\"b" }', "headers = {*******************************}"],
    ["headers: { x-team: abc }, timeout: 1s", "headers: {*************}, timeout: 1s"],
    ['headers: ["x-team: abc', "headers: [************"],
    ["endpoint: http://user:abc@host:4317", "endpoint: http://user:***@host:4317"],
    ["endpoint: http://host:4317/a@b", "endpoint: http://host:4317/a@b"],
    ["access_token: 'abc", "access_token: ****"],
    ['client_key = "/etc/key.pem"', 'client_key = "/etc/key.pem"'],
    ['pass_file = "/run/secret"', 'pass_file = "/run/secret"'],
    ['key = "app"', 'key = "app"'],
  ];
  for (const [line, shown] of lines) {
    equal(new SourceText("w.hcl", line).excerpt(0), `  ${shown}\n  ^`);
    equal(shown.length, line.length);
  }
});
