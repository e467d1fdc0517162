import assert from "node:assert/strict";
import { addAmount, type Amount, type Books, booksJson, checkBooks, MEASURES, sum, zeroAmount } from "../src/books.ts";

function amount(packets: bigint): Amount {
  return { frames: packets - 1n, packets, bytes: packets * 100n, wire_bytes: packets * 101n };
}

/** Books that close, each term another number. */
function closedBooks(): Books {
  const kernel = {
    accounted: zeroAmount(),
    not_ip: amount(3n),
    malformed: amount(5n),
    filtered: amount(7n),
    sampled_out: amount(11n),
    lost: { ring_full: amount(13n), no_slot: amount(17n) },
  };
  const parts = {
    held: amount(19n),
    overflow_held: amount(23n),
    filtered_flow: amount(29n),
    sampled_out_flow: amount(31n),
    handed_out: amount(1_000n),
  };
  const counted = sum(...Object.values(parts));
  const [duplicate, assumed_duplicate, in_slots, in_ring] = [amount(37n), amount(41n), amount(43n), amount(47n)];
  const taken = sum(counted, duplicate, assumed_duplicate);
  kernel.accounted = sum(taken, in_slots, in_ring);
  const { lost, ...outcomes } = kernel;
  const seen = sum(...Object.values(outcomes), ...Object.values(lost));
  const queued = amount(53n);
  const reason = amount(59n);
  const exported = minus(parts.handed_out, sum(queued, reason));
  return {
    kernel: { seen, ...kernel },
    table: { taken, counted, duplicate, assumed_duplicate, in_slots, in_ring, ...parts },
    exporters: { lines: { queued, exported, lost_export: { output_closed: reason } } },
    hooks: {},
  };
}

function minus(a: Amount, b: Amount): Amount {
  return Object.fromEntries(MEASURES.map((measure) => [measure, a[measure] - b[measure]])) as Amount;
}

Deno.test("checkBooks() has every equation in every measure, and closes books that close", () => {
  const equations = checkBooks(closedBooks());
  const names = ["seen", "accounted", "taken", "counted", "handed_out to lines"];
  assert.deepEqual(new Set(equations.map(({ name }) => name)), new Set(names));
  assert.equal(equations.length, names.length * MEASURES.length);
  assert(equations.every(({ closed, left, right }) => closed && left === right));
});

/** Every amount of the books, with a name. */
function* amounts(value: object, path = ""): Generator<[string, Amount]> {
  for (const [name, inner] of Object.entries(value)) {
    if ("wire_bytes" in inner) yield [`${path}${name}`, inner];
    else yield* amounts(inner, `${path}${name}.`);
  }
}

Deno.test("checkBooks() notices one unit too many or too few in any term and measure", () => {
  const names = [...amounts(closedBooks())].map(([name]) => name);
  assert.equal(names.length, 8 + 11 + 3);
  for (const name of names) {
    for (const measure of MEASURES) {
      for (const change of [1n, -1n]) {
        const books = closedBooks();
        const term = [...amounts(books)].find(([other]) => other === name)![1];
        term[measure] += change;
        const open = checkBooks(books).filter(({ closed }) => !closed);
        assert(open.length > 0, `${name} ${measure}`);
        assert(open.every((equation) => equation.measure === measure));
      }
    }
  }
});

Deno.test("checkBooks() of live books allows what passed during the look, and no more", () => {
  const books = closedBooks();
  books.seenAfter = sum(books.kernel.seen, { ...zeroAmount(), packets: 5n });
  books.table.in_slots.packets += 5n;
  assert(checkBooks(books).every(({ closed }) => closed));
  books.table.in_slots.packets += 1n;
  const open = checkBooks(books).filter(({ closed }) => !closed);
  assert.deepEqual(open.map(({ name, measure, slack }) => [name, measure, slack]), [["accounted", "packets", 5n]]);
  books.table.in_slots.packets -= 12n;
  assert.equal(checkBooks(books).filter(({ closed }) => !closed).length, 1, "too few is wrong, too");
});

Deno.test("booksJson() has each measure with its terms by name", () => {
  const json = booksJson(closedBooks());
  // deno-lint-ignore no-explicit-any
  const packets = json.packets as any;
  for (const [name, value] of Object.entries({ not_ip: 3, malformed: 5, filtered: 7, sampled_out: 11, held: 19 })) {
    assert.equal(packets[name], value, name);
  }
  assert.deepEqual(packets.lost, { ring_full: 13, no_slot: 17 });
  assert.deepEqual(Object.keys(packets).sort(), [
    "accounted",
    "assumed_duplicate",
    "counted",
    "duplicate",
    "exporters",
    "filtered",
    "filtered_flow",
    "handed_out",
    "held",
    "in_ring",
    "in_slots",
    "lost",
    "malformed",
    "not_ip",
    "overflow_held",
    "sampled_out",
    "sampled_out_flow",
    "seen",
    "taken",
  ]);
  assert.deepEqual(packets.exporters.lines, { queued: 53, exported: 888, lost_export: { output_closed: 59 } });
  assert.equal(json.closed, true);
  assert.deepEqual(MEASURES.filter((measure) => !(measure in json)), []);
});

Deno.test("booksJson() keeps what a JSON number cannot hold as a string, and says when books are open", () => {
  const books = closedBooks();
  books.kernel.seen.bytes = 2n ** 60n + 1n;
  const json = booksJson(books);
  // deno-lint-ignore no-explicit-any
  assert.equal((json.bytes as any).seen, "1152921504606846977");
  assert.equal(json.closed, false);
  assert.doesNotThrow(() => JSON.stringify(json));
});

Deno.test("sum() and addAmount() add in every measure", () => {
  assert.deepEqual(sum(), zeroAmount());
  const total = amount(3n);
  addAmount(total, 1, 2, 3, 4);
  assert.deepEqual(total, { frames: 3n, packets: 5n, bytes: 303n, wire_bytes: 307n });
});
