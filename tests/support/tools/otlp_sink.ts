/** The receiver that keeps nothing: tests/support/otlp_sink. */
import { builtTool } from "./built_tool.ts";
import { goBuild } from "./go.ts";

const SOURCE = new URL("../otlp_sink/", import.meta.url);
const FILES = ["main.go", "go.mod"].map((name) => new URL(name, SOURCE));

export interface OtlpSink extends AsyncDisposable {
  pid: number;
  url: URL;
}

/** namespace: where it listens; default: here. */
export async function openOtlpSink(namespace?: { path: string }): Promise<OtlpSink> {
  const folder = await builtTool({
    name: "otlp_sink",
    version: "1",
    files: FILES,
    build: (folder) => goBuild(SOURCE.pathname, folder),
  });
  const command = `${folder}/otlp_sink`;
  const child = namespace
    ? new Deno.Command("nsenter", { args: [`--net=${namespace.path}`, command], stdout: "piped" }).spawn()
    : new Deno.Command(command, { stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port } = await reader.read();
  return {
    pid: child.pid,
    url: new URL(`http://127.0.0.1:${port!.trim()}`),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}
