/** `weir stats flows`: how many flows there are and were, by kind. */
import { Command } from "commander";
import type { StatusView } from "../serve/mod.ts";
import { askAgent, socketOption } from "./socket.ts";
import { alignRows } from "./table.ts";
import { wantsVerb } from "./wants_verb.ts";

export function statsCommand(): Command {
  return wantsVerb(
    new Command("stats").description("show the running agent's figures").addCommand(flowStatsCommand()),
  );
}

function flowStatsCommand(): Command {
  return new Command("flows")
    .description("show how many flows there are, began, ended and failed, by protocol and direction")
    .option("--json", "as JSON")
    .addOption(socketOption())
    .action(async ({ json, socket }: { json?: boolean; socket: string }) => {
      const { table, flows } = await askAgent<StatusView>(socket, "/status");
      console.log(json ? JSON.stringify({ table, flows }, null, 2) : flowStatsText({ table, flows }));
    });
}

export function flowStatsText({ table, flows }: Pick<StatusView, "table" | "flows">): string {
  const rows = flows.map(({ protocol, direction, active, ended, failed }) => [
    protocol,
    direction,
    `${active}`,
    `${ended}`,
    `${failed}`,
  ]);
  return [
    `flows: ${table.flows} of ${table.flowsMax}, ${table.flowsCreated} begun`,
    `beyond: ${table.aggregates} overflow aggregates, which counted ${table.overflowed} times instead of a flow`,
    `records: ${table.records} handed out; ${table.outFull} times one had to wait because exporters were behind`,
    "",
    alignRows([["protocol", "direction", "active", "ended", "failed"], ...rows], new Set([2, 3, 4])),
  ].join("\n");
}
