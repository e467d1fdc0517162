/** `weir replay`. */
import { Command } from "commander";
import { FLOWS_MAX_MOST } from "../limits.ts";
import { configOptions } from "./config_options.ts";
import { logOptions } from "./log_options.ts";
import { outputOption } from "./output_option.ts";
import { parseWhole } from "./parse_option.ts";
import type { ReplayFileOptions } from "./replay_file.ts";

export function replayCommand(): Command {
  const command = new Command("replay")
    .description("hand out the flows of a capture file (pcap, pcapng), with its times")
    .argument("<file>", "the capture; - for standard input")
    .addOption(outputOption())
    .option(
      "--flows-max <count>",
      "flows held at once; beyond, new ones are counted in aggregates",
      parseWhole(1, FLOWS_MAX_MOST),
    )
    .option("--books <file>", "write the final books to a file, as JSON")
    .action(async (file: string, options: ReplayFileOptions) => {
      const { replayFile } = await import("./replay_file.ts");
      Deno.exitCode = await replayFile(file, options);
    });
  for (const option of [...logOptions(), ...configOptions()]) command.addOption(option);
  return command.addHelpText(
    "after",
    `
Link types: Ethernet, raw IP, Linux cooked (v1, v2), BSD loopback. Frames that the recording host sent, where the file
says so, count as egress, all others as ingress; each counts once. Bytes are those of the frame on its device.
Exit code: 1 when the file is damaged; what was readable before that is handed out.`,
  );
}
