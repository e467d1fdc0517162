/**
 * The slot protocol (bpf/slots.bpf.h, wasm/scan.ts, wasm/drain.ts) as a model small enough to go through all its
 * interleavings: CPUs that count packets, each in one slot of its own, a ring between them, and the reader that counts
 * what slots and ring hold. A model says what may happen, not how it is written: so it finds what a test of the program
 * would have to be lucky to see.
 *
 * Memory is weak where stores of one CPU may reach others in any order, but for barriers and those to one word, and
 * where the reader's loads between two fences may be performed in any order. A CPU sees its own stores at once.
 */

/** Words of a slot. */
const GENERATION = 0;
const KEY = 1;
const FRAMES = 2;
const BYTES = 3;

export interface Packet {
  flow: number;
  /** Another connection on the same ports, or the same flow after a silence: a generation of its own. */
  begins?: boolean;
}

export interface Protocol {
  memory: "strong" | "weak";
  /** Of a claim's two steps; a fetching one is a full barrier. */
  atomics: "plain" | "fetch";
  /** Between the reader's look at the data and its second look at the generation. */
  fence: boolean;
  /** A way to get it wrong. */
  mistake?:
    | "no_second_look"
    | "any_generation"
    | "never_odd"
    | "claim_when_full"
    | "evict_after_claim"
    | "shadow_kept"
    | "scan_expects_next";
}

export interface Scene {
  /** Packets of each CPU, in order. */
  packets: Packet[][];
  ringRecords: number;
  /** Scans before the last one. */
  scans: number;
}

export interface Exploration {
  states: number;
  ends: number;
  /** What went wrong first, and how it came to it. */
  wrong?: string;
  trace: string[];
}

/** Where a CPU is in its packet. */
type Step = "idle" | "reserve" | "submit" | "odd" | "key" | "frames" | "bytes" | "even" | "add_frames" | "add_bytes";

interface Cpu {
  step: Step;
  done: number;
  /** As the CPU itself sees its slot, and as others do. */
  own: number[];
  visible: number[];
  /** Stores on their way: word, value. */
  buffer: Array<[number, number]>;
}

interface Record {
  cpu: number;
  slot: number[] | undefined;
}

interface Shadow {
  expected: number;
  frames: number;
  bytes: number;
  /** Whose packets this generation's are, once looked up; -1: not yet. */
  flow: number;
}

interface Reader {
  scansLeft: number;
  /** The slot being scanned; -1: none. */
  cpu: number;
  first: number;
  copy: Array<number | null>;
  shadows: Shadow[];
}

interface State {
  cpus: Cpu[];
  ring: Record[];
  reader: Reader;
  /** frames and bytes of each flow */
  accounted: Array<[number, number]>;
  counted: Array<[number, number]>;
}

class Wrong extends Error {}

/** Bytes of a flow's packet: sums of different flows' packets differ. */
const bytesOf = (flow: number) => 10 ** (flow + 1);

export class SlotProtocolModel {
  readonly #protocol: Protocol;
  readonly #scene: Scene;
  readonly #flows: number;

  constructor(protocol: Protocol, scene: Scene) {
    this.#protocol = protocol;
    this.#scene = scene;
    this.#flows = 1 + Math.max(...scene.packets.flat().map(({ flow }) => flow));
  }

