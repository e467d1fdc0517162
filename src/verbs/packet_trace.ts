/** `weir debug packet-trace`: one line for each packet that a running agent meets, while it is asked for. */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import {
  PORT_MOST,
  TRACE_DURATION_DEFAULT_MS,
  TRACE_DURATION_MOST_MS,
  TRACE_PACKETS_DEFAULT,
  TRACE_PACKETS_MOST,
  TRACE_PER_SECOND_DEFAULT,
  TRACE_PER_SECOND_MOST,
} from "../limits.ts";
import { collect, parseDuration, parseWhole } from "./parse_option.ts";
import { askAgent, socketOption } from "./socket.ts";

const MS_PER_S = 1_000;

export interface PacketTraceOptions {
  interface?: string[];
  protocol?: string;
  address?: string;
  port?: number;
  count?: number;
  duration?: number;
  rate?: number;
  json?: boolean;
  socket: string;
}

export function packetTraceCommand(): Command {
  return new Command("packet-trace")
    .description("show packets as the running agent meets them: one line each, bounded in number, time and rate")
    .addArgument(new Argument("[on|off]", "off: end the trace that goes on").choices(["on", "off"]).default("on"))
    .addOption(
      new Option("-i, --interface <pattern>", "of the watched interfaces; repeatable (default: all)").argParser(
        collect,
      ),
    )
    .option("--protocol <name>", "tcp, udp, icmp, icmpv6, sctp … or a number")
    .option("--address <prefix>", "either end's, as 10.0.0.1, 10.0.0.0/8 or fd00::/8")
    .option("--port <number>", "either end's", parseWhole(1, PORT_MOST))
    .option(
      "-n, --count <packets>",
      `end after so many (default: ${TRACE_PACKETS_DEFAULT})`,
      parseWhole(1, TRACE_PACKETS_MOST),
    )
    .option(
      "--duration <time>",
      `end after so long (default: ${TRACE_DURATION_DEFAULT_MS / MS_PER_S}s)`,
      parseTraceDuration,
    )
    .option(
      "--rate <packets>",
      `show so many a second at most (default: ${TRACE_PER_SECOND_DEFAULT})`,
      parseWhole(1, TRACE_PER_SECOND_MOST),
    )
    .option("--json", "as JSON, one line a packet")
    .addOption(socketOption())
    .action(packetTrace)
    .addHelpText(
      "after",
      `
A program of its own is put right in front of weir's on each hook, and taken off again: packets go on as before, and
flows lose nothing. What is not shown, for the rate or because it was read too slowly, is counted and said at the end.
Devices that come while a trace goes on are not in it.`,
    );
}

function parseTraceDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms <= TRACE_DURATION_MOST_MS) return ms;
  throw new InvalidArgumentError(`at most ${TRACE_DURATION_MOST_MS / MS_PER_S}s are possible`);
}

async function packetTrace(state: string, options: PacketTraceOptions): Promise<void> {
  if (state === "off") {
    const { ended } = await askAgent<{ ended: boolean }>(options.socket, "/debug/packet-trace", "DELETE");
    console.log(ended ? "the trace that went on is ended" : "no trace went on");
    return;
  }
  const { showPackets } = await import("./show_packets.ts");
  await showPackets(options);
}
