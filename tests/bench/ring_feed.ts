/**
 * Evicted slots as the kernel would put them into its ring, without a kernel: written into the ring's region of a plain
 * memory. The traffic imitated is a router's: every flow passes two devices, both directions, half IPv4 and half IPv6,
 * mostly TCP in full swing, in random order.
 */
import type { TableDevice } from "../../src/capture/device_table.ts";
import { RING_RECORD_BYTES, SLOT_BYTES } from "../../src/limits.ts";
import type { MemoryPlan } from "../../src/memory_plan.ts";
import { tableDevice } from "../support/device.ts";
import { SLOT_OFFSETS as at } from "../support/slot_view.ts";

const DEVICE_IN = 3;
const DEVICE_OUT = 4;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const TCP_ACK = 0x10;
const TCP_PSH_ACK = 0x18;
const KEY_EGRESS = 1;
const RECORD_HEADER_BYTES = 8;
const MULTIPLIER = 0x9e3779b1;
/** Sightings of a flow: two directions at two devices. */
export const SIGHTINGS = 4;

/** The two devices between which the imitated host routes. */
export const ROUTER_DEVICES: TableDevice[] = [DEVICE_IN, DEVICE_OUT].map((ifindex) => tableDevice({ ifindex }));

export class RingFeed {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #plan: MemoryPlan;
  /** Generations done per slot. */
  readonly #generations: Uint32Array;
  readonly #record = new Uint8Array(RING_RECORD_BYTES);
  readonly #slot = new DataView(this.#record.buffer, RECORD_HEADER_BYTES);
  #produced = 0;
  #seed: number;

  constructor(memory: WebAssembly.Memory, plan: MemoryPlan, seed: number) {
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#plan = plan;
    this.#generations = new Uint32Array(plan.slotCount);
    this.#seed = seed | 1;
    new DataView(this.#record.buffer).setUint32(0, SLOT_BYTES, true);
  }

  /** Records that the ring takes at once. */
  get capacity(): number {
    return Math.floor(this.#plan.ringBytes / RING_RECORD_BYTES);
  }

  /** Where the n-th record from the last `count` on stands: for a second reader of the same ring. */
  place(n: number, count: number): number {
    const position = this.#produced - (count - n) * RING_RECORD_BYTES;
    return this.#plan.ring + 2 * this.#plan.pageBytes + (position % this.#plan.ringBytes) + RECORD_HEADER_BYTES;
  }

  /** A number below `below`, from xorshift. */
  random(below: number): number {
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    return (this.#seed >>> 0) % below;
  }

  /** Puts sightings of random flows into an empty ring. */
  putRandom(count: number, flows: number, nowNs: bigint): void {
    for (let i = 0; i < count; i++) this.#put(this.random(flows), this.random(SIGHTINGS), nowNs);
    this.#publish();
  }

  /** Puts one sighting of each flow of a range. */
  putEach(first: number, count: number, sighting: number, nowNs: bigint): void {
    for (let i = 0; i < count; i++) this.#put(first + i, sighting, nowNs);
    this.#publish();
  }

  #publish(): void {
    this.#view.setBigUint64(this.#plan.ring + this.#plan.pageBytes, BigInt(this.#produced), true);
  }

  /** The kernel's pages show the data twice in a row; here the second copy is written, too. */
  #put(flow: number, sighting: number, nowNs: bigint): void {
    this.#fill(flow, sighting, nowNs);
    const data = this.#plan.ring + 2 * this.#plan.pageBytes;
    const offset = this.#produced % this.#plan.ringBytes;
    this.#bytes.set(this.#record, data + offset);
    const over = offset + RING_RECORD_BYTES - this.#plan.ringBytes;
    if (over > 0) this.#bytes.set(this.#record.subarray(RING_RECORD_BYTES - over), data);
    this.#produced += RING_RECORD_BYTES;
  }

  #fill(flow: number, sighting: number, nowNs: bigint): void {
    const slot = this.#slot;
    const reverse = sighting & 1;
    const egress = sighting >> 1;
    const index = (Math.imul(flow * SIGHTINGS + sighting, MULTIPLIER) >>> 0) % this.#plan.slotCount;
    const generation = (this.#generations[index]! += 2);
    slot.setUint32(at.generation, generation, true);
    slot.setUint32(at.index, index, true);
    const tcp = flow % 8 !== 7;
    this.#fillEndpoint(reverse ? at.destination : at.source, flow, 0x0a);
    this.#fillEndpoint(reverse ? at.source : at.destination, Math.imul(flow, 7) & 0xffff, 0xc0);
    slot.setUint16(reverse ? at.destination_port : at.source_port, 32_768 + flow % 28_000, true);
    slot.setUint16(reverse ? at.source_port : at.destination_port, tcp ? 443 : 53, true);
    slot.setUint8(at.protocol, tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
    slot.setUint8(at.flags, egress ? KEY_EGRESS : 0);
    slot.setUint32(at.ifindex, egress !== reverse ? DEVICE_OUT : DEVICE_IN, true);
    slot.setUint32(at.ingress_ifindex, egress ? (reverse ? DEVICE_OUT : DEVICE_IN) : 0, true);
    const frames = 1 + this.random(8);
    const late = tcp && this.random(64) === 0;
    this.#setCounter(at.frames, frames);
    this.#setCounter(at.packets, frames * 2);
    this.#setCounter(at.bytes, frames * 1_400);
    this.#setCounter(at.wire_bytes, frames * 1_454);
    slot.setBigUint64(at.first_seen_ns, nowNs, true);
    slot.setBigUint64(at.last_seen_ns, nowNs, true);
    slot.setUint8(at.tcp_flags, tcp ? TCP_PSH_ACK : 0);
    slot.setUint8(at.tcp_flags_first, tcp ? TCP_ACK : 0);
    slot.setUint8(at.ttl, 63);
    slot.setBigUint64(at.ack_ns, tcp ? nowNs : 0n, true);
    slot.setUint32(at.sequence_first, flow * 1_000, true);
    slot.setUint32(at.retransmitted_packets, late ? 1 : 0, true);
    slot.setUint32(at.retransmitted_bytes, late ? 1_400 : 0, true);
    slot.setUint16(at.ethertype, flow & 1 ? 0x86dd : 0x0800, true);
  }

  #setCounter(offset: number, value: number): void {
    this.#slot.setUint32(offset, value, true);
    this.#slot.setUint32(offset + 4, 0, true);
  }

  /** Even flows are IPv4, mapped. */
  #fillEndpoint(offset: number, host: number, net: number): void {
    const v6 = host & 1;
    this.#slot.setUint32(offset, v6 ? 0xb80d0120 : 0, true);
    this.#slot.setUint32(offset + 4, v6 ? net : 0, true);
    this.#slot.setUint32(offset + 8, v6 ? 0 : 0xffff0000, true);
    this.#slot.setUint32(offset + 12, (net << 24 | host) >>> 0, false);
  }
}
