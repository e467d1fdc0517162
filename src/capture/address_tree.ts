/**
 * A filter's addresses as the kernel program reads them: a tree, one byte of an address a step (bpf/filter.h).
 * A thousand prefixes cost a packet what one does, 10 ns for both addresses: tests/bench/filter.ts.
 */
import { type AddressVerdicts, rangeOf } from "../address_verdicts.ts";
import { FILTER_NODES_MAX } from "../limits.ts";

export const NODE_ENTRIES = 256;
/** FILTER_LEAF */
export const LEAF = 0x8000_0000;
/** Bits of addresses that are told apart, from their first one on: FILTER_ROOTS_… and FILTER_STEPS_… */
const FAMILIES = [
  { start: 0n, addressBits: 128, treeBits: 64 },
  { start: 0xffff_0000_0000n, addressBits: 32, treeBits: 32 },
] as const;
const BYTE_BITS = 8;

/** The addresses from `start` on that differ in their last `bits` bits, of which `treeBits` are told apart. */
interface Node {
  start: bigint;
  bits: number;
  treeBits: number;
}

/**
 * The tree's nodes, one behind the other. Where it would need more than there may be, and behind what it tells apart,
 * addresses share a leaf, which lets pass what any of them lets pass: the table has the last word.
 */
export function addressTree(verdicts: AddressVerdicts, nodesMax = FILTER_NODES_MAX): Uint32Array<ArrayBuffer> {
  const nodes = FAMILIES.flatMap(({ start, addressBits, treeBits }): Node[] =>
    childrenOf({ start, bits: addressBits, treeBits })
  );
  const entries: number[] = [];
  // width first: what there is no room for is deepest
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at]!;
    const own = endsWithin(verdicts, node);
    for (const child of childrenOf(node)) {
      const ends = own.size > 1 ? endsWithin(verdicts, child) : own;
      const isInner = ends.size > 1 && child.treeBits > 0 && nodes.length < nodesMax;
      entries.push(isInner ? nodes.push(child) - 1 : LEAF + [...ends].reduce((any, end) => any | end, 0));
    }
  }
  return Uint32Array.from(entries);
}

/** By the next byte. */
function childrenOf({ start, bits, treeBits }: Node): Node[] {
  const childBits = bits - BYTE_BITS;
  return Array.from({ length: NODE_ENTRIES }, (_, byte) => ({
    start: start + (BigInt(byte) << BigInt(childBits)),
    bits: childBits,
    treeBits: treeBits - BYTE_BITS,
  }));
}

/** Every answer that there is among a node's addresses. */
function endsWithin({ starts, ends }: AddressVerdicts, { start, bits }: Node): Set<number> {
  const end = start + (1n << BigInt(bits));
  const found = new Set<number>();
  for (let at = rangeOf(starts, start); at < starts.length && starts[at]! < end; at++) found.add(ends[at]!);
  return found;
}
