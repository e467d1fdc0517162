/** helm-unittest, which runs the suites of chart/tests. */
import { builtTool } from "./built_tool.ts";
import { go, goBuild } from "./go.ts";

const VERSION = "1.1.2";
const MODULE = "github.com/helm-unittest/helm-unittest";
/** The module replaces this one by a fork of its own, which counts only where it is the main module. */
const FORKED = "github.com/vmware-labs/yaml-jsonpath=github.com/helm-unittest/yaml-jsonpath@v0.4.0";

/** The program's path. About 2 min once. */
export async function helmUnittestCommand(): Promise<string> {
  const files = [new URL(import.meta.url)];
  const folder = await builtTool({ name: "helm-unittest", version: VERSION, files, build });
  return `${folder}/helm-unittest`;
}

async function build(folder: string): Promise<void> {
  const wrapper = Deno.makeTempDirSync({ prefix: "weir-helm-unittest-" });
  try {
    await go(["mod", "init", "wrapper"], wrapper);
    await go(["mod", "edit", `-replace=${FORKED}`], wrapper);
    await go(["get", `${MODULE}@v${VERSION}`], wrapper);
    await goBuild(wrapper, folder, { packages: [`${MODULE}/cmd/helm-unittest`] });
  } finally {
    Deno.removeSync(wrapper, { recursive: true });
  }
}
