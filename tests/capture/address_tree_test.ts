import { deepEqual, equal, ok } from "node:assert/strict";
import { addressVerdicts } from "../../src/address_verdicts.ts";
import { addressTree, LEAF, NODE_ENTRIES } from "../../src/capture/address_tree.ts";
import { Ends } from "../../src/filter_keys.ts";
import { filterOf, type Written } from "../support/filters.ts";
import { mapped } from "../support/slot_writer.ts";

const [IPV6_ROOTS, IPV4_ROOTS] = [0, 256];

function treeOf(source: Written, destination?: Written, nodesMax?: number): Uint32Array {
  const { source: { address }, destination: { address: other } } = filterOf({
    source: { address: source },
    ...(destination ? { destination: { address: destination } } : {}),
  });
  return addressTree(addressVerdicts(address, other)!, nodesMax);
}

/** As the program walks. */
function endsOf(tree: Uint32Array, text: string): number {
  const bytes = mapped(text);
  const [from, roots] = text.includes(":") ? [0, IPV6_ROOTS] : [12, IPV4_ROOTS];
  let node = roots + bytes[from]!;
  for (let at = from + 1;; at++) {
    const entry = tree[node * NODE_ENTRIES + bytes[at]!]!;
    if (entry >= LEAF) return entry - LEAF;
    node = entry;
  }
}

Deno.test("addressTree() tells prefixes of any length apart, longer ones first", () => {
  const tree = treeOf({ match: ["10.0.0.0/8", "10.1.2.3"], not_match: ["10.1.0.0/16"] }, { match: ["10.1.2.0/23"] });
  deepEqual(["10.0.0.0", "10.255.255.255", "11.0.0.0", "9.255.255.255"].map((text) => endsOf(tree, text)), [
    Ends.SOURCE,
    Ends.SOURCE,
    0,
    0,
  ]);
  // what is denied once is denied, whatever longer prefix allows it
  deepEqual(["10.1.2.3", "10.1.3.255", "10.1.4.0"].map((text) => endsOf(tree, text)), [
    Ends.DESTINATION,
    Ends.DESTINATION,
    0,
  ]);
  equal(endsOf(tree, "2001:db8::1"), 0);
});

Deno.test("addressTree() takes ::/0 for every address, and 0.0.0.0/0 for IPv4 alone", () => {
  for (const [prefix, four, six] of [["::/0", 3, 3], ["0.0.0.0/0", 3, 2], ["::ffff:0:0/96", 3, 2]] as const) {
    const tree = treeOf({ match: [prefix] });
    deepEqual([endsOf(tree, "0.0.0.0"), endsOf(tree, "255.255.255.255")], [four, four], prefix);
    deepEqual([endsOf(tree, "2001:db8::1"), endsOf(tree, "ffff::")], [six, six], prefix);
  }
});

Deno.test("addressTree() that may have no more nodes lets pass what any address of a leaf may be", () => {
  const rooms = 512 + 2;
  const match = Array.from({ length: 101 }, (_, i) => `10.${i}.0.0/24`);
  const tree = treeOf({ match }, undefined, rooms);
  equal(tree.length, rooms * NODE_ENTRIES);
  const whole = treeOf({ match });
  ok(whole.length > tree.length);
  for (const text of ["10.0.0.1", "10.100.0.255", "10.50.0.7"]) equal(endsOf(tree, text), Ends.EITHER, text);
  for (let i = 0; i < 256; i++) {
    const text = `10.${i}.9.9`;
    equal(endsOf(tree, text) & endsOf(whole, text), endsOf(whole, text), `${text} passes where it would with room`);
  }
});
