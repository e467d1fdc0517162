/**
 * Runs the cluster's tests and says what each checked: those of an API server one after the other, and beside them
 * those of real nodes, which wait most of their time. Files are named without _test, so that `deno task test` does not
 * wait for an API server to be built.
 *
 *     deno task test:cluster [FILE …]
 *
 * Files: attribution, races, permissions, access, agent, bench; of the chart: manifests, deploy, counts, modes.
 */
import { say } from "../support/host.ts";
import { controlPlaneCommands } from "../support/tools/kubernetes.ts";

const FOLDER = new URL(".", import.meta.url).pathname;
const OF_API_SERVER = ["attribution", "races", "permissions", "access", "agent", "bench", "manifests"];
const OF_NODES = ["deploy", "counts", "modes"];
const FILES = [...OF_API_SERVER, ...OF_NODES];

const wanted = Deno.args.length ? Deno.args : FILES;
const unknown = wanted.filter((file) => !FILES.includes(file));
if (unknown.length) {
  console.error(`test:cluster: there is no ${unknown.join(", ")}: files are ${FILES.join(", ")}`);
  Deno.exit(2);
}
await controlPlaneCommands();
const lanes = [OF_API_SERVER, OF_NODES].map((files) => files.filter((file) => wanted.includes(file)))
  .filter((files) => files.length > 0);
const codes = await Promise.all(lanes.map(runFiles));
Deno.exit(Math.max(...codes));

/** The first lane writes as it goes; what the others write comes when they have ended. */
async function runFiles(files: readonly string[], lane: number): Promise<number> {
  const args = ["test", "-A", ...files.map((file) => `${FOLDER}${file}.ts`)];
  if (lane === 0) {
    const status = new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).spawn().status;
    return (await status).code;
  }
  say(`${files.join(", ")}: at the same time, shown when they have ended`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  for (const text of [stdout, stderr]) await Deno.stdout.write(text);
  return code;
}
