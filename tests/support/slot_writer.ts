/**
 * Plays the kernel program's part towards the table: writes slots and ring records into the shared memory, as
 * bpf/slots.bpf.h does. One writer, so the generations need no atomics.
 */
import { addAmount, type Amount, zeroAmount } from "../../src/books.ts";
import type { Hook } from "../../src/flow.ts";
import { RING_RECORD_BYTES, SLOT_BYTES } from "../../src/limits.ts";
import { CPU_AREA_BYTES, MARKS_AT, type MemoryPlan, ringParts, SLOT_WAYS } from "../../src/memory_plan.ts";
import { address } from "./packet.ts";
import { SLOT_OFFSETS as at } from "./slot_view.ts";

/** Packets of one direction of a flow at one point. */
export interface Sighting {
  hook?: Hook;
  ifindex?: number;
  ingressIfindex?: number;
  vlan?: number;
  vlanInner?: number;
  source?: string;
  destination?: string;
  sourcePort?: number;
  destinationPort?: number;
  protocol?: number;
  fragment?: boolean;

  /** When the last of these packets was seen, and the first, should they begin a slot. */
  atNs?: bigint;
  firstNs?: bigint;
  packets?: number;
  /** Default: as many as packets. */
  frames?: number;
  /** Default: 100 a packet. */
  bytes?: number;
  /** Default: as bytes. */
  wireBytes?: number;

  tcpFlags?: number;
  /** Default: as tcpFlags. */
  tcpFlagsFirst?: number;
  sequence?: number;
  acknowledgment?: number;
  synNs?: bigint;
  ackNs?: bigint;
  retransmittedPackets?: number;
  retransmittedBytes?: number;
  outOfOrder?: number;
  zeroWindows?: number;
  ttl?: number;
  trafficClass?: number;
  flowLabel?: number;
  sourceMac?: number[];
}

export const DEFAULT_SIGHTING = {
  hook: "ingress",
  ifindex: 2,
  ingressIfindex: 2,
  source: "10.0.0.1",
  destination: "10.0.0.2",
  sourcePort: 40_009,
  destinationPort: 443,
  protocol: 17,
  packets: 1,
} as const;

const KEY_AT = at.source;
const KEY_BYTES = at.frames - at.source;
const DISCARDED = 0x40000000;

