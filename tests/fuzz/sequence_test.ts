import assert from "node:assert/strict";
import { ethernet, ipv4, packet, tcp } from "../support/packet.ts";
import { ProgramProbe } from "../support/program_probe.ts";
import { type Random, randomTest } from "../support/random.ts";

const STREAMS = 211;
const SEGMENTS = 23;

/** Which bytes of a stream came, each remembered by itself: slow, and plainly right. */
class Truth {
  readonly #seen = new Set<number>();
  #end = 0;
  bytesAgain = 0;
  packetsAgain = 0;
  packetsLate = 0;

  see(begin: number, length: number): void {
    let again = 0;
    let late = 0;
    for (let at = begin; at < begin + length; at++) {
      if (this.#seen.has(at)) again++;
      else if (at < this.#end) late++;
      this.#seen.add(at);
    }
    if (length > 0) this.#end = Math.max(this.#end, begin + length);
    this.bytesAgain += again;
    this.packetsAgain += again > 0 ? 1 : 0;
    this.packetsLate += late > 0 ? 1 : 0;
  }
}

/** Mostly in order, at times ahead of it or behind. */
function nextBegin(random: Random, expected: number): number {
  if (random.oneIn(2)) return expected;
  return Math.max(0, expected + random.below(600) - 400);
}

randomTest("flow program never counts more as sent again or late than there was", (random) => {
  using probe = new ProgramProbe();
  const total = { again: 0, late: 0 };
  for (let ifindex = 1; ifindex <= STREAMS; ifindex++) {
    const truth = new Truth();
    const first = random.oneIn(2) ? random.u32() : 2 ** 32 - random.below(2_000);
    const told: string[] = [];
    let expected = 0;
    for (let i = 0; i < SEGMENTS; i++) {
      const begin = i === 0 ? 0 : nextBegin(random, expected);
      const length = random.below(200);
      const sequence = (first + begin) % 2 ** 32;
      const { slot } = probe.feed(packet(ethernet(), ipv4(), tcp({ sequence }), length), { ifindex });
      truth.see(begin, length);
      if (length > 0) expected = Math.max(expected, begin + length); // an empty segment takes no place
      told.push(`${begin}+${length}`);
      assert.ok(slot);
      const why = `${told} from ${first}`;
      assert.ok(slot.retransmittedBytes <= truth.bytesAgain, `${slot.retransmittedBytes} bytes again: ${why}`);
      assert.ok(slot.retransmittedPackets <= truth.packetsAgain, `${slot.retransmittedPackets} packets again: ${why}`);
      assert.ok(slot.outOfOrderPackets <= truth.packetsLate, `${slot.outOfOrderPackets} packets late: ${why}`);
      assert.equal(slot.sequenceNext, (first + expected) % 2 ** 32, why);
      if (i < SEGMENTS - 1) continue;
      total.again += slot.retransmittedPackets;
      total.late += slot.outOfOrderPackets;
    }
  }
  assert.ok(
    total.again > STREAMS && total.late > STREAMS / 10,
    `a bound that counts nothing: ${JSON.stringify(total)}`,
  );
});