  /** Goes through everything that can happen, each state once. Stops at the first thing wrong. */
  explore(): Exploration {
    const seen = new Set<string>();
    const trace: string[] = [];
    let ends = 0;
    const visit = (state: State): void => {
      const key = keyOf(state);
      if (seen.has(key)) return;
      seen.add(key);
      const moves = this.#moves(state);
      if (moves.length === 0) {
        ends++;
        this.#checkEnd(state);
      }
      for (const [name, act] of moves) {
        trace.push(name);
        const next = copyOf(state);
        act(next);
        visit(next);
        trace.pop();
      }
    };
    try {
      visit(this.#start());
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      return { states: seen.size, ends, wrong: error.message, trace: [...trace] };
    }
    return { states: seen.size, ends, trace: [] };
  }

  #start(): State {
    const cpus = this.#scene.packets.map((): Cpu => ({
      step: "idle",
      done: 0,
      own: [0, -1, 0, 0],
      visible: [0, -1, 0, 0],
      buffer: [],
    }));
    const sums = () => Array.from({ length: this.#flows }, (): [number, number] => [0, 0]);
    const shadows = cpus.map((): Shadow => ({ expected: 2, frames: 0, bytes: 0, flow: -1 }));
    return {
      cpus,
      ring: [],
      reader: { scansLeft: this.#scene.scans, cpu: -1, first: 0, copy: [], shadows },
      accounted: sums(),
      counted: sums(),
    };
  }

  /** Everything that can happen next. */
  #moves(state: State): Array<[string, (state: State) => void]> {
    const moves: Array<[string, (state: State) => void]> = [];
    state.cpus.forEach((cpu, i) => {
      if (this.#canStep(cpu, i)) moves.push([`cpu ${i}: ${cpu.step}`, (next) => this.#step(next, i)]);
      cpu.buffer.forEach(([word], at) => {
        // stores to one word stay in order
        if (cpu.buffer.findIndex(([earlier]) => earlier === word) !== at) return;
        moves.push([`cpu ${i}: store ${at} arrives`, (next) => arrive(next.cpus[i]!, at)]);
      });
    });
    moves.push(...this.#readerMoves(state));
    return moves;
  }

  // ── the CPUs ──

  #canStep(cpu: Cpu, i: number): boolean {
    const { step, done, buffer } = cpu;
    if (step === "idle") return done < this.#scene.packets[i]!.length;
    const isBarrier = step === "submit" || (this.#protocol.atomics === "fetch" && (step === "odd" || step === "even"));
    return !isBarrier || buffer.length === 0;
  }

  #store(cpu: Cpu, word: number, value: number, atOnce = this.#protocol.memory === "strong"): void {
    cpu.own[word] = value;
    if (atOnce) cpu.visible[word] = value;
    else cpu.buffer.push([word, value]);
  }

  #step(state: State, i: number): void {
    const cpu = state.cpus[i]!;
    const packet = this.#scene.packets[i]![cpu.done]!;
    const { mistake, atomics } = this.#protocol;
    const atOnce = this.#protocol.memory === "strong" || atomics === "fetch";
    switch (cpu.step) {
      case "idle":
        return this.#begin(state, cpu, packet);
      case "reserve":
        return this.#reserve(state, i, packet);
      case "submit":
        for (const record of state.ring) if (record.cpu === i && !record.slot) record.slot = [...cpu.own];
        cpu.step = mistake === "evict_after_claim" ? "idle" : "odd";
        if (cpu.step === "idle") cpu.done++;
        return;
      case "odd":
        if (mistake !== "never_odd") this.#store(cpu, GENERATION, cpu.own[GENERATION]! + 1, atOnce);
        cpu.step = "key";
        return;
      case "key":
        this.#store(cpu, KEY, packet.flow);
        cpu.step = "frames";
        return;
      case "frames":
        this.#store(cpu, FRAMES, 1);
        cpu.step = "bytes";
        return;
      case "bytes":
        this.#store(cpu, BYTES, bytesOf(packet.flow));
        cpu.step = "even";
        return;
      case "even":
        this.#store(cpu, GENERATION, cpu.own[GENERATION]! + (mistake === "never_odd" ? 2 : 1), atOnce);
        break;
      case "add_frames":
        this.#store(cpu, FRAMES, cpu.own[FRAMES]! + 1);
        cpu.step = "add_bytes";
        return;
      case "add_bytes":
        this.#store(cpu, BYTES, cpu.own[BYTES]! + bytesOf(packet.flow));
    }
    cpu.step = "idle";
    cpu.done++;
  }

  #begin(state: State, cpu: Cpu, packet: Packet): void {
    const { own } = cpu;
    if (own[GENERATION] && own[KEY] === packet.flow && !packet.begins) {
      account(state, packet);
      cpu.step = "add_frames";
    } else if (own[GENERATION]) {
      cpu.step = "reserve";
    } else {
      account(state, packet);
      cpu.step = "odd";
    }
  }

  #reserve(state: State, i: number, packet: Packet): void {
    const cpu = state.cpus[i]!;
    const isFull = state.ring.length >= this.#scene.ringRecords;
    if (!isFull) {
      account(state, packet);
      state.ring.push({ cpu: i, slot: undefined });
      cpu.step = "submit";
      if (this.#protocol.mistake === "evict_after_claim") this.#claimAtOnce(cpu, packet);
    } else if (this.#protocol.mistake === "claim_when_full") {
      account(state, packet);
      cpu.step = "odd";
    } else if (cpu.own[KEY] === packet.flow) {
      account(state, packet);
      cpu.step = "add_frames";
    } else {
      cpu.step = "idle"; // lost, by name
      cpu.done++;
    }
  }

  /** The mistake: by the time it goes into the ring, the old flow is overwritten. */
  #claimAtOnce(cpu: Cpu, packet: Packet): void {
    this.#store(cpu, KEY, packet.flow);
    this.#store(cpu, FRAMES, 1);
    this.#store(cpu, BYTES, bytesOf(packet.flow));
    this.#store(cpu, GENERATION, cpu.own[GENERATION]! + 2);
  }

  // ── the reader ──

  #readerMoves(state: State): Array<[string, (state: State) => void]> {
    const { reader, ring, cpus } = state;
    if (reader.cpu >= 0) return this.#scanMoves(state);
    const moves: Array<[string, (state: State) => void]> = [];
    if (ring[0]?.slot) moves.push(["drain", (next) => this.#drain(next)]);
    if (reader.scansLeft > 0) {
      cpus.forEach((_, i) => moves.push([`scan ${i}`, (next) => this.#beginScan(next, i)]));
    }
    return moves;
  }

  #beginScan({ reader, cpus }: State, i: number): void {
    reader.scansLeft--;
    const generation = cpus[i]!.visible[GENERATION]!;
    const { expected } = reader.shadows[i]!;
    const wanted = this.#protocol.mistake === "any_generation"
      ? generation > 0 && generation % 2 === 0
      : this.#protocol.mistake === "scan_expects_next"
      ? generation >= expected && generation % 2 === 0
      : generation === expected;
    if (!wanted) return;
    reader.cpu = i;
    reader.first = generation;
    reader.copy = [null, null, null, null];
  }

  /** The next loads that may be performed. The generation's second one comes last, if something sees to that. */
  #scanMoves({ reader }: State): Array<[string, (state: State) => void]> {
    const left = [KEY, FRAMES, BYTES].filter((word) => reader.copy[word] === null);
    const inOrder = this.#protocol.memory === "strong";
    const loads = inOrder ? left.slice(0, 1) : left;
    const mayLookAgain = left.length === 0 || (!inOrder && !this.#protocol.fence);
    if (reader.copy[GENERATION] === null && mayLookAgain) loads.push(GENERATION);
    return loads.map((word) => [`load ${word}`, (next) => this.#load(next, word)]);
  }

  #load(state: State, word: number): void {
    const { reader, cpus } = state;
    reader.copy[word] = cpus[reader.cpu]!.visible[word]!;
    if (reader.copy.includes(null)) return;
    const copy = reader.copy as number[];
    if (copy[GENERATION] === reader.first || this.#protocol.mistake === "no_second_look") {
      count(state, reader.shadows[reader.cpu]!, copy);
    }
    reader.cpu = -1;
    reader.copy = [];
  }

  #drain(state: State): void {
    const { cpu, slot } = state.ring.shift()!;
    const shadow = state.reader.shadows[cpu]!;
    if (slot![GENERATION] !== shadow.expected) throw new Wrong(`generation ${slot![GENERATION]} is not the next`);
    count(state, shadow, slot!);
    const kept = this.#protocol.mistake === "shadow_kept" ? shadow : { frames: 0, bytes: 0 };
    state.reader.shadows[cpu] = { expected: shadow.expected + 2, frames: kept.frames, bytes: kept.bytes, flow: -1 };
  }

  /** Nothing moves any more: the last drain and scan, and what must be true after them. */
  #checkEnd(state: State): void {
    const end = copyOf(state);
    while (end.ring.length) this.#drain(end);
    end.cpus.forEach(({ visible }, i) => {
      const shadow = end.reader.shadows[i]!;
      if (visible[GENERATION] === shadow.expected) count(end, shadow, visible);
    });
    if (JSON.stringify(end.counted) === JSON.stringify(end.accounted)) return;
    throw new Wrong(`counted ${JSON.stringify(end.counted)} of ${JSON.stringify(end.accounted)}`);
  }
}

function account(state: State, { flow }: Packet): void {
  const sums = state.accounted[flow]!;
  sums[0]++;
  sums[1] += bytesOf(flow);
}

/** A difference goes to the flow whose generation it is; it is never below zero, never more than there was. */
function count(state: State, shadow: Shadow, slot: number[]): void {
  if (shadow.flow < 0) shadow.flow = slot[KEY]!;
  const frames = slot[FRAMES]! - shadow.frames;
  const bytes = slot[BYTES]! - shadow.bytes;
  if (frames < 0 || bytes < 0) throw new Wrong(`a difference of ${frames} frames, ${bytes} bytes`);
  const counted = state.counted[shadow.flow];
  const accounted = state.accounted[shadow.flow];
  if (!counted || !accounted) throw new Wrong("packets of no flow");
  counted[0] += frames;
  counted[1] += bytes;
  shadow.frames = slot[FRAMES]!;
  shadow.bytes = slot[BYTES]!;
  if (counted[0] > accounted[0] || counted[1] > accounted[1]) throw new Wrong(`too much of flow ${shadow.flow}`);
}

function arrive(cpu: Cpu, at: number): void {
  const [[word, value]] = cpu.buffer.splice(at, 1) as [[number, number]];
  cpu.visible[word] = value;
}

/** All of a state as text, short. */
function keyOf({ cpus, ring, reader, accounted, counted }: State): string {
  const cpu = ({ step, done, own, visible, buffer }: Cpu) => `${step}${done},${own},${visible},${buffer}`;
  const shadow = ({ expected, frames, bytes, flow }: Shadow) => `${expected},${frames},${bytes},${flow}`;
  const records = ring.map(({ cpu, slot }) => `${cpu},${slot ?? "-"}`).join(";");
  const scan = `${reader.scansLeft},${reader.cpu},${reader.first},${reader.copy}`;
  return `${cpus.map(cpu).join(";")}|${records}|${scan}|${
    reader.shadows.map(shadow).join(";")
  }|${accounted}|${counted}`;
}

function copyOf(state: State): State {
  return {
    cpus: state.cpus.map((cpu) => ({
      ...cpu,
      own: [...cpu.own],
      visible: [...cpu.visible],
      buffer: [...cpu.buffer],
    })),
    ring: state.ring.map((record) => ({ ...record })),
    reader: {
      ...state.reader,
      copy: [...state.reader.copy],
      shadows: state.reader.shadows.map((shadow) => ({ ...shadow })),
    },
    accounted: state.accounted.map(([frames, bytes]) => [frames, bytes]),
    counted: state.counted.map(([frames, bytes]) => [frames, bytes]),
  };
}
