import assert from "node:assert/strict";
import { AddressIndex } from "../../../src/enrich/kubernetes/address_index.ts";
import { Claim } from "../../../src/enrich/kubernetes/claim.ts";
import { Ip, parseIp } from "../../../src/enrich/kubernetes/ip.ts";
import { randomTest } from "../../support/random.ts";

function claimOf(index: AddressIndex, ip: Ip): Claim {
  return new Claim({ ip: index.at(ip), role: 0, sides: 3, path: "" }, {} as Claim["object"], 0, 0);
}

function claimsAt(index: AddressIndex, { w0, w1, w2, w3 }: Ip): Set<Claim> {
  const found = new Set<Claim>();
  for (let claim = index.find(w0, w1, w2, w3)?.first; claim; claim = claim.next) found.add(claim);
  return found;
}

randomTest("AddressIndex holds what a Map of sets holds, addresses with one hash included", (random) => {
  const index = new AddressIndex();
  const model = new Map<string, Set<Claim>>();
  const claims: Claim[] = [];
  for (let i = 0; i < 5_003; i++) {
    if (claims.length && random.oneIn(3)) {
      const [claim] = claims.splice(random.below(claims.length), 1);
      index.remove(claim!);
      model.get(String(claim!.ip))!.delete(claim!);
    } else {
      // 31·1 + 0 and 31·0 + 31 are one hash
      const ip = random.oneIn(2)
        ? new Ip(0, 0, random.below(2), random.below(2) * 31)
        : new Ip(0, 0, 0xffff, random.below(97));
      const claim = claimOf(index, ip);
      index.add(claim);
      claims.push(claim);
      const key = String(ip);
      model.set(key, (model.get(key) ?? new Set()).add(claim));
    }
  }
  assert.equal(index.claimCount, claims.length);
  const inUse = [...model.values()].filter(({ size }) => size);
  assert.equal(index.addressCount, inUse.length);
  for (const [key, expected] of model) {
    const ip = parseIp(key)!;
    assert.deepEqual(claimsAt(index, ip), expected, key);
  }
  for (const claim of claims) index.remove(claim);
  index.remove(claimOf(index, new Ip(0, 0, 0, 1)));
  assert.deepEqual([index.addressCount, index.claimCount], [0, 0]);
});

Deno.test("AddressIndex.isNear() knows the networks of the addresses that it holds", () => {
  const index = new AddressIndex();
  const isNear = (text: string) => {
    const { w0, w1, w2, w3 } = parseIp(text)!;
    return index.isNear(w0, w1, w2, w3);
  };
  const claims = ["10.1.0.9", "10.1.0.10", "2001:db8:1:1::9"].map((text) => claimOf(index, parseIp(text)!));
  for (const claim of claims) index.add(claim);
  assert(isNear("10.1.0.200") && isNear("2001:db8:1:1:ffff::"));
  assert(!isNear("10.1.1.9") && !isNear("2001:db8:1:2::9"));
  index.remove(claims[0]!);
  assert(isNear("10.1.0.200"));
  index.remove(claims[1]!);
  assert(!isNear("10.1.0.200"));
});
