/** `weir support-bundle`, and `weir support bundle`. */
import { Command } from "commander";
import { configOptions } from "./config_options.ts";
import { parseWhole } from "./parse_option.ts";
import { socketOption } from "./socket.ts";
import type { SupportBundleOptions } from "./support/write_bundle.ts";
import { wantsVerb } from "./wants_verb.ts";

const FLOWS_MOST = 100_000;

export function supportBundleCommand(): Command {
  return bundle(new Command("support-bundle"));
}

export function supportCommand(): Command {
  return wantsVerb(new Command("support").description("see support-bundle").addCommand(bundle(new Command("bundle"))));
}

function bundle(command: Command): Command {
  command
    .description("collect in one file what tells how weir does here; with a running agent or without")
    .option("-o, --output <file>", "where it goes (default: weir-support-HOST-TIME.tar.gz); -: standard output")
    .option(
      "--flows <count>",
      "with so many of the agent's flows, which have addresses in them",
      parseWhole(1, FLOWS_MOST),
    )
    .option("--no-attach", "doctor puts nothing on hooks")
    .option("--network-namespace <path>", "of the interfaces, /proc/1/ns/net for the host's")
    .option("--json", "what is in it, as JSON")
    .addOption(socketOption())
    .action(async (options: SupportBundleOptions) => {
      const { writeBundle } = await import("./support/write_bundle.ts");
      await writeBundle(options);
    })
    .addHelpText(
      "after",
      `
In it: settings with secrets hidden, what doctor finds, facts of the kernel, BPF programs and maps by name; of a running
agent status, books, metrics, memory and the last lines of its log. No flows, unless they are asked for. Only its owner
may read the file.`,
    );
  for (const option of configOptions()) command.addOption(option);
  return command;
}
