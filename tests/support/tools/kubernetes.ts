/**
 * Kubernetes' own programs and its etcd, built from the Go module proxy. k8s.io/kubernetes is no module that others can
 * use as it is: it is built inside of a module with its requirements, where what it takes from its own tree is taken
 * from the modules that are published from there.
 */
import { builtTool } from "./built_tool.ts";
import { go, goBuild } from "./go.ts";

export const KUBERNETES_VERSION = "1.34.4";

const MODULE = "k8s.io/kubernetes";
const PUBLISHED_VERSION = KUBERNETES_VERSION.replace(/^1\./, "v0.");
const COMMANDS = `${MODULE}/cmd`;
/** In the module's requirements, because its tests embed it. Its program is called after the folder. */
const ETCD = "go.etcd.io/etcd/server/v3";
const VERSION_PACKAGES = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];

export interface ControlPlaneCommands {
  apiServer: string;
  etcd: string;
}

/** kube-apiserver and etcd: enough for whoever only lists and watches. About 4 min once. */
export async function controlPlaneCommands(): Promise<ControlPlaneCommands> {
  const folder = await kubernetesTool("kube-apiserver", [ETCD, `${COMMANDS}/kube-apiserver`]);
  return { apiServer: `${folder}/kube-apiserver`, etcd: `${folder}/server` };
}

/** What a cluster with nodes needs beside: paths by the program's name. */
export async function nodeCommands(): Promise<Record<typeof NODE_COMMANDS[number], string>> {
  const folder = await kubernetesTool("kube-node", NODE_COMMANDS.map((name) => `${COMMANDS}/${name}`));
  const paths = NODE_COMMANDS.map((name) => [name, `${folder}/${name}`]);
  return Object.fromEntries(paths) as Record<typeof NODE_COMMANDS[number], string>;
}

const NODE_COMMANDS = ["kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"] as const;

async function kubernetesTool(name: string, packages: readonly string[]): Promise<string> {
  const files = [new URL(import.meta.url)];
  return await builtTool({ name, version: KUBERNETES_VERSION, files, build: (folder) => build(folder, packages) });
}

async function build(folder: string, packages: readonly string[]): Promise<void> {
  const source = `${folder}/source`;
  Deno.mkdirSync(source);
  await writeModule(source);
  const major = KUBERNETES_VERSION.split(".");
  const values = { gitVersion: `v${KUBERNETES_VERSION}`, gitMajor: major[0], gitMinor: major[1] };
  const linkerFlags = VERSION_PACKAGES.flatMap((name) =>
    Object.entries(values).map(([variable, value]) => `-X ${name}.${variable}=${value}`)
  ).join(" ");
  await goBuild(source, folder, { packages, linkerFlags, tags: "grpcnotrace" });
  Deno.removeSync(source, { recursive: true });
}

/** go.mod and go.sum of a module that can build Kubernetes' commands. */
async function writeModule(source: string): Promise<void> {
  const module = `${MODULE}@v${KUBERNETES_VERSION}`;
  const { Dir } = JSON.parse(await go(["mod", "download", "-json", module], source));
  const requirements: string = Deno.readTextFileSync(`${Dir}/go.mod`)
    .replace(/^module .*/m, "module weir.test/kubernetes")
    .replace(/=> \.\/staging\/src\/(k8s\.io\/[a-z0-9-]+)/g, `=> $1 ${PUBLISHED_VERSION}`);
  Deno.writeTextFileSync(`${source}/go.mod`, requirements);
  Deno.writeTextFileSync(`${source}/go.sum`, Deno.readTextFileSync(`${Dir}/go.sum`));
  await go(["mod", "edit", "-require", module], source);
}
