/** What a running agent tells about itself, as JSON: the verbs of another process ask for these. */
import type { Agent } from "../agent.ts";
import { type Books, booksJson } from "../books.ts";
import type { AuditLine } from "../capture/audit.ts";
import type { Stray } from "../capture/strays.ts";
import type { KernelDetail } from "../collect/kernel_books.ts";
import type { Exporter } from "../export/exporter.ts";
import type { FlowSpan } from "../export/span.ts";
import type { FlowRecord } from "../flow_record.ts";
import { CPU_AREA_BYTES } from "../memory_plan.ts";

/** Who keeps books: an agent, or a replay. */
export interface BooksSource {
  auditBooks(): Promise<Books>;
  audit(): Promise<AuditLine[]>;
  devices(): ReadonlyArray<{ device: { ifindex: number; name: string } }>;
  kernelDetail(): KernelDetail;
  strays(): Stray[];
  readonly exporters: readonly Exporter[];
}

/** The books of this moment, with what the auditor says and where strays came from. */
export async function booksView(source: BooksSource): Promise<Record<string, unknown>> {
  const books = await source.auditBooks();
  const audit = await source.audit();
  const nameOf = new Map(source.devices().map(({ device }) => [device.ifindex, device.name]));
  const { malformed, events } = source.kernelDetail();
  return {
    ...booksJson(books),
    audit: audit.map(auditJson),
    strays: source.strays().map(({ ifindex, frames, bytes, ...stray }) => ({
      interface: nameOf.get(ifindex) ?? `#${ifindex}`,
      ...stray,
      frames: Number(frames),
      bytes: Number(bytes),
    })),
    malformed: numbers(malformed),
    events: numbers(events),
    records: Object.fromEntries(source.exporters.map((exporter) => [exporter.name, exporter.records()])),
  };
}

function auditJson(line: AuditLine): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
}

function numbers(values: Record<string, bigint>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
}

/** Live flows as the spans that they would make now. spanOf: what a record means. */
export async function flowsView(
  agent: Agent,
  most: number,
  spanOf: (record: FlowRecord) => FlowSpan,
): Promise<{ total: number; flows: FlowSpan[] }> {
  const flows: FlowSpan[] = [];
  let total = 0;
  await agent.lookAtFlows((record) => {
    total++;
    if (flows.length < most) flows.push(spanOf(record));
  });
  return { total, flows };
}

export function statusView(agent: Agent, version: string): Record<string, unknown> {
  const { plan } = agent;
  return {
    version,
    pid: Deno.pid,
    state: agent.state,
    started: new Date(agent.startedAtMs).toISOString(),
    uptime_seconds: Math.round((Date.now() - agent.startedAtMs) / 1000),
    interfaces: agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined).map((watched) => ({
      name: watched.device.name,
      ifindex: watched.device.ifindex,
      kind: watched.device.kind,
      up: watched.device.up,
      attached: watched.attachment?.mode ?? null,
      problem: watched.problem ?? null,
      others: watched.others,
    })),
    table: { ...agent.stats(), flowsMax: plan.flowsMax },
    exporters: Object.fromEntries(agent.exporters.map((exporter) => [exporter.name, exporter.records()])),
    memory: memoryView(agent),
  };
}

/** Kernel-side maps are mapped, not resident: they count against the cgroup, beside the process's own memory. */
function memoryView(agent: Agent): Record<string, number> {
  const { plan } = agent;
  return {
    resident_bytes: Deno.memoryUsage().rss,
    kernel_slots_bytes: plan.slotCount * 192,
    kernel_ring_bytes: plan.ringBytes,
    kernel_cpus_bytes: plan.cpuCount * CPU_AREA_BYTES,
  };
}
