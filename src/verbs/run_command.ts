/** `weir run`. */
import { Command, Option } from "commander";
import { FLOWS_MAX_MOST } from "../limits.ts";
import { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT } from "../settings/ports.ts";
import { configOptions } from "./config_options.ts";
import { logOptions } from "./log_options.ts";
import { addOtlpOptions } from "./otlp_options.ts";
import { outputOption } from "./output_option.ts";
import { collect, parseDuration, parsePort, parseWhole } from "./parse_option.ts";
import type { RunOptions } from "./run.ts";
import { SOCKET_DEFAULT } from "./socket.ts";

const TC_PRIORITY_MOST = 32_767;

export function runCommand(): Command {
  const command = new Command("run")
    .description("watch this machine's traffic and hand out its flows (default)")
    .addOption(
      new Option(
        "-i, --interface <pattern>",
        "devices to watch: a name, glob or /regex/; !pattern excludes; repeatable (default: all that are up)",
      ).argParser(collect),
    )
    .addOption(outputOption())
    .option("--duration <time>", "stop after so long: 10s, 5m, 1h30m", parseDuration)
    .option("--books <file>", "write the final books to a file, as JSON")
    .option("--socket <path>", "where other weir commands reach this agent", SOCKET_DEFAULT)
    .option("--health-port <port>", `health endpoints' port (default: ${HEALTH_PORT_DEFAULT})`, parsePort)
    .option("--metrics-port <port>", `Prometheus metrics' port (default: ${METRICS_PORT_DEFAULT})`, parsePort)
    .option("--listen <address>", "address for both ports (default: 0.0.0.0)")
    .addOption(
      new Option("--attach <how>", "kind of hook (default: auto, tcx where the kernel has it)")
        .choices(["auto", "tcx", "tc"]),
    )
    .addOption(
      new Option("--tcx-order <place>", "before or behind other programs (default: first)").choices(["first", "last"]),
    )
    .option(
      "--tc-priority <number>",
      "the filter's priority, where the hook is tc (default: 1)",
      parseWhole(1, TC_PRIORITY_MOST),
    )
    .option("--network-namespace <path>", "watch another network namespace, /proc/1/ns/net for the host's")
    .option(
      "--flows-max <count>",
      "flows held at once; beyond, new ones are counted in aggregates",
      parseWhole(1, FLOWS_MAX_MOST),
    )
    .option("--debug", "log more: --log-level debug")
    .option("--auto-reload", "take a change of the configuration file at once")
    .option("--worker-threads <count>", "taken for compatibility, without effect", parseWhole(1))
    .action(async (options: RunOptions) => {
      const { run } = await import("./run.ts");
      Deno.exitCode = await run({ ...options, receivers });
    });
  const receivers = addOtlpOptions(command);
  for (const option of [...logOptions(), ...configOptions()]) command.addOption(option);
  return command;
}
