/** The packet trace's programs: loaded by this kernel's verifier, fed frame by frame. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { traceProgramImage } from "../../src/artifacts.ts";
import type { LoadedObject } from "../../src/capture/kernel.ts";
import { openLibbpf } from "../../src/capture/libbpf.ts";
import {
  encodeTraceKnobs,
  TRACE_PACKET,
  TRACE_PACKET_BYTES,
  TRACE_PROGRAMS,
  type TraceBounds,
  type TraceFilter,
} from "../../src/capture/trace/trace_layout.ts";
import { TraceMemory } from "../../src/capture/trace/trace_memory.ts";
import { addressText } from "../../src/address.ts";
import { systemClock } from "../../src/clock.ts";
import { TRACE_RING_BYTES } from "../../src/limits.ts";
import { parseAddress } from "../../src/parse_address.ts";
import { arp, type Bytes, ethernet, ipv4, ipv6, packet, tcp, udp, vlan } from "../support/packet.ts";

/** TC_ACT_UNSPEC: whatever comes next decides. */
const GO_ON = -1;
const SECOND_NS = 1_000_000_000n;
const HOUR_NS = 3_600_000_000_000n;

const kernel = openLibbpf();
const memory = new TraceMemory();

class Trace implements Disposable {
  readonly #object: LoadedObject;

  constructor(filter: TraceFilter = {}, bounds: Partial<TraceBounds> = {}) {
    const all = { untilNs: systemClock.monotonicNs() + HOUR_NS, packetsMax: 1_000_003, perSecondMax: 1_000_003 };
    this.#object = kernel.load(traceProgramImage(), {
      programs: Object.values(TRACE_PROGRAMS).flatMap((byHook) => Object.values(byHook)),
      mapEntries: { trace_ring: TRACE_RING_BYTES },
      knobs: encodeTraceKnobs(filter, { ...all, ...bounds }),
    });
    memory.map(this.#object);
  }

  feed(frame: Bytes, program = TRACE_PROGRAMS.ethernet.ingress): void {
    const { returned } = kernel.testRun(this.#object.programFd(program), { data: frame as Uint8Array<ArrayBuffer> });
    equal(returned, GO_ON, "no packet's fate is changed");
  }

  /** Source, destination, protocol and ports of what is shown. */
  shown(most = 1_009): unknown[] {
    const found: unknown[] = [];
    memory.drain(most, (record) => {
      equal(record.byteLength, TRACE_PACKET_BYTES);
      const address = (at: number) => addressText(new Uint8Array(record.buffer, record.byteOffset + at, 16));
      found.push([
        address(TRACE_PACKET.source),
        address(TRACE_PACKET.destination),
        record.getUint8(TRACE_PACKET.protocol),
        record.getUint16(TRACE_PACKET.sourcePort, true),
        record.getUint16(TRACE_PACKET.destinationPort, true),
      ]);
    });
    return found;
  }

  counts() {
    return memory.counts();
  }

  [Symbol.dispose](): void {
    memory.unmap();
    this.#object.close();
  }
}

const A = "10.0.0.1";
const B = "10.0.0.2";
const to = (destinationPort: number, destination = B) =>
  packet(ethernet(), ipv4({ source: A, destination }), udp({ source: 1_009, destination: destinationPort }), 7);

Deno.test("weir_trace shows frames of every kind, by both hooks, and lets all of them go on", () => {
  using trace = new Trace();
  trace.feed(to(53));
  trace.feed(to(53), TRACE_PROGRAMS.ethernet.egress);
  trace.feed(
    packet(ethernet(), vlan(7), ipv6({ source: "fd00::1", destination: "fd00::2" }), tcp({ source: 7 }), 0),
  );
  trace.feed(packet(ethernet(), arp()));
  const shown = trace.shown();
  deepEqual(shown.slice(0, 2), Array(2).fill([A, B, 17, 1_009, 53]));
  deepEqual((shown[2] as unknown[]).slice(0, 4), ["fd00::1", "fd00::2", 6, 7]);
  equal(shown.length, 4);
  deepEqual(trace.counts(), { matched: 4, shown: 4, overRate: 0, noRoom: 0 });
});

Deno.test("weir_trace begins at the network header on devices without a link layer", () => {
  using trace = new Trace();
  for (const program of Object.values(TRACE_PROGRAMS.ip)) trace.feed(to(53), program);
  deepEqual(trace.shown(), Array(2).fill([A, B, 17, 1_009, 53]));
});

Deno.test("weir_trace shows what is asked for: each part of a filter, and all of them together", () => {
  const frames = [
    to(53),
    to(53, "10.0.1.9"),
    to(443),
    packet(ethernet(), ipv4({ source: A, destination: B }), tcp(), 0),
  ];
  const prefix = (text: string, bits: number) => ({ address: parseAddress(text)!, bits });
  const cases: Array<[TraceFilter, number]> = [
    [{}, 5],
    [{ protocol: 6 }, 1],
    [{ protocol: 17, port: 53 }, 2],
    [{ port: 1_009 }, 3],
    [{ prefix: prefix("10.0.1.0", 96 + 24) }, 1],
    [{ prefix: prefix("10.0.0.0", 96 + 16) }, 4],
    [{ prefix: prefix("::", 0) }, 4],
    [{ prefix: prefix("10.0.1.9", 128), protocol: 6 }, 0],
  ];
  for (const [filter, count] of cases) {
    using trace = new Trace(filter);
    for (const frame of [...frames, packet(ethernet(), arp())]) trace.feed(frame);
    equal(trace.shown().length, count, JSON.stringify(filter));
    equal(trace.counts().matched, count);
  }
});

Deno.test("weir_trace stops at its number, at its rate, at its time, and where its ring is full", () => {
  const feed = (bounds: Partial<TraceBounds>, frames: number) => {
    using trace = new Trace({}, bounds);
    for (let i = 0; i < frames; i++) trace.feed(to(53));
    return { ...trace.counts(), drained: trace.shown(10_007).length };
  };
  deepEqual(feed({ packetsMax: 13 }, 101), { matched: 13, shown: 13, overRate: 0, noRoom: 0, drained: 13 });
  deepEqual(feed({ untilNs: systemClock.monotonicNs() }, 101), {
    matched: 0,
    shown: 0,
    overRate: 0,
    noRoom: 0,
    drained: 0,
  });
  const second = () => systemClock.monotonicNs() / SECOND_NS;
  const began = second();
  const slow = feed({ perSecondMax: 7 }, 101);
  const seconds = Number(second() - began) + 1;
  equal(slow.shown + slow.overRate, 101);
  ok(slow.shown >= 7 && slow.shown <= 7 * seconds, `${slow.shown} in ${seconds} seconds`);
  const full = feed({}, 3_001);
  equal(full.shown + full.noRoom, 3_001);
  equal(full.drained, full.shown);
  equal(full.noRoom > 0, true, "the ring holds fewer");
});
