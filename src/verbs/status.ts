/** `weir status`: how the running agent does. */
import { Command } from "commander";
import { sizeText } from "../export/mod.ts";
import type { InterfacesView, StatusView } from "../serve/mod.ts";
import { interfacesText } from "./interfaces_text.ts";
import { askAgent, socketOption } from "./socket.ts";
import { alignRows } from "./table.ts";

export function statusCommand(): Command {
  return new Command("status")
    .description("show how the running agent does: interfaces, table, exporters, memory")
    .option("--interfaces", "interface by interface: every program on its hooks, and what weir saw there")
    .option("--json", "as JSON")
    .addOption(socketOption())
    .action(showStatus);
}

async function showStatus(options: { interfaces?: boolean; json?: boolean; socket: string }): Promise<void> {
  if (options.interfaces) {
    const interfaces = await askAgent<InterfacesView>(options.socket, "/interfaces");
    console.log(options.json ? JSON.stringify(interfaces, null, 2) : interfacesText(interfaces));
    return;
  }
  const status = await askAgent<StatusView>(options.socket, "/status");
  console.log(options.json ? JSON.stringify(status, null, 2) : statusText(status));
}

function statusText(status: StatusView): string {
  const interfaces = status.interfaces.map(({ name, ifindex, kind, up, attached, problem, others }) => [
    name,
    `${ifindex}`,
    kind || "-",
    up ? "up" : "down",
    attached ?? "-",
    problem ?? others.map((o) => `${o.name} ${o.inFront ? "in front" : "behind"} on ${o.hook}`).join(", "),
  ]);
  const exporters = Object.entries(status.exporters).map(([name, { queued, exported, lost }]) => [
    name,
    `${exported}`,
    `${queued}`,
    Object.entries(lost).map(([reason, count]) => `${count} ${reason}`).join(", ") || "0",
  ]);
  const { table, memory, settings } = status;
  return [
    `weir ${status.version}, pid ${status.pid}, ${status.state} for ${status.uptime_seconds} s since ${status.started}`,
    "",
    alignRows([["interface", "index", "kind", "", "attached", ""], ...interfaces], new Set([1])),
    "",
    `flows: ${table.flows} of ${table.flowsMax}, ${table.aggregates} overflow aggregates, ${table.flowsCreated} begun`,
    `memory: ${sizeText(memory.resident_bytes)} resident; kernel maps beside it: slots ${
      sizeText(memory.kernel_slots_bytes)
    }, ring ${sizeText(memory.kernel_ring_bytes)}`,
    `settings: since ${settings.since}`,
    ...(settings.problem ? [`  not taken over: ${settings.problem}`] : []),
    ...(settings.wants_restart.length ? [`  a restart would change ${settings.wants_restart.join(", ")}`] : []),
    ...kubernetesLines(status.kubernetes),
    "",
    alignRows([["exporter", "exported", "queued", "lost"], ...exporters], new Set([1, 2])),
  ].join("\n");
}

function kubernetesLines(kubernetes: StatusView["kubernetes"]): string[] {
  if (!kubernetes) return [];
  const counts = kubernetes.kinds.filter(({ objects }) => objects > 0).map(({ kind, objects }) => `${objects} ${kind}`);
  return [
    `kubernetes: ${kubernetes.detail}, by ${kubernetes.by}`,
    ...(counts.length ? [`  ${counts.join(", ")}`] : []),
    ...kubernetes.kinds.filter(({ state }) => state === "forbidden" || state === "missing").map(({ kind, detail }) =>
      `  ${kind}: ${detail}`
    ),
  ];
}
