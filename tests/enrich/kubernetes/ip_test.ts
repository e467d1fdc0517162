import assert from "node:assert/strict";
import { type Cidr, CidrSet, Ip, parseCidr, parseIp } from "../../../src/enrich/kubernetes/ip.ts";
import { randomTest } from "../../support/random.ts";

Deno.test("parseIp() reads every form of an address", () => {
  const rows: Array<[string, string]> = [
    ["10.0.0.1", "10.0.0.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ];
  for (const [text, expected] of rows) assert.equal(parseIp(text)?.toString(), expected, text);
});

Deno.test("parseIp() refuses what is no address", () => {
  const texts = [
    "",
    "10.0.0",
    "10.0.0.256",
    "1.2.3.4.5",
    "a.b.c.d",
    ":",
    ":::",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7",
    "None",
  ];
  for (const text of [...texts, "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "g::", "::10.0.0.256", "10.0.0.1/8"]) {
    assert.equal(parseIp(text), undefined, text);
  }
});

randomTest("parseIp() reads what Ip writes", (random) => {
  for (let i = 0; i < 1_009; i++) {
    const words = [0, 1, 2, 3].map(() => random.oneIn(3) ? 0 : random.u32() | 0) as [number, number, number, number];
    const ip = random.oneIn(2) ? new Ip(0, 0, 0xffff, words[3]) : new Ip(...words);
    assert(parseIp(ip.toString())!.equals(ip), ip.toString());
  }
});

Deno.test("parseCidr() reads ranges of both versions and refuses what is none", () => {
  const contains = (range: string, address: string) => parseCidr(range)!.contains(parseIp(address)!);
  assert(contains("10.1.0.0/16", "10.1.255.255"));
  assert(!contains("10.1.0.0/16", "10.2.0.0"));
  assert(contains("0.0.0.0/0", "203.0.113.9"));
  assert(!contains("0.0.0.0/0", "2001:db8::1"), "a range of IPv4 holds no IPv6");
  assert(contains("10.0.0.1/32", "10.0.0.1"));
  assert(contains("2001:db8::/33", "2001:db8:7fff::1"));
  assert(!contains("2001:db8::/33", "2001:db8:8000::1"));
  assert(contains("::/0", "2001:db8::1"));
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "x/8", "10.0.0.0/", ""]) {
    assert.equal(parseCidr(text), undefined, text);
  }
});

Deno.test("a range of IPv6 that reaches around the mapped addresses holds no IPv4", () => {
  const ipv4 = parseIp("192.0.2.1")!;
  for (const text of ["::/0", "::/1", "::/80", "::ffff:192.0.2.0/64"]) {
    assert(!parseCidr(text)!.contains(ipv4), text);
    assert(!new CidrSet([parseCidr(text)!]).mayContain(ipv4), text);
    assert(parseCidr(text)!.contains(parseIp("::9")!), text);
  }
  assert(parseCidr("::ffff:0:0/96")!.contains(ipv4), "who writes them so means them");
  assert(new CidrSet([parseCidr("::/0")!, parseCidr("192.0.2.0/24")!]).mayContain(ipv4));
});

randomTest("Cidr.contains() compares the bits of the prefix and no other", (random) => {
  for (let i = 0; i < 1_009; i++) {
    const bits = random.below(129);
    const own = BigInt.asUintN(128, BigInt(`0x${random.bytes(16).toHex()}`));
    const other = random.oneIn(2) ? own ^ (1n << BigInt(random.below(128))) : own;
    const expected = bits === 0 || own >> BigInt(128 - bits) === other >> BigInt(128 - bits);
    const cidr: Cidr = parseCidr(`${textOf(own)}/${bits}`)!;
    assert.equal(cidr.contains(parseIp(textOf(other))!), expected, `${textOf(own)}/${bits} and ${textOf(other)}`);
  }
});

randomTest("CidrSet.mayContain() misses no address of its ranges, and few are too many", (random) => {
  const ranges = Array.from({ length: 211 }, (_, i) => parseCidr(`10.${i % 7}.${i}.0/${random.oneIn(2) ? 24 : 26}`)!);
  const set = new CidrSet([...ranges, parseCidr("fd00:1::/64")!]);
  let [outside, wrong] = [0, 0];
  for (let i = 0; i < 5_003; i++) {
    const ip = new Ip(0, 0, 0xffff, (10 << 24) | random.below(1 << 24));
    const isIn = ranges.some((range) => range.contains(ip));
    if (isIn) assert(set.mayContain(ip), String(ip));
    else if (++outside && set.mayContain(ip)) wrong++;
  }
  assert(wrong * 100 < outside, `${wrong} of ${outside}`);
  assert(set.mayContain(parseIp("fd00:1::9")!) && !set.mayContain(parseIp("fd00:2::9")!));
});

/** All eight groups, so that no mapped address is written with dots. */
function textOf(address: bigint): string {
  return address.toString(16).padStart(32, "0").match(/.{4}/g)!.join(":");
}
