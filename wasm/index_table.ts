// Finds entries by identity: linear hashing (Litwin 1980) over buckets of one cache line. The table grows by splitting
// one bucket at a time, so that no insertion ever waits for a rehash, and the address space for all buckets is there
// already.
//
// ┌──────────────────────────┬──────┐
// │ 15 × tag 9 · entry id 23 │ next │  64 bytes; 0 in a place: empty; next: overflow bucket + 1
// └──────────────────────────┴──────┘

import { STAT_INDEX_BUCKETS, STAT_INDEX_OVERFLOWS } from "./books";
import { hashOf, isFlowOf } from "./entry";
import { settings } from "./memory_map";
import { entryAt } from "./pool";
import { Sighting } from "./sighting";

const BUCKET_BYTES: usize = 64;
const PLACES: u32 = 15;
const NEXT: usize = 60;
const FILL_MEAN: u32 = 7; // entries a bucket before one is split: few buckets overflow, 9 bytes a flow
const ID_BITS: u32 = 23;
const ID_MASK: u32 = (1 << ID_BITS) - 1;
const LEVEL_FIRST: u32 = 6;

let level: u32 = LEVEL_FIRST; // buckets: (1 << level) + split
let split: u32 = 0;
let count: u32 = 0;
let overflowFree: u32 = 0; // overflow bucket + 1
let overflowUsed: u32 = 0;
let overflowLive: u32 = 0;

export function configureIndex(): void {
  level = LEVEL_FIRST;
  split = 0;
  count = 0;
  overflowFree = 0;
  overflowUsed = 0;
  overflowLive = 0;
  store<u64>(STAT_INDEX_BUCKETS, 1 << LEVEL_FIRST);
}

@inline function bucketCount(): u32 {
  return ((<u32>1) << level) + split;
}

@inline function bucketAt(number: u32): usize {
  return <usize>settings().index + <usize>number * BUCKET_BYTES;
}

@inline function overflowAt(number: u32): usize {
  return <usize>settings().indexOverflow + <usize>number * BUCKET_BYTES;
}

/** The first bucket of a hash. */
@inline export function bucketOf(hash: u64): usize {
  const low = <u32>hash & ((1 << level) - 1);
  return bucketAt(low < split ? <u32>hash & ((2 << level) - 1) : low);
}

/** Other bits of the hash than a bucket's number. The highest is always set, so that a place in use is never 0. */
@inline function tagOf(hash: u64): u32 {
  return <u32>(hash >> 56) | 0x100;
}

@inline function place(hash: u64, id: u32): u32 {
  return (tagOf(hash) << ID_BITS) | id;
}

/** The places of a bucket that hold this tag, one bit each. */
@inline function tagMask(bucket: usize, tag: u32): u32 {
  const wanted = i32x4.splat(tag);
  return i32x4.bitmask(i32x4.eq(i32x4.shr_u(v128.load(bucket), ID_BITS), wanted)) |
    (i32x4.bitmask(i32x4.eq(i32x4.shr_u(v128.load(bucket, 16), ID_BITS), wanted)) << 4) |
    (i32x4.bitmask(i32x4.eq(i32x4.shr_u(v128.load(bucket, 32), ID_BITS), wanted)) << 8) |
    ((i32x4.bitmask(i32x4.eq(i32x4.shr_u(v128.load(bucket, 48), ID_BITS), wanted)) & 7) << 12);
}

/** The id of the sighting's entry, or −1. */
export function find(sighting: Sighting): i32 {
  const tag = tagOf(sighting.hash);
  let bucket = bucketOf(sighting.hash);
  while (true) {
    let mask = tagMask(bucket, tag);
    while (mask) {
      const id = load<u32>(bucket + (ctz(mask) << 2)) & ID_MASK;
      if (isFlowOf(entryAt(id), sighting)) return id;
      mask &= mask - 1;
    }
    const next = load<u32>(bucket, NEXT);
    if (!next) return -1;
    bucket = overflowAt(next - 1);
  }
}

/** Id + 1 of what find() will look at first, from a hash's first bucket on; 0: nothing there has its tag. */
@inline export function firstCandidate(bucket: usize, hash: u64): u32 {
  const tag = tagOf(hash);
  while (true) {
    const mask = tagMask(bucket, tag);
    if (mask) return (load<u32>(bucket + (ctz(mask) << 2)) & ID_MASK) + 1;
    const next = load<u32>(bucket, NEXT);
    if (!next) return 0;
    bucket = overflowAt(next - 1);
  }
}

/** Puts an entry in; false when the space for overflow buckets is used up. */
export function insert(hash: u64, id: u32): bool {
  if (!put(bucketOf(hash), place(hash, id))) return false;
  count++;
  if (count > bucketCount() * FILL_MEAN && bucketCount() < settings().indexBucketsMax) splitOne();
  return true;
}

