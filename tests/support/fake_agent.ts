/** A pretended agent for what only asks: health, metrics, routes. Its fields say what it is like, and may change. */
import type { Agent } from "../../src/agent.ts";
import { type Amount, type Books, zeroAmount } from "../../src/books.ts";
import type { AuditLine } from "../../src/capture/audit.ts";
import type { Stray } from "../../src/capture/strays.ts";
import type { WatchedDevice } from "../../src/capture/watcher.ts";
import type { ChainedProgram } from "../../src/capture/attach.ts";
import { EVENTS, type KernelDetail, MALFORMED } from "../../src/collect/kernel_books.ts";
import type { EndedCount } from "../../src/count/ended_flows.ts";
import { FLOW_CLASSES, FLOW_DIRECTIONS, type FlowCount } from "../../src/count/flow_classes.ts";
import { STAT_NAMES } from "../../src/count/table_layout.ts";
import type { Exporter, ExporterRecords } from "../../src/export/exporter.ts";
import type { Hook, InterfaceTaken } from "../../src/flow.ts";
import type { FlowRecord } from "../../src/flow_record.ts";
import { Histogram } from "../../src/histogram.ts";
import { planMemory } from "../../src/memory_plan.ts";
import type { RecordCounts } from "../../src/filter/record_gate.ts";
import { tableDevice } from "./device.ts";

export class FakeAgent {
  state: "running" | "stopping" | "stopped" = "running";
  counting = true;
  roundsDone = 1;
  startedAtMs = 1_700_000_000_123;
  watched: WatchedDevice[] = [watchedDevice(7, "eth0")];
  exporters: Exporter[] = [fakeExporter("json")];
  strayList: Stray[] = [];
  auditLines: AuditLine[] = [];
  flows: FlowRecord[] = [];
  handOutSeconds = new Histogram([0.001, 1]);
  chainsByDevice = new Map<number, Record<Hook, ChainedProgram[]>>();
  readonly plan = planMemory({ cpuCount: 2, pageBytes: 4_096, flowsMax: 1_009 });
  readonly stat = Object.fromEntries(STAT_NAMES.map((name, i) => [name, 101 + i])) as Record<
    typeof STAT_NAMES[number],
    number
  >;

  /** As what asks wants it. */
  get agent(): Agent {
    return this as unknown as Agent;
  }

  exporterRecords(): Record<string, ExporterRecords> {
    return Object.fromEntries(this.exporters.map((exporter) => [exporter.name, exporter.records()]));
  }

  get flowsMax(): number {
    return this.plan.flowsMax;
  }

  isCounting(): boolean {
    return this.counting;
  }

  rounds(): number {
    return this.roundsDone;
  }

  devices(): WatchedDevice[] {
    return this.watched;
  }

  stats(): Record<string, number> {
    return this.stat;
  }

  recordCounts(): RecordCounts {
    return { passed: this.stat.records, filtered: 13, sampledOut: 0 };
  }

  strays(): Stray[] {
    return this.strayList;
  }

  chains(): Map<number, Record<Hook, ChainedProgram[]>> {
    return this.chainsByDevice;
  }

  interfaceTaken(interfaceId: number): InterfaceTaken {
    return { ingress: amount(interfaceId), egress: amount(interfaceId * 2) };
  }

  /** One flow of the first kind, two of the second, and so on. */
  census(): FlowCount[] {
    return FLOW_CLASSES.flatMap((protocol, i) =>
      FLOW_DIRECTIONS.map((direction, j) => ({ protocol, direction, count: 1 + FLOW_DIRECTIONS.length * i + j }))
    );
  }

  endedFlows(): EndedCount[] {
    return this.census().map(({ protocol, direction, count }) => ({
      protocol,
      direction,
      ended: 10 * count,
      failed: 0,
    }));
  }

  outWaiting(): number {
    return 3;
  }

  ringWaitingBytes(): number {
    return 4_096;
  }

  audit(): Promise<AuditLine[]> {
    return Promise.resolve(this.auditLines);
  }

  books(): Books {
    const zero = zeroAmount();
    const count = { taken: amount(97), counted: amount(89), duplicate: amount(8), assumed_duplicate: zero };
    const kernel = {
      seen: amount(103),
      accounted: amount(97),
      not_ip: amount(3),
      malformed: amount(1),
      filtered: zero,
      sampled_out: zero,
      lost: { ring_full: amount(2), no_slot: zero },
    };
    const table = {
      ...count,
      in_slots: zero,
      in_ring: zero,
      held: amount(6),
      overflow_held: zero,
      filtered_flow: zero,
      sampled_out_flow: zero,
      handed_out: amount(83),
    };
    return {
      kernel,
      table,
      exporters: Object.fromEntries(this.exporters.map((exporter) => [exporter.name, exporter.terms()])),
      hooks: { ingress: { ...kernel, ...count } },
    };
  }

  auditBooks(): Promise<Books> {
    return Promise.resolve(this.books());
  }

  kernelDetail(): KernelDetail {
    return {
      malformed: Object.fromEntries(MALFORMED.filter(Boolean).map((name, i) => [name, BigInt(i)])),
      events: Object.fromEntries(EVENTS.map((name, i) => [name, BigInt(i * 1_000)])) as KernelDetail["events"],
    };
  }

  recentRecords(): Iterable<FlowRecord> {
    return [];
  }

  lookAtFlows(look: (record: FlowRecord) => void): Promise<void> {
    this.flows.forEach(look);
    return Promise.resolve();
  }
}

/** So many packets, each of 107 bytes in a frame of its own. */
export function amount(packets: number): Amount {
  const count = BigInt(packets);
  return { frames: count, packets: count, bytes: count * 107n, wire_bytes: count * 107n };
}

export function watchedDevice(ifindex: number, name: string, facts: Partial<WatchedDevice> = {}): WatchedDevice {
  return {
    device: tableDevice({ ifindex, name, kind: "veth" }),
    interfaceId: ifindex,
    attachment: { mode: "tcx", links: {}, filters: new Set(), createdClsact: false },
    others: [],
    removed: [],
    attempts: 0,
    retryAtMs: 0,
    wasAttached: true,
    ...facts,
  };
}

/** An exporter that exported 79 packets in 11 records, lost 4 in 3, and holds none. */
export function fakeExporter(name: string): Exporter & { ok: boolean } {
  return {
    name,
    ok: true,
    isReady() {
      return this.ok;
    },
    ready: () => Promise.resolve(),
    accept: () => {},
    isOver: false,
    figures: { queueRecordsMax: 1_009, batchRecords: new Histogram([10, 100]), sendSeconds: new Histogram([1]) },
    terms: () => ({ queued: zeroAmount(), exported: amount(79), lost_export: { output_closed: amount(4) } }),
    records: () => ({ queued: 0, exported: 11, lost: { output_closed: 3 } }),
    close: () => Promise.resolve(),
    giveUp: () => {},
  };
}
