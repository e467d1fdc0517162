/**
 * Captures through the whole of weir, compared line by line with what came out before.
 * `WEIR_UPDATE_GOLDEN=1 deno task test tests/verbs/replay_golden_test.ts` accepts what comes out now: read the
 * difference.
 */
import assert from "node:assert/strict";
import { readCapture } from "../support/read_capture.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { GOLDEN_CAPTURES } from "../support/golden_captures.ts";
import { replay } from "../support/replay_process.ts";
import { sumSpans } from "../support/span_sums.ts";

const GOLDEN = new URL("../golden/", import.meta.url).pathname;
const updating = Deno.env.has("WEIR_UPDATE_GOLDEN");

for (const [name, create] of Object.entries(GOLDEN_CAPTURES)) {
  Deno.test(`replay of ${name} gives the spans that it gave before, and books every frame`, async () => {
    const capture = GOLDEN + name;
    const expected = `${capture.replace(/\.[^.]+$/, "")}.jsonl`;
    const bytes = create();
    if (updating) await Deno.writeFile(capture, bytes);
    assert.deepEqual(await Deno.readFile(capture), bytes, "the file is what its description makes");

    const { code, stdout, spans, stderr, books } = await replay(capture);
    assert.equal(code, 0, stderr);
    if (updating) await Deno.writeTextFile(expected, stdout);
    // one line after the other: a difference of a whole file is hard to read
    const before = (await Deno.readTextFile(expected)).split("\n");
    for (const [i, line] of stdout.split("\n").entries()) {
      assert.deepEqual(parsed(line), parsed(before[i]), `line ${i + 1}`);
    }
    assert.equal(stdout.split("\n").length, before.length);

    assertFinalBooks(books);
    assertNothingLost(books);
    const { frames } = readCapture(bytes);
    const wire = frames.reduce((total, { frameBytes }) => total + frameBytes, 0);
    assert.deepEqual([books.frames.seen, books.bytes.seen, books.replay.frames], [frames.length, wire, frames.length]);
    assert.equal(books.frames.duplicate, 0);
    const [out, back] = [sumSpans(spans, "forward"), sumSpans(spans, "reverse")];
    for (const measure of ["frames", "packets", "bytes"] as const) {
      assert.equal(out[measure] + back[measure], books[measure].accounted, measure);
    }
  });
}

function parsed(line = ""): unknown {
  return line.startsWith("{") ? JSON.parse(line) : line;
}

Deno.test("golden captures have no leftovers", () => {
  const files = [...Deno.readDirSync(GOLDEN)].map(({ name }) => name).filter((name) =>
    /\.(pcap|pcapng|jsonl)$/.test(name)
  );
  const wanted = Object.keys(GOLDEN_CAPTURES).flatMap((name) => [name, `${name.replace(/\.[^.]+$/, "")}.jsonl`]);
  assert.deepEqual(files.sort(), wanted.sort());
});
