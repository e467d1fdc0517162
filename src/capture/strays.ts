/** Frames that became no flow, by device, hook and ethertype: bpf/books.h's strays, read and named. */
import { type Hook, HOOKS } from "../flow.ts";
import { CPU_AREA_BYTES, type MemoryPlan, WITHHELD_AT, WITHHELD_MOVES_AT } from "../memory_plan.ts";
import type { Kernel } from "./kernel.ts";

export interface Stray {
  ifindex: number;
  hook: Hook;
  /** The term of the books that it is in: not_ip, malformed, lost_ring_full … */
  term: string;
  /** 0 of what was filtered or sampled out: that is IP. */
  ethertype: number;
  /** "arp" where the ethertype has a name, else "0x88cc". */
  ethertypeName: string;
  frames: bigint;
  bytes: bigint;
}

const KEY_BYTES = 8;
const VALUE_BYTES = 16;
/** enum term, bpf/reason.h */
const TERM_NAMES: Record<number, string> = {
  2: "not_ip",
  3: "malformed",
  4: "filtered",
  5: "sampled_out",
  6: "lost_ring_full",
  7: "lost_no_slot",
};

const ETHERTYPES: Record<number, string> = {
  0x0800: "ipv4",
  0x0806: "arp",
  0x8035: "rarp",
  0x8100: "vlan",
  0x86dd: "ipv6",
  0x8809: "slow protocols",
  0x8847: "mpls",
  0x8848: "mpls multicast",
  0x8863: "pppoe discovery",
  0x8864: "pppoe session",
  0x888e: "eapol",
  0x88a8: "qinq",
  0x88cc: "lldp",
  0x88e5: "macsec",
};
const LENGTH_MAX = 0x05ff;
/** struct withheld: a stray's key and value. */
const WITHHELD_BYTES = KEY_BYTES + VALUE_BYTES;
export const WITHHELD_PLACES = 128;
/** A reading during which the program moved a sum from one place to the other is taken again, so many times at most. */
const READINGS_MOST = 5;

export function readStrays(kernel: Kernel, mapFd: number): Stray[] {
  return kernel.readMap(mapFd, KEY_BYTES, VALUE_BYTES).map(({ key, value }) => strayOf(key, value));
}

/** Those in the map, and those that each CPU adds up for itself still. */
export function readAllStrays(kernel: Kernel, mapFd: number, memory: WebAssembly.Memory, plan: MemoryPlan): Stray[] {
  const view = new DataView(memory.buffer);
  let strays: Stray[] = [];
  for (let reading = 0; reading < READINGS_MOST; reading++) {
    const before = movesOf(view, plan);
    strays = [...readStrays(kernel, mapFd), ...withheldStrays(view, plan)];
    if (before !== undefined && before === movesOf(view, plan)) break;
  }
  const byKey = Map.groupBy(strays, ({ ifindex, hook, term, ethertype }) => `${ifindex} ${hook} ${term} ${ethertype}`);
  return [...byKey.values()].map((same) => ({
    ...same[0]!,
    frames: same.reduce((sum, { frames }) => sum + frames, 0n),
    bytes: same.reduce((sum, { bytes }) => sum + bytes, 0n),
  }));
}

/** Moves so far of all CPUs; undefined while one is under way. */
function movesOf(view: DataView, { cpus, cpuCount }: MemoryPlan): bigint | undefined {
  const moves = Array.from(
    { length: cpuCount },
    (_, cpu) => view.getBigUint64(cpus + cpu * CPU_AREA_BYTES + WITHHELD_MOVES_AT, true),
  );
  return moves.some((count) => count & 1n) ? undefined : moves.reduce((sum, count) => sum + count, 0n);
}

function withheldStrays(view: DataView, { cpus, cpuCount }: MemoryPlan): Stray[] {
  const strays: Stray[] = [];
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    for (let place = 0; place < WITHHELD_PLACES; place++) {
      const at = cpus + cpu * CPU_AREA_BYTES + WITHHELD_AT + place * WITHHELD_BYTES;
      const part = (offset: number, bytes: number) => new DataView(view.buffer, at + offset, bytes);
      if (view.getBigUint64(at + KEY_BYTES, true)) {
        strays.push(strayOf(part(0, KEY_BYTES), part(KEY_BYTES, VALUE_BYTES)));
      }
    }
  }
  return strays;
}

function strayOf(key: DataView, value: DataView): Stray {
  const ethertype = key.getUint16(4, true);
  const term = TERM_NAMES[key.getUint8(7)] ?? "unknown";
  return {
    ifindex: key.getUint32(0, true),
    hook: HOOKS[key.getUint8(6)] ?? "ingress",
    term,
    ethertype,
    ethertypeName: ethertypeName(term, ethertype),
    frames: value.getBigUint64(0, true),
    bytes: value.getBigUint64(8, true),
  };
}

function ethertypeName(term: string, ethertype: number): string {
  if (term === "filtered" || term === "sampled_out") return "ip";
  if (ethertype <= LENGTH_MAX) return "802.3";
  return ETHERTYPES[ethertype] ?? `0x${ethertype.toString(16).padStart(4, "0")}`;
}
