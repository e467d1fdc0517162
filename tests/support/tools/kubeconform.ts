/** kubeconform, which compares manifests with Kubernetes' schemas. */
import { builtTool } from "./built_tool.ts";
import { goInstall } from "./go.ts";

const VERSION = "0.8.0";

/** The program's path. */
export async function kubeconformCommand(): Promise<string> {
  const files = [new URL(import.meta.url)];
  const folder = await builtTool({ name: "kubeconform", version: VERSION, files, build });
  return `${folder}/kubeconform`;
}

async function build(folder: string): Promise<void> {
  await goInstall([`github.com/yannh/kubeconform/cmd/kubeconform@v${VERSION}`], folder);
}
