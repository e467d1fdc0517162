import assert from "node:assert/strict";
import { addressText } from "../src/address.ts";
import { parseAddress } from "../src/parse_address.ts";

Deno.test("parseAddress() reads what addressText() writes, and nothing that is no address", () => {
  const texts = [
    "0.0.0.0",
    "255.255.255.255",
    "10.0.0.1",
    "::",
    "::1",
    "1::",
    "2001:db8::1",
    "2001:db8:1:2:3:4:5:6",
    "fe80::a:b:c:d",
    "2001:0:0:1::2",
    "64:ff9b::a00:1",
  ];
  for (const text of texts) assert.equal(addressText(parseAddress(text)!), text);
  assert.equal(addressText(parseAddress("2001:0DB8:0:0::00AB")!), "2001:db8::ab");
  assert.equal(addressText(parseAddress("::ffff:192.0.2.1")!), "192.0.2.1");
  for (
    const text of ["", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "::1%lo", ":::", "1::2::3", "x", "[::1]"]
  ) {
    assert.equal(parseAddress(text), undefined, text);
  }
});