function put(bucket: usize, value: u32): bool {
  while (true) {
    for (let i: usize = 0; i < PLACES * 4; i += 4) {
      if (!load<u32>(bucket + i)) {
        store<u32>(bucket + i, value);
        return true;
      }
    }
    let next = load<u32>(bucket, NEXT);
    if (!next) {
      next = takeOverflow();
      if (!next) return false;
      store<u32>(bucket, next, NEXT);
    }
    bucket = overflowAt(next - 1);
  }
}

/** In line: memory.fill() is a call out of WebAssembly. */
@inline function clear(bucket: usize): void {
  for (let i: usize = 0; i < BUCKET_BYTES; i += 16) v128.store(bucket + i, i64x2.splat(0));
}

function takeOverflow(): u32 {
  let taken = overflowFree;
  if (taken) {
    overflowFree = load<u32>(overflowAt(taken - 1), NEXT);
  } else {
    if (overflowUsed == settings().indexOverflowMax) return 0;
    taken = ++overflowUsed;
  }
  clear(overflowAt(taken - 1));
  store<u64>(STAT_INDEX_OVERFLOWS, ++overflowLive);
  return taken;
}

function giveOverflow(number: u32): void {
  store<u32>(overflowAt(number - 1), overflowFree, NEXT);
  overflowFree = number;
  store<u64>(STAT_INDEX_OVERFLOWS, --overflowLive);
}

/** Takes an entry out; false when it was not there. */
export function remove(hash: u64, id: u32): bool {
  const value = place(hash, id);
  let previous: usize = 0;
  let bucket = bucketOf(hash);
  while (true) {
    for (let i: usize = 0; i < PLACES * 4; i += 4) {
      if (load<u32>(bucket + i) == value) {
        store<u32>(bucket + i, 0);
        count--;
        if (previous && isEmpty(bucket)) unlink(previous);
        return true;
      }
    }
    const next = load<u32>(bucket, NEXT);
    if (!next) return false;
    previous = bucket;
    bucket = overflowAt(next - 1);
  }
}

export function removeEntry(id: u32): bool {
  return remove(hashOf(entryAt(id)), id);
}

function isEmpty(bucket: usize): bool {
  for (let i: usize = 0; i < PLACES * 4; i += 4) if (load<u32>(bucket + i)) return false;
  return true;
}

function unlink(previous: usize): void {
  const empty = load<u32>(previous, NEXT);
  store<u32>(previous, load<u32>(overflowAt(empty - 1), NEXT), NEXT);
  giveOverflow(empty);
}

/** Splits the next bucket in two by one more bit of its entries' hashes: the whole of one growth step. */
function splitOne(): void {
  const bit = (<u64>1) << level;
  const from = bucketAt(split);
  const into = bucketAt(bucketCount());
  clear(into);
  let bucket = from;
  while (true) {
    for (let i: usize = 0; i < PLACES * 4; i += 4) {
      const value = load<u32>(bucket + i);
      if (value && hashOf(entryAt(value & ID_MASK)) & bit) {
        // only full space for overflow could refuse; then the entry stays, and stays findable, as split is undone below
        if (!put(into, value)) return undoSplit(from, into);
        store<u32>(bucket + i, 0);
      }
    }
    const next = load<u32>(bucket, NEXT);
    if (!next) break;
    bucket = overflowAt(next - 1);
  }
  compact(from);
  split++;
  if (split == (<u32>1) << level) {
    level++;
    split = 0;
  }
  store<u64>(STAT_INDEX_BUCKETS, bucketCount());
}

/** Moves what stands in overflow buckets into holes before it, and gives emptied buckets back. */
function compact(first: usize): void {
  let next = load<u32>(first, NEXT);
  store<u32>(first, 0, NEXT);
  while (next) {
    const bucket = overflowAt(next - 1);
    const after = load<u32>(bucket, NEXT);
    const number = next;
    // what is put back below finds room in a bucket before this one, or this very bucket given back just now
    giveOverflow(number);
    const kept0 = v128.load(bucket);
    const kept1 = v128.load(bucket, 16);
    const kept2 = v128.load(bucket, 32);
    const kept3 = v128.load(bucket, 48);
    putAll(first, kept0, 4);
    putAll(first, kept1, 4);
    putAll(first, kept2, 4);
    putAll(first, kept3, 3);
    next = after;
  }
}

function putAll(first: usize, values: v128, lanes: u32): void {
  const a = i32x4.extract_lane(values, 0);
  const b = i32x4.extract_lane(values, 1);
  const c = i32x4.extract_lane(values, 2);
  const d = i32x4.extract_lane(values, 3);
  if (a) put(first, a);
  if (b) put(first, b);
  if (c) put(first, c);
  if (lanes == 4 && d) put(first, d);
}

function undoSplit(from: usize, into: usize): void {
  putBack(from, into);
  let next = load<u32>(into, NEXT);
  while (next) {
    const number = next;
    putBack(from, overflowAt(number - 1));
    next = load<u32>(overflowAt(number - 1), NEXT);
    giveOverflow(number);
  }
}

/** Into the places that they just left. */
function putBack(from: usize, bucket: usize): void {
  for (let i: usize = 0; i < PLACES * 4; i += 4) {
    const value = load<u32>(bucket + i);
    if (value) put(from, value);
  }
}
