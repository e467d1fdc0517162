/** `weir flows`, `weir flows dump`: the flows that the running agent holds. */
import { Command, InvalidArgumentError } from "commander";
import type { FlowSpan } from "../export/span.ts";
import { countText, durationText, sizeText } from "../export/mod.ts";
import { askAgent, socketOption } from "./socket.ts";
import { alignRows } from "./table.ts";

interface FlowsView {
  total: number;
  flows: FlowSpan[];
}

const LIMIT_DEFAULT = 100;
const LIMIT_MOST = 100_000;

interface FlowsOptions {
  limit: number;
  json?: boolean;
  socket: string;
}

export function flowsCommand(): Command {
  return listing(new Command("flows"))
    .addCommand(listing(new Command("dump")), { hidden: true });
}

/** Also `weir debug flows`. */
export function listing(command: Command): Command {
  return command
    .description("list the flows that the running agent holds, those with most bytes first")
    .option("-n, --limit <count>", "how many at most", parseLimit, LIMIT_DEFAULT)
    .option("--json", "as JSON, one span a line")
    .addOption(socketOption())
    .action(showFlows);
}

async function showFlows(options: FlowsOptions): Promise<void> {
  const { total, flows } = await askAgent<FlowsView>(options.socket, `/flows?limit=${LIMIT_MOST}`);
  flows.sort((a, b) => bytesOf(b) - bytesOf(a));
  const shown = flows.slice(0, options.limit);
  if (options.json) { for (const flow of shown) console.log(JSON.stringify(flow)); }
  else console.log(flowsText(shown, total));
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 0 && limit <= LIMIT_MOST) return limit;
  throw new InvalidArgumentError(`a whole number from 0 to ${LIMIT_MOST} is wanted`);
}

function number(flow: FlowSpan, name: string): number {
  return Number(flow.attributes[name] ?? 0);
}

function bytesOf(flow: FlowSpan): number {
  return number(flow, "flow.bytes.total") + number(flow, "flow.reverse.bytes.total");
}

function flowsText(flows: FlowSpan[], total: number): string {
  const rows = flows.map((flow) => {
    const { attributes } = flow;
    const endpoint = (side: string) => `${attributes[`${side}.address`]} ${attributes[`${side}.port`] ?? ""}`.trimEnd();
    const pair = (name: string, text: (value: number) => string) =>
      `${text(number(flow, `flow.${name}.total`))}/${text(number(flow, `flow.reverse.${name}.total`))}`;
    return [
      `${attributes["network.transport"]}`,
      endpoint("source"),
      endpoint("destination"),
      pair("packets", countText),
      pair("bytes", sizeText),
      durationText(Number(BigInt(flow.endTimeUnixNano) - BigInt(flow.startTimeUnixNano))),
      `${attributes["flow.connection.state"] ?? ""}`,
      `${attributes["network.interface.name"] ?? "-"}`,
      `${attributes["flow.community_id"] ?? "-"}`,
    ];
  });
  const header = ["proto", "source", "destination", "packets", "bytes", "lasted", "state", "interface", "community id"];
  const more = total > flows.length ? `\n… ${total - flows.length} more (--limit)` : "";
  return `${alignRows([header, ...rows], new Set([3, 4, 5]))}${more}`;
}
