/** What a running agent tells about itself, as JSON: the verbs of another process ask for these. */
import type { Agent } from "../agent.ts";
import { type Books, booksJson } from "../books.ts";
import type { AuditLine } from "../capture/audit.ts";
import type { OtherProgram } from "../capture/attach.ts";
import type { Stray } from "../capture/strays.ts";
import type { KernelDetail } from "../collect/kernel_books.ts";
import type { EndedCount } from "../count/ended_flows.ts";
import type { TableStats } from "../count/table_books.ts";
import type { KubernetesSizes } from "../enrich/kubernetes/mod.ts";
import type { ExporterRecords } from "../export/exporter.ts";
import type { FlowSpan } from "../export/span.ts";
import type { FlowRecord } from "../flow_record.ts";
import { SLOT_BYTES } from "../limits.ts";
import { CPU_AREA_BYTES } from "../memory_plan.ts";
import { logLevel } from "../log.ts";
import type { ReloadState } from "../settings/mod.ts";
import type { ClusterNames } from "./health.ts";
import { type DeviceView, deviceView } from "./interfaces_view.ts";

/** Who keeps books: an agent, or a replay. */
export interface BooksSource {
  auditBooks(): Promise<Books>;
  audit(): Promise<AuditLine[]>;
  devices(): ReadonlyArray<{ device: { ifindex: number; name: string } }>;
  kernelDetail(): KernelDetail;
  strays(): Stray[];
  exporterRecords(): Record<string, ExporterRecords>;
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
    records: source.exporterRecords(),
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

/** Who has a status. */
export interface StatusSource {
  agent: Agent;
  version: string;
  settings: { state(): Readonly<ReloadState> };
  names?: ClusterNames | undefined;
}

/** As `/status` answers. */
export interface StatusView {
  version: string;
  pid: number;
  state: string;
  started: string;
  uptime_seconds: number;
  interfaces: Array<DeviceView & { others: OtherProgram[] }>;
  log_level: string;
  table: TableStats & { flowsMax: number };
  flows: FlowKindView[];
  exporters: Record<string, ExporterRecords>;
  settings: SettingsView;
  kubernetes?: KubernetesView;
  memory: MemoryView;
}

/** Flows of one kind. active: as of the last sweep. */
type FlowKindView = EndedCount & { active: number };

interface SettingsView {
  since: string;
  reloads: number;
  failed_reloads: number;
  problem: string | null;
  wants_restart: readonly string[];
}

interface KubernetesView extends Omit<KubernetesSizes, "objects"> {
  by: string;
  cluster_uid: string | null;
  ready: boolean;
  detail: string;
  kinds: Array<{ kind: string; state: string; detail: string; objects: number }>;
}

/** Kernel-side maps are mapped, not resident: they count against the cgroup, beside the process's own memory. */
interface MemoryView {
  resident_bytes: number;
  kernel_slots_bytes: number;
  kernel_ring_bytes: number;
  kernel_cpus_bytes: number;
}

export function statusView({ agent, version, settings, names }: StatusSource): StatusView {
  return {
    version,
    pid: Deno.pid,
    state: agent.state,
    started: new Date(agent.startedAtMs).toISOString(),
    uptime_seconds: Math.round((Date.now() - agent.startedAtMs) / 1000),
    interfaces: agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined)
      .map((watched) => ({ ...deviceView(watched), others: watched.others })),
    log_level: logLevel(),
    table: { ...agent.stats(), flowsMax: agent.flowsMax },
    flows: flowsByKind(agent),
    exporters: agent.exporterRecords(),
    settings: settingsView(settings.state()),
    ...(names ? { kubernetes: kubernetesView(names) } : {}),
    memory: memoryView(agent),
  };
}

function settingsView({ sinceMs, succeeded, failed, problem, wantsRestart }: ReloadState): SettingsView {
  return {
    since: new Date(sinceMs).toISOString(),
    reloads: succeeded,
    failed_reloads: failed,
    problem: problem ?? null,
    wants_restart: wantsRestart,
  };
}

function kubernetesView(names: ClusterNames): KubernetesView {
  const { isReady, detail, kinds } = names.readiness();
  const { objects, ...sizes } = names.sizes();
  const countOf = new Map(objects.map(({ kind, count }) => [kind, count]));
  return {
    by: names.origin,
    cluster_uid: names.clusterUid ?? null,
    ready: isReady,
    detail,
    kinds: kinds.map(({ kind, state, detail }) => ({ kind, state, detail, objects: countOf.get(kind) ?? 0 })),
    ...sizes,
  };
}

/** Kinds that there are or were flows of. */
function flowsByKind(agent: Agent): FlowKindView[] {
  const ended = agent.endedFlows();
  return agent.census().map(({ protocol, direction, count: active }, i) => {
    const { ended: over, failed } = ended[i]!;
    return { protocol, direction, active, ended: over, failed };
  }).filter(({ active, ended }) => active || ended);
}

function memoryView(agent: Agent): MemoryView {
  const { plan } = agent;
  return {
    resident_bytes: Deno.memoryUsage().rss,
    kernel_slots_bytes: plan.slotCount * SLOT_BYTES,
    kernel_ring_bytes: plan.ringBytes,
    kernel_cpus_bytes: plan.cpuCount * CPU_AREA_BYTES,
  };
}
