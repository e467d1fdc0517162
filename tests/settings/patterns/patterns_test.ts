import { deepEqual, equal, throws } from "node:assert/strict";
import { prefixText } from "../../../src/address.ts";
import { parseAddressPattern } from "../../../src/settings/patterns/address_pattern.ts";
import { parseLabelPattern } from "../../../src/settings/patterns/label_pattern.ts";
import { parseNumberRange } from "../../../src/settings/patterns/number_range.ts";

Deno.test("parseAddressPattern() reads addresses and prefixes, and clears what is behind a prefix", () => {
  const cases: Array<[string, string]> = [
    ["10.0.0.1", "10.0.0.1/128"],
    ["10.1.2.3/8", "10.0.0.0/104"],
    ["0.0.0.0/0", "0.0.0.0/96"],
    ["192.0.2.255/31", "192.0.2.254/127"],
    ["2001:db8::1", "2001:db8::1/128"],
    ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
    ["::/0", "::/0"],
    ["::ffff:10.0.0.1", "10.0.0.1/128"],
    ["::ffff:0:0/96", "0.0.0.0/96"],
  ];
  for (const [text, wanted] of cases) {
    const pattern = parseAddressPattern(text)!;
    equal(prefixText(pattern.address, pattern.prefixBits), wanted, text);
    equal(pattern.text, text);
  }
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/33",
      "10.0.0/8",
      "10.0.0.0/",
      "010.0.0.1",
      "::1/129",
      "fe80::1%lo",
      "x",
      "10.0.0.0/-1",
      "1.2.3.4 ",
    ]
  ) {
    equal(parseAddressPattern(text), undefined, text);
  }
});

Deno.test("parseNumberRange() reads numbers and ranges, both ends included", () => {
  deepEqual(parseNumberRange("443", 65_535), { text: "443", least: 443, most: 443 });
  deepEqual(parseNumberRange(" 1 - 27 ", 65_535), { text: " 1 - 27 ", least: 1, most: 27 });
  deepEqual(parseNumberRange("0-255", 255), { text: "0-255", least: 0, most: 255 });
  for (const text of ["", "-", "1-", "-1", "2-1", "256", "0-256", "1.5", "1-2-3", "0x1", "99999999999"]) {
    equal(parseNumberRange(text, 255), undefined, text);
  }
});

Deno.test("parseLabelPattern() reads a label's key, and a glob for its value", () => {
  deepEqual(parseLabelPattern("app=web*"), { text: "app=web*", key: "app", value: "web*" });
  deepEqual(parseLabelPattern("app.kubernetes.io/name"), {
    text: "app.kubernetes.io/name",
    key: "app.kubernetes.io/name",
    value: undefined,
  });
  deepEqual(parseLabelPattern("a=b=c")?.value, "b=c");
  deepEqual(parseLabelPattern("a=")?.value, "");
  for (const text of ["", "=x", "-a=x", "a b", "/a", "A/b=c"]) equal(parseLabelPattern(text), undefined, text);
  throws(() => parseLabelPattern("a=[x"), SyntaxError);
});
