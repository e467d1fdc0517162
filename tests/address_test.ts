import assert from "node:assert/strict";
import { addressText, isMapped, macText, prefixText } from "../src/address.ts";
import { address } from "./support/packet.ts";
import { mapped } from "./support/slot_writer.ts";

Deno.test("addressText() writes IPv4 dotted and IPv6 as RFC 5952 wants it", () => {
  const same = [
    "0.0.0.0",
    "255.255.255.255",
    "192.0.2.1",
    "::",
    "::1",
    "1::",
    "2001:db8::1",
    "2001:db8:1:2:3:4:5:6",
    "fe80::a:b:c:d",
    "2001:0:0:1::2",
    "1:0:2:3:4:5:6:7",
  ];
  for (const text of same) assert.equal(addressText(mapped(text)), text);
});

Deno.test("addressText() shortens the first of the longest runs of zeros, and never one group alone", () => {
  const cases = [
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0DB8:0:0:0:0:0:00AB", "2001:db8::ab"],
  ];
  for (const [given, wanted] of cases) assert.equal(addressText(address(given!)), wanted);
});

Deno.test("isMapped() tells IPv4 from IPv6 that looks like it", () => {
  assert(isMapped(mapped("10.0.0.1")));
  for (const text of ["::", "::1", "::a00:1", "::fffe:a00:1", "::1:ffff:a00:1", "64:ff9b::a00:1"]) {
    assert(!isMapped(mapped(text)), text);
  }
});

Deno.test("prefixText() and macText() write what they say", () => {
  assert.equal(prefixText(mapped("10.1.0.0"), 16), "10.1.0.0/16");
  assert.equal(prefixText(mapped("2001:db8::"), 32), "2001:db8::/32");
  assert.equal(prefixText(mapped("::"), 0), "::/0");
  assert.equal(macText(Uint8Array.of(2, 0, 0x0a, 0xff, 0x10, 9)), "02:00:0a:ff:10:09");
});
