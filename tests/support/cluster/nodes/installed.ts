/** weir in a cluster of real nodes, as the chart's page installs it and asks how it does. */
import { match } from "node:assert/strict";
import type { Json } from "../api_user.ts";
import { CHART } from "../../chart/render.ts";
import { CONTROL_PLANE_ADDRESS } from "./addresses.ts";
import type { NodeCluster } from "./node_cluster.ts";

const PAGE = new URL("../../configurations/cluster.hcl", import.meta.url);
const SELECTOR = "app.kubernetes.io/name=weir";

/** Arguments of Helm that name the image of the tests. */
export const IMAGE_VALUES = [
  "--set",
  "image.repository=localhost/weir-test/weir,image.tag=0.1.0,image.pullPolicy=Never",
];

/** Writes a configuration for --set-file: the page's, whose receiver is in the control plane's namespace. */
export function writeConfig({ folder }: NodeCluster, change = (text: string) => text): string {
  const text = Deno.readTextFileSync(PAGE).replace("otel-collector:4317", `${CONTROL_PLANE_ADDRESS}:4317`);
  const path = Deno.makeTempFileSync({ dir: folder, suffix: ".hcl" });
  Deno.writeTextFileSync(path, change(text));
  return path;
}

/** Helm's arguments as the chart's page has them. */
export function helmArgs(verb: "install" | "upgrade", config: string, ...more: string[]): string[] {
  const file = ["--set-file", `config.content=${config}`];
  return [verb, "weir", CHART, ...IMAGE_VALUES, ...file, "--wait", "--timeout", "2m", ...more];
}

/** Waits until every node has the agent that is wanted: Helm is content when one is missing. */
export async function rolledOut(cluster: NodeCluster, namespace = "default"): Promise<void> {
  await cluster.kubectl("rollout", "status", "-n", namespace, "daemonset/weir", "--timeout=90s");
}

export async function agentPods(cluster: NodeCluster, namespace = "default"): Promise<Json[]> {
  const pods = await cluster.list("pods", "-n", namespace, "-l", SELECTOR);
  return pods.filter(({ metadata }) => !metadata.deletionTimestamp);
}

export async function wget(cluster: NodeCluster, { metadata }: Json, path: string, port = 8080): Promise<string> {
  const command = ["wget", "-q", "-O-", `http://localhost:${port}/${path}`];
  return (await cluster.kubectl("exec", "-n", metadata.namespace, metadata.name, "--", ...command)).trim();
}

/** Lets Helm replace or remove the agents that there are: each must stop with its books closed. */
export async function replaceAgents(cluster: NodeCluster, ...helm: string[]): Promise<void> {
  const logs = (await agentPods(cluster)).map(({ metadata }) => cluster.kubectl("logs", metadata.name, "--follow"));
  await cluster.helm(...helm);
  if (helm[0] !== "uninstall") await rolledOut(cluster);
  for (const log of await Promise.all(logs)) match(log, /Stopped: .*books closed/);
}

/** What agents said last, for who looks into a failure. */
export async function troubles(cluster: NodeCluster): Promise<string> {
  const said = await cluster.kubectl("get", "events,pods", "-A").catch(String);
  const logs = await cluster.kubectl("logs", "-l", SELECTOR, "--tail=20", "--prefix").catch(String);
  return `${said}\n${logs}`;
}
