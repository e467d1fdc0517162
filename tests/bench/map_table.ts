/**
 * The baseline: a flow table as it is commonly written in JavaScript, a Map with one string key a record, which is a
 * template of the tuple's numbers. It keeps the same fields by the same rules, as far as this traffic needs them, and
 * is otherwise written for speed: numbers instead of bigints, objects of one shape, no formatting of addresses.
 */
import { SLOT_OFFSETS as at } from "../support/slot_view.ts";

const KEY_EGRESS = 1;
const PROTOCOL_TCP = 6;
const TWO_32 = 4_294_967_296;
const MAPPED = 0xffff;

class Direction {
  frames = 0;
  packets = 0;
  bytes = 0;
  wireBytes = 0;
  tcpFlags = 0;
  ttl = 0;
  trafficClass = 0;
  flowLabel = 0;
  retransmittedPackets = 0;
  retransmittedBytes = 0;
  outOfOrder = 0;
  zeroWindows = 0;
}

class Flow {
  readonly forward = new Direction();
  readonly reverse = new Direction();
  startNs = 0;
  lastSeenNs = 0;
  ackNs = 0;
  interface0 = 0;
  interface1 = 0;
  duplicates = 0;
}

export class MapTable {
  readonly flows = new Map<string, Flow>();
  readonly #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#view = new DataView(memory.buffer);
  }

  /** Counts the slot at this place. */
  count(slot: number): void {
    const view = this.#view;
    const swapped = this.#isSourceHigh(slot);
    const key = this.#key(slot, swapped);
    let flow = this.flows.get(key);
    if (flow === undefined) {
      flow = new Flow();
      flow.startNs = this.#u64(slot + at.first_seen_ns);
      this.flows.set(key, flow);
    }
    const direction = swapped ? flow.reverse : flow.forward;
    // the second sighting of a forwarded packet is no further packet
    if (view.getUint8(slot + at.flags) & KEY_EGRESS) flow.duplicates += this.#u64(slot + at.packets);
    else this.#add(direction, slot);
    const lastSeenNs = this.#u64(slot + at.last_seen_ns);
    if (lastSeenNs > flow.lastSeenNs) flow.lastSeenNs = lastSeenNs;
    if (view.getUint8(slot + at.protocol) === PROTOCOL_TCP) {
      direction.tcpFlags |= view.getUint8(slot + at.tcp_flags);
      const ackNs = this.#u64(slot + at.ack_ns);
      if (ackNs && (!flow.ackNs || ackNs < flow.ackNs)) flow.ackNs = ackNs;
    }
    const ifindex = view.getUint32(slot + at.ifindex, true);
    if (!flow.interface0) flow.interface0 = ifindex;
    else if (flow.interface0 !== ifindex && !flow.interface1) flow.interface1 = ifindex;
  }

  #add(direction: Direction, slot: number): void {
    const view = this.#view;
    direction.frames += this.#u64(slot + at.frames);
    direction.packets += this.#u64(slot + at.packets);
    direction.bytes += this.#u64(slot + at.bytes);
    direction.wireBytes += this.#u64(slot + at.wire_bytes);
    direction.ttl = view.getUint8(slot + at.ttl);
    direction.trafficClass = view.getUint8(slot + at.traffic_class);
    direction.flowLabel = view.getUint32(slot + at.flow_label, true);
    direction.retransmittedPackets += view.getUint32(slot + at.retransmitted_packets, true);
    direction.retransmittedBytes += view.getUint32(slot + at.retransmitted_bytes, true);
    direction.outOfOrder += view.getUint32(slot + at.out_of_order_packets, true);
    direction.zeroWindows += view.getUint32(slot + at.zero_windows, true);
  }

  #u64(place: number): number {
    return this.#view.getUint32(place, true) + this.#view.getUint32(place + 4, true) * TWO_32;
  }

  #isSourceHigh(slot: number): boolean {
    const view = this.#view;
    for (let i = 0; i < 16; i += 4) {
      const source = view.getUint32(slot + at.source + i);
      const destination = view.getUint32(slot + at.destination + i);
      if (source !== destination) return source > destination;
    }
    return view.getUint16(slot + at.source_port, true) > view.getUint16(slot + at.destination_port, true);
  }

  #key(slot: number, swapped: boolean): string {
    const view = this.#view;
    const a = slot + (swapped ? at.destination : at.source);
    const b = slot + (swapped ? at.source : at.destination);
    const aPort = view.getUint16(slot + (swapped ? at.destination_port : at.source_port), true);
    const bPort = view.getUint16(slot + (swapped ? at.source_port : at.destination_port), true);
    return `${this.#address(a)}:${aPort}-${this.#address(b)}:${bPort}/${view.getUint8(slot + at.protocol)}`;
  }

  /** Words in decimal; of an IPv4 address one. */
  #address(place: number): string {
    const view = this.#view;
    const last = view.getUint32(place + 12);
    if (view.getUint32(place + 8) === MAPPED && !view.getUint32(place + 4) && !view.getUint32(place)) return `${last}`;
    return `${view.getUint32(place)}.${view.getUint32(place + 4)}.${view.getUint32(place + 8)}.${last}`;
  }
}
