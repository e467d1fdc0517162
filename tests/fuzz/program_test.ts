import assert from "node:assert/strict";
import { type Amount, sum, zeroAmount } from "../../src/books.ts";
import type { ReplayFrame } from "../../src/capture/replay.ts";
import { assertAgreement } from "../support/agreement.ts";
import { judge, type Verdict } from "../support/oracle.ts";
import { type Bytes, cut } from "../support/packet.ts";
import { type LiveContext, type Outcome, ProgramProbe } from "../support/program_probe.ts";
import { type Random, randomTest } from "../support/random.ts";
import { randomFrame } from "../support/random_frame.ts";
import type { SlotView } from "../support/slot_view.ts";

const BATCHES = 16;
const BATCH_FRAMES = 997;
const ETHERNET_BYTES = 14;
const LIVE_FRAME_BYTES_MIN = 64;
const TUNNELS = new Set([4, 41, 47]);
const TUNNEL_PORTS = new Set([4_789, 6_081, 8_472]);

function held(slots: SlotView[]): Amount {
  const amount = zeroAmount();
  for (const { frames, packets, bytes, wireBytes } of slots) {
    amount.frames += BigInt(frames);
    amount.packets += BigInt(packets);
    amount.bytes += BigInt(bytes);
    amount.wire_bytes += BigInt(wireBytes);
  }
  return amount;
}

/** The kernel's equations, and that what is accounted was drained or lies in the slots. */
function assertClosed(probe: ProgramProbe, drained: Amount): void {
  const { seen, accounted, not_ip, malformed, filtered, sampled_out, lost } = probe.books.terms();
  assert.deepEqual(sum(accounted, not_ip, malformed, filtered, sampled_out, ...Object.values(lost)), seen);
  assert.deepEqual(sum(drained, held(probe.slots())), accounted);
  const { malformed: reasons } = probe.books.detail();
  assert.equal(Object.values(reasons).reduce((all, frames) => all + frames, 0n), malformed.frames);
}

/** Runs a check on a frame; what fails can be had again by the seed, or by the frame itself. */
function on(frame: Bytes, how: object, check: () => void): void {
  try {
    check();
  } catch (error) {
    const told = JSON.stringify(how, (_, value) => typeof value === "bigint" ? String(value) : value);
    throw new Error(`frame ${frame.toHex()} ${told}: ${error}`, { cause: error });
  }
}

/** A recorded frame: perhaps cut, perhaps with another link header, perhaps longer than it says. */
function randomRecording(random: Random, frame: Bytes): Partial<ReplayFrame> & { data: Bytes } {
  const linkBytes = random.pick([14, 14, 14, 14, 0, 16, 20]);
  const trueBytes = random.oneIn(10) ? frame.length + random.below(70_000) : frame.length;
  return {
    data: random.oneIn(6) ? cut(frame, random.below(frame.length + 1)) : frame,
    linkBytes,
    frameBytes: Math.max(0, trueBytes - ETHERNET_BYTES + linkBytes),
    hook: random.oneIn(2) ? "egress" : "ingress",
    timeNs: BigInt(random.u32()),
  };
}

randomTest("flow program says of random recordings what an independent parser says", (random) => {
  using probe = new ProgramProbe({ ringBytes: 1 << 18 });
  let drained = zeroAmount();
  const terms = new Map<string, number>();
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let i = 0; i < BATCH_FRAMES; i++) {
      const { data, ...how } = randomRecording(random, randomFrame(random));
      const trueBytes = how.frameBytes! - how.linkBytes! + ETHERNET_BYTES;
      on(data, how, () => {
        const outcome = probe.feed(data, how);
        assertAgreement(outcome, judge(data, { trueBytes, offloaded: true }));
        const measures = [outcome.packets, outcome.bytes, outcome.wireBytes];
        assert.deepEqual(measures, [1, how.frameBytes, how.frameBytes]);
        const end = outcome.malformed ?? outcome.term;
        terms.set(end, (terms.get(end) ?? 0) + 1);
      });
    }
    drained = sum(drained, held(probe.ring.drain()));
    assertClosed(probe, drained);
  }
  // chance that never reaches a branch proves nothing about it
  const malformed = Object.keys(probe.books.detail().malformed);
  for (const end of ["accounted", "not_ip", ...malformed]) assert.ok(terms.get(end), `${end} was never reached`);
});

/** Segmentation as devices tell it. */
function randomContext(random: Random, frame: Bytes): LiveContext {
  if (!random.oneIn(3)) return {};
  const gsoSegments = random.oneIn(2) ? 1 + random.below(60) : 0;
  const wireBytes = random.oneIn(2) ? Math.max(frame.length, LIVE_FRAME_BYTES_MIN) + random.below(5_000) : 0;
  return {
    gsoSize: 1 + random.below(1_500),
    ...(gsoSegments ? { gsoSegments } : {}),
    ...(wireBytes ? { wireBytes } : {}),
  };
}

/** Segments and their headers, where one layer of them is all there is. */
function assertMeasures(program: string, outcome: Outcome, verdict: Verdict, context: LiveContext): void {
  const { gsoSize = 0, gsoSegments = 0, wireBytes = 0 } = context;
  if (!gsoSize) return assert.deepEqual([outcome.packets, outcome.wireBytes], [1, outcome.bytes]);
  if (gsoSegments) assert.equal(outcome.packets, gsoSegments);
  if (verdict.term !== "accounted") return;
  const { protocol, destinationPort, headerBytes } = verdict.flow;
  if (TUNNELS.has(protocol) || TUNNEL_PORTS.has(destinationPort)) {
    return assert.ok(outcome.wireBytes >= outcome.bytes + (outcome.packets - 1) * headerBytes);
  }
  const packets = gsoSegments || Math.max(1, Math.ceil((outcome.bytes - headerBytes) / gsoSize));
  const computed = outcome.bytes + (packets - 1) * headerBytes;
  const onTheWire = program.includes("egress") ? Math.max(computed, wireBytes) : computed;
  assert.deepEqual([outcome.packets, outcome.wireBytes], [packets, onTheWire]);
}

randomTest("live programs say of random frames what an independent parser says, and let all go on", (random) => {
  const programs = ["weir_ingress", "weir_egress", "weir_ingress_ip", "weir_egress_ip"];
  using probe = new ProgramProbe({ programs });
  for (let i = 0; i < 5 * BATCH_FRAMES; i++) {
    const frame = randomFrame(random);
    const program = random.pick(programs);
    const context = randomContext(random, frame);
    probe.forget();
    on(frame, { program, context }, () => {
      const outcome = probe.run(program, frame, context);
      const verdict = judgeLive(program, frame, (context.gsoSize ?? 0) > 0);
      assert.equal(outcome.returned, -1);
      assertAgreement(outcome, verdict);
      assertMeasures(program, outcome, verdict, context);
    });
  }
});

function judgeLive(program: string, frame: Bytes, offloaded: boolean): Verdict {
  const whole = new Uint8Array(Math.max(frame.length, LIVE_FRAME_BYTES_MIN));
  whole.set(frame);
  if (!program.endsWith("_ip")) return judge(whole, { offloaded });
  const ethertype = (whole[12]! << 8) | whole[13]!;
  const inside = whole.slice(ETHERNET_BYTES);
  return judge(inside, { link: "ip", ethertype, trueBytes: whole.length, offloaded });
}
