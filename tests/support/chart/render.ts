/** The chart as Helm renders it, and refuses to. */
import { parseAllDocuments } from "yaml";
import { mustRun, run } from "../host.ts";
import { helmCommand } from "../tools/helm.ts";
import { KUBERNETES_VERSION } from "../tools/kubernetes.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
export const CHART = `${ROOT}chart`;
export const SCENARIOS = `${ROOT}tests/chart/scenarios`;

// deno-lint-ignore no-explicit-any
export type Rendered = Record<string, any>;

export interface RenderOptions {
  /** A scenario's name; default: none, the values are the chart's own. */
  scenario?: string;
  /** Further arguments of Helm. */
  args?: readonly string[];
  release?: string;
  namespace?: string;
  kubeVersion?: string;
}

export async function renderText(options: RenderOptions = {}): Promise<string> {
  return await mustRun(await helmCommand(), templateArgs(options));
}

/** Objects of a render. */
export async function render(options: RenderOptions = {}): Promise<Rendered[]> {
  return objectsOf(await renderText(options));
}

export function objectsOf(text: string): Rendered[] {
  return parseAllDocuments(text).map((document) => document.toJSON()).filter((object) => object !== null);
}

/** Why Helm does not render. Throws when it does. */
export async function refusal(options: RenderOptions): Promise<string> {
  const { ok, errors } = await run(await helmCommand(), templateArgs(options));
  if (ok) throw new Error(`Helm renders it: ${options.args?.join(" ")}`);
  return errors;
}

export function find(objects: readonly Rendered[], kind: string, name = "weir"): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}: ${objects.map(({ kind }) => kind).join(", ")}`);
  return found;
}

function templateArgs(options: RenderOptions): string[] {
  const { scenario, args = [], release = "weir", namespace = "default", kubeVersion = KUBERNETES_VERSION } = options;
  const values = scenario ? ["--values", `${SCENARIOS}/${scenario}.yaml`] : [];
  return ["template", release, CHART, "--namespace", namespace, "--kube-version", kubeVersion, ...values, ...args];
}
