/** `weir debug`: the inside of a running agent. */
import { Argument, Command, Option } from "commander";
import { EnvironmentError, plainReason } from "../errors.ts";
import { CONFIG_FORMATS, type ConfigFormat } from "../settings/mod.ts";
import { listing } from "./flows.ts";
import { packetTraceCommand } from "./packet_trace.ts";
import { parseWhole } from "./parse_option.ts";
import { askAgent, askAgentText, socketOption } from "./socket.ts";
import { wantsVerb } from "./wants_verb.ts";

const PROFILE_SECONDS_DEFAULT = 10;
const PROFILE_SECONDS_MOST = 60;

export function debugCommand(): Command {
  return wantsVerb(
    new Command("debug")
      .description("look into the running agent: packets, log, settings, memory, where its time goes")
      .addCommand(packetTraceCommand())
      .addCommand(traceCommand())
      .addCommand(listing(new Command("flows")))
      .addCommand(configCommand())
      .addCommand(logCommand())
      .addCommand(pprofCommand()),
  );
}

function traceCommand(): Command {
  return new Command("trace")
    .description("let the running agent log everything, or what its settings say again")
    .addArgument(new Argument("<on|off>").choices(["on", "off"]))
    .addOption(socketOption())
    .action(async (state: string, { socket }: { socket: string }) => {
      const method = state === "on" ? "PUT" : "DELETE";
      const { log_level: level } = await askAgent<{ log_level: string }>(socket, "/debug/trace", method);
      console.log(`the agent's log has level ${level} now`);
    });
}

function configCommand(): Command {
  return new Command("config")
    .description("show the settings that the running agent runs with; secrets are hidden")
    .option("--origin", "with where each value was said")
    .addOption(new Option("--format <format>", "of what is shown").choices(CONFIG_FORMATS).default("yaml"))
    .addOption(socketOption())
    .action(async ({ origin, format, socket }: { origin?: boolean; format: ConfigFormat; socket: string }) => {
      const text = await askAgentText(socket, `/debug/config?format=${format}${origin ? "&origin" : ""}`);
      console.log(text.trimEnd());
    });
}

function logCommand(): Command {
  return new Command("log")
    .description("show the last lines of the running agent's log, as far as it keeps them")
    .option("-n, --lines <count>", "how many at most", parseWhole(0))
    .addOption(socketOption())
    .action(async ({ lines, socket }: { lines?: number; socket: string }) => {
      const kept = (await askAgentText(socket, "/debug/log")).split("\n").slice(0, -1);
      for (const line of lines === undefined ? kept : kept.slice(Math.max(0, kept.length - lines))) console.log(line);
    });
}

interface PprofOptions {
  seconds: number;
  output?: string;
  socket: string;
}

function pprofCommand(): Command {
  return new Command("pprof")
    .description("show the running agent's memory, or where its main thread's time goes")
    .addArgument(
      new Argument("[what]", "heap: memory; profile: a V8 CPU profile, for Chrome's DevTools or speedscope")
        .choices(["heap", "profile"]).default("heap"),
    )
    .option(
      "--seconds <count>",
      "how long a profile takes",
      parseWhole(1, PROFILE_SECONDS_MOST),
      PROFILE_SECONDS_DEFAULT,
    )
    .option("-o, --output <file>", "where it goes, as weir.cpuprofile (default: standard output)")
    .addOption(socketOption())
    .action(async (what: string, { seconds, output, socket }: PprofOptions) => {
      const query = what === "profile" ? `?seconds=${seconds}` : "";
      const found = await askAgent(socket, `/debug/pprof/${what}${query}`);
      const text = what === "heap" ? JSON.stringify(found, null, 2) : JSON.stringify(found);
      if (output === undefined) console.log(text);
      else await write(output, `${text}\n`);
    });
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (cause) {
    throw new EnvironmentError(`Cannot write ${path}: ${plainReason(cause)}`, { cause });
  }
}
