import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Random } from "../support/random.ts";

const LENGTH_MOST = 119;
const MESSAGE = 0x20000;
const DIGEST = MESSAGE + 256;

const memory = new WebAssembly.Memory({ initial: 4, maximum: 65_536, shared: true });
const { instance } = await WebAssembly.instantiate(
  await Deno.readFile(new URL("../../.output/bench.wasm", import.meta.url)),
  { env: { memory } },
);
const sha1 = instance.exports.sha1 as (message: number, length: number, digest: number) => void;

Deno.test("sha1() is SHA-1 at every length that it takes", () => {
  const bytes = new Uint8Array(memory.buffer);
  const random = new Random(7_919);
  for (let length = 0; length <= LENGTH_MOST; length++) {
    for (const message of [random.bytes(length), new Uint8Array(length), new Uint8Array(length).fill(0xff)]) {
      bytes.set(message, MESSAGE);
      bytes[MESSAGE + length] = 0xa5; // what lies behind is no part of it
      sha1(MESSAGE, length, DIGEST);
      assert.equal(
        bytes.slice(DIGEST, DIGEST + 20).toHex(),
        createHash("sha1").update(message).digest("hex"),
        `${length} bytes`,
      );
    }
  }
});
