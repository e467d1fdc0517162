/** A real node: containerd, kubelet and kube-proxy in namespaces of its own. When its first process ends, it is off. */
import { exists } from "../../host.ts";
import type { Namespace } from "../../network_lab.ts";
import { nodeCommands } from "../../tools/kubernetes.ts";
import { Child } from "../child.ts";
import type { NodeControlPlane } from "./node_control_plane.ts";
import { type NodePlace, writeNodeFiles, writePodNetwork } from "./node_files.ts";

const INIT = new URL("node_init.sh", import.meta.url).pathname;
const CGROUPS = "/sys/fs/cgroup";
const REMOVE_TRIES = 50;
const REMOVE_WAIT_MS = 200;
const SUBREAPED = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"];

export class ClusterNode {
  readonly place: NodePlace;
  readonly namespace: Namespace;
  readonly #plane: NodeControlPlane;
  #init: Child | undefined;

  constructor(place: NodePlace, namespace: Namespace, plane: NodeControlPlane) {
    this.place = place;
    this.namespace = namespace;
    this.#plane = plane;
  }

  get name(): string {
    return this.place.name;
  }

  /** Writes what it needs. One node after the other: they share who signs their certificates. */
  async prepare(): Promise<void> {
    await writeNodeFiles(this.place, this.#plane);
  }

  /** Boots it. images: archives that it has from the start. Returns when it is ready: its part of the pods' network. */
  async start(images: readonly string[]): Promise<string> {
    const { folder, name } = this.place;
    for (const path of cgroupPaths(this.place.cgroup)) makeCgroup(path);
    const { kubelet, "kube-proxy": proxy } = await nodeCommands();
    const args = [`--net=${this.namespace.path}`, "unshare", ...SUBREAPED, INIT, folder, kubelet, proxy, ...images];
    this.#init = new Child("nsenter", args, `${folder}/init.log`);
    const ask = (path: string) => this.#plane.kubectl("get", "node", name, "-o", `jsonpath={${path}}`);
    let subnet = "";
    await this.#until("it to register", async () => (subnet = await ask(".spec.podCIDR")) !== "");
    writePodNetwork(this.place, subnet);
    await this.#until(
      "it to be ready",
      async () => (await ask('.status.conditions[?(@.type=="Ready")].status')) === "True",
    );
    return subnet;
  }

  /** Power off: nothing gets to say goodbye. */
  async kill(): Promise<void> {
    await this.#init?.stop("SIGKILL");
    this.#init = undefined;
  }

  /** What one of its programs said last. */
  logTail(program: string, lines = 20): string {
    const path = `${this.place.folder}/${program}.log`;
    return exists(path) ? Deno.readTextFileSync(path).trimEnd().split("\n").slice(-lines).join("\n") : "";
  }

  /** Switches it off and takes its control groups away. */
  async remove(): Promise<void> {
    await this.kill();
    for (const path of cgroupPaths(this.place.cgroup)) await removeCgroup(path);
  }

  async #until(what: string, look: () => Promise<boolean>): Promise<void> {
    try {
      await this.#plane.until(`${this.name}: ${what}`, async () => {
        if (this.#init!.hasEnded) throw new Error("its first process ended");
        return await look();
      });
    } catch (error) {
      const logs = ["init", "containerd", "kubelet"].map((name) => `${name}: ${this.logTail(name)}`);
      throw new Error(`${(error as Error).message}\n${logs.join("\n")}`);
    }
  }
}

/** Takes away the control groups of test processes that were killed. */
export async function sweepCgroups(): Promise<void> {
  for (const base of cgroupPaths("")) {
    for (const { name } of Deno.readDirSync(base)) {
      const [, pid] = /^weirtest-(\d+)-/.exec(name) ?? [];
      if (pid && !exists(`/proc/${pid}`)) await removeCgroup(`${base}${name}`);
    }
  }
}

/** Version 1 has a tree for each controller, version 2 one for all. */
function cgroupPaths(name: string): string[] {
  const isVersion2 = exists(`${CGROUPS}/cgroup.controllers`);
  if (isVersion2) return [`${CGROUPS}/${name}`];
  return [...Deno.readDirSync(CGROUPS)].filter(({ isDirectory }) => isDirectory)
    .map((controller) => `${CGROUPS}/${controller.name}/${name}`);
}

function makeCgroup(path: string): void {
  Deno.mkdirSync(path, { recursive: true });
  // a set without CPUs takes no processes
  if (!path.includes("/cpuset/")) return;
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    Deno.writeTextFileSync(`${path}/${file}`, Deno.readTextFileSync(`${CGROUPS}/cpuset/${file}`));
  }
}

/** From the leaves on. Processes that were killed take a moment to be gone. */
async function removeCgroup(path: string): Promise<void> {
  for (let tries = 0; exists(path); tries++) {
    try {
      removeFolders(path);
    } catch (error) {
      if (tries >= REMOVE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, REMOVE_WAIT_MS));
    }
  }
}

function removeFolders(path: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(path)) if (isDirectory) removeFolders(`${path}/${name}`);
  Deno.removeSync(path);
}
