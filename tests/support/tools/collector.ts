/** The OpenTelemetry Collector, with the parts that tests use. */
import { mustRun } from "../host.ts";
import { builtTool } from "./built_tool.ts";
import { goEnvironment, goInstall } from "./go.ts";

const VERSION = "0.161.0";
const MANIFEST = new URL("./collector.yaml", import.meta.url);

/** The program's path. */
export async function collectorCommand(): Promise<string> {
  const folder = await builtTool({ name: "otelcol", version: VERSION, files: [MANIFEST], build });
  return `${folder}/otelcol`;
}

async function build(folder: string): Promise<void> {
  const source = `${folder}/source`;
  Deno.mkdirSync(source);
  await goInstall([`go.opentelemetry.io/collector/cmd/builder@v${VERSION}`], source);
  Deno.copyFileSync(MANIFEST, `${source}/manifest.yaml`);
  await mustRun(`${source}/builder`, ["--config", "manifest.yaml", "--ldflags=-s -w"], source, await goEnvironment());
  Deno.renameSync(`${source}/otelcol`, `${folder}/otelcol`);
  Deno.removeSync(source, { recursive: true });
}
