/** Streams cut into lines and lists cut into items, wherever the pieces end. */
import assert from "node:assert/strict";
import { ItemSplitter } from "../../../../src/enrich/kubernetes/api/item_splitter.ts";
import { LineSplitter } from "../../../../src/enrich/kubernetes/api/line_splitter.ts";
import { parseWithoutManagedFields } from "../../../../src/enrich/kubernetes/api/managed_fields.ts";
import { type Random, randomTest } from "../../../support/random.ts";

type Splitter = { split(chunk: Uint8Array): Iterable<Uint8Array> };

/** The texts that come out when the text goes in in pieces. */
function through(splitter: Splitter, text: string, random: Random, pieceMax: number): string[] {
  const bytes = new TextEncoder().encode(text);
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(pieceMax);
    const piece = bytes.slice(at, end);
    const parts = [...splitter.split(piece)];
    found.push(...parts.map((part) => new TextDecoder().decode(part)));
    piece.fill(0); // it is used again
    at = end;
  }
  return found;
}

const CHARACTERS = ['"', "\\", "{", "}", "[", "]", ",", ":", "\n", " ", "a", "ü", "漢", "😀", "items"];

function randomText(random: Random): string {
  return Array.from({ length: random.below(13) }, () => random.pick(CHARACTERS)).join("");
}

function randomValue(random: Random, depth: number): unknown {
  const sort = random.below(depth > 0 ? 6 : 4);
  if (sort === 0) return randomText(random);
  if (sort === 1) return random.below(1_000);
  if (sort === 2) return random.oneIn(2);
  if (sort === 3) return null;
  const values = Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1));
  return sort === 4 ? values : Object.fromEntries(values.map((value) => [randomText(random), value]));
}

randomTest("LineSplitter gives every line, wherever the pieces end", (random) => {
  for (let i = 0; i < 211; i++) {
    const lines = Array.from({ length: random.below(17) }, () => JSON.stringify(randomValue(random, 3)));
    const splitter = new LineSplitter(1_000_000);
    const text = lines.map((line) => `${line}\n`).join(random.oneIn(3) ? "\n" : "");
    assert.deepEqual(through(splitter, `${text}the rest`, random, random.oneIn(2) ? 3 : 997), lines);
  }
});

randomTest("LineSplitter passes over lines that are too long, and over no other", (random) => {
  const LENGTH_MAX = 41;
  for (let i = 0; i < 211; i++) {
    const lines = Array.from({ length: random.below(31) }, () => "x".repeat(1 + random.below(97)));
    const splitter = new LineSplitter(LENGTH_MAX);
    const found = through(splitter, lines.map((line) => `${line}\n`).join(""), random, 29);
    assert.deepEqual(found, lines.filter(({ length }) => length <= LENGTH_MAX));
    assert.equal(splitter.tooLong, lines.filter(({ length }) => length > LENGTH_MAX).length);
  }
});

randomTest("ItemSplitter gives every item of a list and what stands around them, wherever the pieces end", (random) => {
  for (let i = 0; i < 211; i++) {
    const items = Array.from(
      { length: random.below(11) },
      () => ({ metadata: randomValue(random, 3), spec: randomValue(random, 3) }),
    );
    const head = { kind: "PodList", metadata: { resourceVersion: "7", continue: randomText(random), list: [[1], {}] } };
    const list = random.oneIn(2) ? { ...head, items } : { items, ...head };
    const splitter = new ItemSplitter(1_000_000);
    const text = JSON.stringify(list, null, random.oneIn(2) ? 2 : 0);
    const found = through(splitter, text, random, random.oneIn(2) ? 3 : 997);
    assert.deepEqual(found.map((item) => JSON.parse(item)), items);
    assert.deepEqual(splitter.end(), { ...head, items: [] });
    assert.equal(splitter.tooLong, 0);
  }
});

randomTest("ItemSplitter passes over items that are too long, and over no other", (random) => {
  const LENGTH_MAX = 41;
  const items = Array.from({ length: 101 }, () => ({ x: "x".repeat(random.below(97)) }));
  const splitter = new ItemSplitter(LENGTH_MAX);
  const found = through(splitter, JSON.stringify({ items }), random, 29).map((item) => JSON.parse(item));
  const isTooLong = (item: unknown) => JSON.stringify(item).length > LENGTH_MAX;
  assert.deepEqual(found, items.filter((item) => !isTooLong(item)));
  assert.equal(splitter.tooLong, items.filter(isTooLong).length);
});

Deno.test("ItemSplitter refuses lists that are not whole, and those with too much around their items", () => {
  const read = (text: string) => {
    const splitter = new ItemSplitter(1_000);
    const items = [...splitter.split(new TextEncoder().encode(text))];
    return [items.length, splitter.end()] as const;
  };
  assert.deepEqual(read('{"items":null,"metadata":{}}'), [0, { items: null, metadata: {} }]);
  assert.throws(() => read('{"items":[{},{}'), SyntaxError);
  assert.throws(() => read(""), SyntaxError);
  assert.throws(() => read(`{"x":"${"y".repeat(70_000)}"}`), /too much around its items/);
});

randomTest("parseWithoutManagedFields() reads all but managed fields, whatever their keys hold", (random) => {
  for (let i = 0; i < 499; i++) {
    const fields = { [randomText(random)]: {}, 'k:{"name":"a"}': { [`v:[{${randomText(random)}}]`]: {} } };
    const managedFields = Array.from(
      { length: random.below(3) },
      () => ({ manager: randomText(random), fieldsV1: fields }),
    );
    const rest = { name: randomText(random), spec: randomValue(random, 4) };
    const text = JSON.stringify({ metadata: { name: "x", managedFields }, ...rest });
    const found = parseWithoutManagedFields(text) as { metadata: { managedFields: unknown[] } };
    const left = found.metadata.managedFields;
    assert(left.length === 0 || left.length === managedFields.length);
    assert.deepEqual({ ...found, metadata: { ...found.metadata, managedFields: [] } }, {
      metadata: { name: "x", managedFields: [] },
      ...rest,
    });
  }
});

Deno.test("parseWithoutManagedFields() does not read what stands in texts", () => {
  const text = JSON.stringify({ metadata: { annotations: { last: '{"managedFields":[{"a":1}]}' } }, spec: [{}] });
  assert.deepEqual(parseWithoutManagedFields(text), JSON.parse(text));
  assert.deepEqual(parseWithoutManagedFields('{"metadata":{"managedFields":[]},"a":[{}]}'), {
    metadata: { managedFields: [] },
    a: [{}],
  });
  assert.throws(() => parseWithoutManagedFields('{"managedFields":[{'), SyntaxError);
  assert.throws(() => parseWithoutManagedFields("no JSON"), SyntaxError);
});
