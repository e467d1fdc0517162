/** `weir version` */
import { Command } from "commander";
import { VERSION } from "../version.ts";

export function versionCommand(): Command {
  return new Command("version")
    .description("show the version")
    .option("--json", "as JSON")
    .action((options: { json?: boolean }) => {
      const { deno, v8, typescript } = Deno.version;
      const facts = { version: VERSION, deno, v8, typescript, arch: Deno.build.arch };
      console.log(options.json ? JSON.stringify(facts) : `weir ${VERSION} (deno ${deno}, ${Deno.build.arch})`);
    });
}
