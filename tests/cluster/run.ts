/**
 * Runs the cluster's tests, one file after the other, and says what each checked. Files are named without _test, so
 * that `deno task test` does not wait for an API server to be built.
 *
 *     deno task test:cluster [FILE …]
 *
 * Files: attribution, races, permissions, access, agent, bench; of the chart: manifests, deploy, counts, modes.
 */
import { controlPlaneCommands } from "../support/tools/kubernetes.ts";

const FOLDER = new URL(".", import.meta.url).pathname;
const NAMES = ["attribution", "races", "permissions", "access", "agent", "bench"];
const CHART = ["manifests", "deploy", "counts", "modes"];
const FILES = [...NAMES, ...CHART];

const wanted = Deno.args.length ? Deno.args : FILES;
const unknown = wanted.filter((file) => !FILES.includes(file));
if (unknown.length) {
  console.error(`test:cluster: there is no ${unknown.join(", ")}: files are ${FILES.join(", ")}`);
  Deno.exit(2);
}
await controlPlaneCommands();
const args = ["test", "-A", ...wanted.map((file) => `${FOLDER}${file}.ts`)];
const { code } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).spawn().status;
Deno.exit(code);
