/** Helm, which the chart is rendered, checked and installed with. */
import { builtTool } from "./built_tool.ts";
import { goInstall } from "./go.ts";

const VERSION = "3.22.0";

/** The program's path. About 4 min once. */
export async function helmCommand(): Promise<string> {
  const files = [new URL(import.meta.url)];
  const folder = await builtTool({ name: "helm", version: VERSION, files, build });
  return `${folder}/helm`;
}

async function build(folder: string): Promise<void> {
  await goInstall([`helm.sh/helm/v3/cmd/helm@v${VERSION}`], folder);
}
