import assert from "node:assert/strict";
import { type Packet, type Protocol, type Scene, SlotProtocolModel } from "../support/slot_protocol_model.ts";

const X86: Protocol = { memory: "strong", atomics: "plain", fence: false };
const ARM: Protocol = { memory: "weak", atomics: "fetch", fence: true };

/** "ab" is a packet of flow a, then one of flow b; a capital letter begins a new generation. */
function packets(text: string): Packet[] {
  return [...text].map((letter) => {
    const flow = letter.toLowerCase().charCodeAt(0) - 97;
    return letter === letter.toLowerCase() ? { flow } : { flow, begins: true };
  });
}

function scene(texts: string[], ringRecords: number, scans: number): Scene {
  return { packets: texts.map(packets), ringRecords, scans };
}

/** All texts of so many letters. */
function texts(letters: string, length: number): string[] {
  if (length === 0) return [""];
  return texts(letters, length - 1).flatMap((text) => [...letters].map((letter) => text + letter));
}

function assertExact(protocol: Protocol, scenes: Scene[]): void {
  for (const scene of scenes) {
    const { wrong, trace, ends } = new SlotProtocolModel(protocol, scene).explore();
    assert.equal(wrong, undefined, `${JSON.stringify(scene)}: ${trace.join(", ")}`);
    assert.ok(ends > 0, "it comes to an end");
  }
}

/** Whatever comes after a first packet of flow a. */
const SHORT = texts("abA", 2).map((text) => `a${text}`);
const LONG = texts("abA", 3).map((text) => `a${text}`);
const oneCpu = (each: string[], ringRecords: number) => each.map((text) => scene([text], ringRecords, 2));
const TIGHT = 1;
const AMPLE = 3;

Deno.test("slot protocol counts every packet once on strong memory", () => {
  assertExact(X86, [...oneCpu(LONG, TIGHT), ...oneCpu(SHORT, AMPLE)]);
});

Deno.test("slot protocol counts every packet once on weak memory", () => {
  assertExact(ARM, [...oneCpu(SHORT, TIGHT), ...oneCpu(SHORT, AMPLE), ...oneCpu(["ababa", "aAabA"], TIGHT)]);
});

Deno.test("slot protocol counts every packet once with two and three CPUs at one ring", () => {
  assertExact(X86, [scene(["aba", "bA"], TIGHT, 1), scene(["a", "bA", "a"], TIGHT, 1)]);
  assertExact(ARM, [scene(["ab", "b"], TIGHT, 1)]);
});

/** What the protocol needs, taken away piece by piece: each must show, or the model proves nothing. */
const WRONG = {
  "on weak memory without the fence": { ...ARM, fence: false },
  "on weak memory with atomics that do not fetch": { ...ARM, atomics: "plain" },
  "without a second look at the generation": { ...X86, mistake: "no_second_look" },
  "when a scan takes any generation": { ...X86, mistake: "any_generation" },
  "when a scan takes the next generation while the old one waits in the ring": { ...X86, mistake: "scan_expects_next" },
  "when a claim makes no generation odd": { ...X86, mistake: "never_odd" },
  "when a claim does not wait for room in the ring": { ...X86, mistake: "claim_when_full" },
  "when the old flow goes into the ring after the claim": { ...X86, mistake: "evict_after_claim" },
  "when the drain leaves the shadow as it was": { ...X86, mistake: "shadow_kept" },
} satisfies Record<string, Protocol>;

for (const [how, protocol] of Object.entries(WRONG)) {
  Deno.test(`slot protocol miscounts ${how}`, () => {
    const scenes = [...oneCpu(SHORT, TIGHT), ...oneCpu(LONG, TIGHT)];
    const isWrong = (scene: Scene) => new SlotProtocolModel(protocol, scene).explore().wrong !== undefined;
    assert.ok(scenes.some(isWrong), "the model sees nothing wrong");
  });
}