export class SlotWriter {
  readonly #plan: MemoryPlan;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #places = new Map<string, number>();
  readonly #keys = new Map<number, string>();
  #free = 0;
  /** What the kernel's books would say. */
  readonly accounted: Amount = zeroAmount();
  readonly lost: Amount = zeroAmount();

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan) {
    this.#plan = plan;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /**
   * Counts in the slot of this key; claims `place`, or the next one never used, when there is none. Returns its place.
   */
  see(sighting: Sighting, place?: number): number {
    const key = this.#keyBytes(sighting);
    const name = key.toHex();
    const known = this.#places.get(name);
    if (known !== undefined) {
      this.#add(known, sighting);
      return known;
    }
    const index = place ?? this.#free;
    if (index >= this.#plan.slotCount) throw new RangeError("All slots are in use: name one to evict");
    if (this.#claim(index, key, name, sighting)) this.#free = Math.max(this.#free, index + 1);
    return index;
  }

  /** As the program does for a SYN on known ports, or after a silence: another generation of the same key. */
  renew(sighting: Sighting, place?: number): number {
    const key = this.#keyBytes(sighting);
    const name = key.toHex();
    const index = this.#places.get(name);
    if (index === undefined) return this.see(sighting, place);
    if (!this.#evict(index)) this.#add(index, sighting);
    else this.#rewrite(index, key, name, sighting);
    return index;
  }

  /** Bytes that the table has not read. */
  ringFill(): number {
    const { producer, consumer } = ringParts(this.#plan);
    return Number(this.#view.getBigUint64(producer, true) - this.#view.getBigUint64(consumer, true));
  }

  /** A record that the kernel reserved and gave up. */
  discard(): void {
    this.record(SLOT_BYTES | DISCARDED, new Uint8Array(SLOT_BYTES));
  }

  /** A ring record as it is, right or wrong; length: what its header says. The ring's data is mapped twice in a row. */
  record(length: number, payload: Uint8Array): void {
    const { producer, data } = ringParts(this.#plan);
    const produced = this.#view.getBigUint64(producer, true);
    const offset = Number(produced % BigInt(this.#plan.ringBytes));
    const record = new Uint8Array(RING_RECORD_BYTES);
    new DataView(record.buffer).setUint32(0, length, true);
    record.set(payload, RING_RECORD_BYTES - SLOT_BYTES);
    for (let i = 0; i < record.length; i++) {
      const place = data + (offset + i) % this.#plan.ringBytes;
      this.#bytes[place] = record[i]!;
      this.#bytes[place + this.#plan.ringBytes] = record[i]!;
    }
    this.#view.setBigUint64(producer, produced + BigInt(record.length), true);
  }

  /** Address of a slot. */
  address(index: number): number {
    return this.#plan.slots + index * SLOT_BYTES;
  }

  generation(index: number): number {
    return this.#view.getUint32(this.address(index), true);
  }

  /** Adds to a slot's generation, as the two halves of a claim do. */
  stepGeneration(index: number): void {
    this.#view.setUint32(this.address(index), this.generation(index) + 1, true);
  }

  #claim(index: number, key: Uint8Array, name: string, sighting: Sighting): boolean {
    if (this.generation(index) && !this.#evict(index)) {
      this.#tally(this.lost, sighting);
      return false;
    }
    this.#rewrite(index, key, name, sighting);
    return true;
  }

  #evict(index: number): boolean {
    if (this.ringFill() + RING_RECORD_BYTES > this.#plan.ringBytes) return false;
    const slot = this.address(index);
    this.record(SLOT_BYTES, this.#bytes.slice(slot, slot + SLOT_BYTES));
    return true;
  }

  #rewrite(index: number, key: Uint8Array, name: string, sighting: Sighting): void {
    const before = this.#keys.get(index);
    if (before !== undefined) this.#places.delete(before);
    this.#places.set(name, index);
    this.#keys.set(index, name);
    const slot = this.address(index);
    this.stepGeneration(index);
    this.#bytes.fill(0, slot + 8, slot + SLOT_BYTES);
    this.#view.setUint32(slot + at.index, index, true);
    this.#bytes.set(key, slot + KEY_AT);
    const last = sighting.atNs ?? 0n;
    this.#view.setBigUint64(slot + at.first_seen_ns, sighting.firstNs ?? last, true);
    this.#view.setUint8(slot + at.tcp_flags_first, sighting.tcpFlagsFirst ?? sighting.tcpFlags ?? 0);
    this.#view.setUint32(slot + at.sequence_first, sighting.sequence ?? 0, true);
    this.#view.setUint32(slot + at.acknowledgment_first, sighting.acknowledgment ?? 0, true);
    this.#view.setUint32(slot + at.flow_label, sighting.flowLabel ?? 0, true);
    this.#bytes.set(sighting.sourceMac ?? [], slot + at.source_mac);
    this.stepGeneration(index);
    this.#add(index, sighting);
  }

  #add(index: number, sighting: Sighting): void {
    const slot = this.address(index);
    const amount = this.#tally(this.accounted, sighting);
    this.#add64(slot + at.frames, amount.frames);
    this.#add64(slot + at.packets, amount.packets);
    this.#add64(slot + at.bytes, amount.bytes);
    this.#add64(slot + at.wire_bytes, amount.wireBytes);
    const view = this.#view;
    if (sighting.atNs !== undefined) view.setBigUint64(slot + at.last_seen_ns, sighting.atNs, true);
    view.setUint8(slot + at.tcp_flags, view.getUint8(slot + at.tcp_flags) | (sighting.tcpFlags ?? 0));
    if (sighting.synNs !== undefined) view.setBigUint64(slot + at.syn_ns, sighting.synNs, true);
    if (sighting.ackNs !== undefined) view.setBigUint64(slot + at.ack_ns, sighting.ackNs, true);
    this.#add32(slot + at.retransmitted_packets, sighting.retransmittedPackets);
    this.#add32(slot + at.retransmitted_bytes, sighting.retransmittedBytes);
    this.#add32(slot + at.out_of_order_packets, sighting.outOfOrder);
    this.#add32(slot + at.zero_windows, sighting.zeroWindows);
    if (sighting.ttl !== undefined) view.setUint8(slot + at.ttl, sighting.ttl);
    if (sighting.trafficClass !== undefined) view.setUint8(slot + at.traffic_class, sighting.trafficClass);
    this.#mark(index);
  }

  #mark(index: number): void {
    const { setsPerCpu, markShift, cpus } = this.#plan;
    const set = Math.floor(index / SLOT_WAYS);
    const cpu = Math.floor(set / setsPerCpu);
    this.#bytes[cpus + cpu * CPU_AREA_BYTES + MARKS_AT + ((set % setsPerCpu) >> markShift)] = 1;
  }

  #tally(to: Amount, sighting: Sighting): { frames: number; packets: number; bytes: number; wireBytes: number } {
    const packets = sighting.packets ?? DEFAULT_SIGHTING.packets;
    const frames = sighting.frames ?? packets;
    const bytes = sighting.bytes ?? packets * 100;
    const wireBytes = sighting.wireBytes ?? bytes;
    addAmount(to, frames, packets, bytes, wireBytes);
    return { frames, packets, bytes, wireBytes };
  }

  #add64(place: number, value: number): void {
    this.#view.setBigUint64(place, this.#view.getBigUint64(place, true) + BigInt(value), true);
  }

  #add32(place: number, value = 0): void {
    this.#view.setUint32(place, this.#view.getUint32(place, true) + value, true);
  }

  #keyBytes(sighting: Sighting): Uint8Array {
    const s = { ...DEFAULT_SIGHTING, ...sighting };
    const key = new Uint8Array(KEY_BYTES);
    const view = new DataView(key.buffer);
    key.set(mapped(s.source), at.source - KEY_AT);
    key.set(mapped(s.destination), at.destination - KEY_AT);
    view.setUint16(at.source_port - KEY_AT, s.sourcePort, true);
    view.setUint16(at.destination_port - KEY_AT, s.destinationPort, true);
    view.setUint8(at.protocol - KEY_AT, s.protocol);
    view.setUint8(at.flags - KEY_AT, (s.hook === "egress" ? 1 : 0) | (s.fragment ? 2 : 0));
    view.setUint16(at.vlan - KEY_AT, s.vlan ?? 0, true);
    view.setUint16(at.vlan_inner - KEY_AT, s.vlanInner ?? 0, true);
    view.setUint32(at.ifindex - KEY_AT, s.ifindex, true);
    view.setUint32(at.ingress_ifindex - KEY_AT, s.ingressIfindex, true);
    return key;
  }
}

/** An address as slots hold it. */
export function mapped(text: string): Uint8Array {
  const bytes = address(text);
  return bytes.length === 16 ? bytes : Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes]);
}
