/**
 * A packet trace that runs: its programs right in front of weir's own on each hook, loaded for it alone and gone with
 * it. It changes no packet's fate, and takes nothing of what flows need.
 */
import { addressText } from "../../address.ts";
import { type Hook, HOOKS, type Link } from "../../flow.ts";
import { TRACE_RING_BYTES } from "../../limits.ts";
import { type AttachMode, unlessGone } from "../attach.ts";
import type { Kernel, LoadedObject } from "../kernel.ts";
import type { NetworkNamespace } from "../namespace.ts";
import { TRACE_HANDLE } from "../libbpf.ts";
import { encodeTraceKnobs, TRACE_PACKET, TRACE_PROGRAMS, type TraceBounds, type TraceFilter } from "./trace_layout.ts";
import { type TraceCounts, TraceMemory } from "./trace_memory.ts";

/** A device that weir is on. */
export interface TracePoint {
  ifindex: number;
  link: Link;
  mode: AttachMode;
  /** weir's own program there. */
  programFd(hook: Hook): number;
  /** Of its filter, where the mode is tc. */
  priority: number;
}

export interface TraceParts {
  kernel: Kernel;
  /** Of the devices. */
  namespace: NetworkNamespace;
  /** The compiled trace. */
  image: Uint8Array<ArrayBuffer>;
  points: readonly TracePoint[];
  filter: TraceFilter;
  bounds: TraceBounds;
}

/** A packet as it passed a hook. Numbers as on the wire. */
export interface TracedPacket {
  /** CLOCK_MONOTONIC. */
  timeNs: bigint;
  ifindex: number;
  hook: Hook;
  /** By which the packet entered this host; 0: sent by this host. */
  ingressIfindex: number;
  /** Of the whole skb. */
  bytes: number;
  segments: number;
  ethertype: number;
  vlan: number;
  vlanInner: number;
  /** bpf/reason.h, enum malformed; 0: nothing is wrong with it, 16: it is not IP. */
  verdict: number;
  source: string;
  destination: string;
  protocol: number;
  /** Of ICMP: type and code. */
  sourcePort: number;
  destinationPort: number;
  isFragment: boolean;
  ttl: number;
  tcpFlags: number;
  sequence: number;
  acknowledgment: number;
  payloadBytes: number;
}

const KEY_FRAGMENT = 2;

/** Mapped anew by each trace; one runs at a time. */
let memory: TraceMemory | undefined;

export class PacketTrace {
  readonly #parts: TraceParts;
  readonly #object: LoadedObject;
  readonly #memory: TraceMemory;
  readonly #undo: Array<() => void> = [];
  #isClosed = false;
  #last: TraceCounts | undefined;

  /** Loads and attaches. Throws KernelError. */
  constructor(parts: TraceParts) {
    this.#parts = parts;
    const { kernel, namespace, image, filter, bounds, points } = parts;
    this.#memory = memory ??= new TraceMemory();
    this.#object = kernel.load(image, {
      programs: Object.values(TRACE_PROGRAMS).flatMap((byHook) => Object.values(byHook)),
      mapEntries: { trace_ring: TRACE_RING_BYTES },
      knobs: encodeTraceKnobs(filter, bounds),
    });
    this.#undo.push(() => this.#object.close());
    try {
      this.#memory.map(this.#object);
      this.#undo.push(() => this.#memory.unmap());
      namespace.within(() => points.forEach((point) => HOOKS.forEach((hook) => this.#attach(point, hook))));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A device that went away meanwhile is none any more. */
  #attach({ ifindex, link, mode, priority, programFd }: TracePoint, hook: Hook): void {
    const { kernel } = this.#parts;
    const program = this.#object.programFd(TRACE_PROGRAMS[link][hook]);
    unlessGone(() => {
      if (mode === "tcx") {
        const attached = kernel.linkTcx(program, ifindex, hook, { beforeFd: programFd(hook) });
        this.#undo.push(() => kernel.unlinkTcx(attached));
        return;
      }
      const place = { priority, handle: TRACE_HANDLE };
      kernel.attachTc(program, ifindex, hook, place); // of one priority, the newest runs first
      this.#undo.push(() => unlessGone(() => kernel.detachTc(ifindex, hook, place)));
    });
  }

  /** Takes the packets that wait, `most` of them at most. */
  read(most: number): TracedPacket[] {
    const packets: TracedPacket[] = [];
    if (!this.#isClosed) this.#memory.drain(most, (record) => packets.push(readPacket(record)));
    return packets;
  }

  /** After close(): those of then. */
  counts(): TraceCounts {
    return this.#last ?? this.#memory.counts();
  }

  /** Devices that it is on. */
  get deviceCount(): number {
    return this.#parts.points.length;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes it off. May be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#last = this.#memory.counts();
    this.#parts.namespace.within(() => this.#undo.splice(0).reverse().forEach((undo) => undo()));
  }
}

function readPacket(record: DataView): TracedPacket {
  const u32 = (at: number) => record.getUint32(at, true);
  const u16 = (at: number) => record.getUint16(at, true);
  const u8 = (at: number) => record.getUint8(at);
  const address = (at: number) => addressText(new Uint8Array(record.buffer, record.byteOffset + at, 16));
  return {
    timeNs: record.getBigUint64(TRACE_PACKET.timeNs, true),
    ifindex: u32(TRACE_PACKET.ifindex),
    hook: HOOKS[u8(TRACE_PACKET.hook)] ?? "ingress",
    ingressIfindex: u32(TRACE_PACKET.ingressIfindex),
    bytes: u32(TRACE_PACKET.bytes),
    segments: u16(TRACE_PACKET.segments) || 1,
    ethertype: u16(TRACE_PACKET.ethertype),
    vlan: u16(TRACE_PACKET.vlan),
    vlanInner: u16(TRACE_PACKET.vlanInner),
    verdict: u8(TRACE_PACKET.verdict),
    source: address(TRACE_PACKET.source),
    destination: address(TRACE_PACKET.destination),
    protocol: u8(TRACE_PACKET.protocol),
    sourcePort: u16(TRACE_PACKET.sourcePort),
    destinationPort: u16(TRACE_PACKET.destinationPort),
    isFragment: (u8(TRACE_PACKET.flags) & KEY_FRAGMENT) !== 0,
    ttl: u8(TRACE_PACKET.ttl),
    tcpFlags: u8(TRACE_PACKET.tcpFlags),
    sequence: u32(TRACE_PACKET.sequence),
    acknowledgment: u32(TRACE_PACKET.acknowledgment),
    payloadBytes: u32(TRACE_PACKET.payloadBytes),
  };
}
