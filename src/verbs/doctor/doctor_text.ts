/** A diagnosis for people: a line for each thing looked at. */
import type { AttachTrialResult, Requirement } from "../../capture/mod.ts";
import { type Hook, HOOKS } from "../../flow.ts";
import { alignRows } from "../table.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Finding } from "./findings.ts";
import type { HookReport } from "./hooks.ts";

const MARKS: Record<Requirement["state"], string> = { ok: "ok", degraded: "less", missing: "MISSING", unknown: "?" };

export function doctorText(diagnosis: Diagnosis): string {
  const { requirements, receivers, cluster, interfaces, hooks, findings } = diagnosis;
  const lines = [...requirements, ...receivers, ...cluster];
  const rows = lines.map(({ name, state, found, remedy }) => [MARKS[state], name, found, remedy]);
  return [
    alignRows([["", "requirement", "found", "what to do"], ...rows]),
    ...trialLines(interfaces),
    ...hookLines(hooks),
    ...findingLines(findings),
  ].join("\n");
}

function trialLines(interfaces: AttachTrialResult[]): string[] {
  if (!interfaces.length) return [];
  return [
    "",
    "trial of attaching, with the real program and books of its own, taken off again:",
    trialTable(interfaces),
  ];
}

/** Places as 1/2: first of two programs. */
export function trialTable(interfaces: readonly AttachTrialResult[]): string {
  const rows = interfaces.map((tried) => [
    tried.interface,
    tried.kind || "-",
    tried.up ? "up" : "down",
    tried.mode,
    ...HOOKS.map((hook) => placeText(tried, hook)),
    tried.result,
    tried.problem,
  ]);
  return alignRows([["interface", "kind", "", "by", ...HOOKS, "result", ""], ...rows]);
}

function placeText({ hooks }: AttachTrialResult, hook: Hook): string {
  const place = hooks[hook];
  return place ? `${place.position}/${place.programs}` : "-";
}

/** The table, and how many of each result. */
export function trialSummary(interfaces: readonly AttachTrialResult[]): string {
  const count = (result: AttachTrialResult["result"]) => interfaces.filter((tried) => tried.result === result).length;
  const parts = [`${count("attached")} attached`, `${count("failed")} failed`];
  if (count("unreadable")) parts.push(`${count("unreadable")} that weir cannot read`);
  return `${trialTable(interfaces)}\n\n${interfaces.length} interfaces: ${parts.join(", ")}`;
}

function hookLines(hooks: HookReport[]): string[] {
  if (!hooks.length) return [];
  const rows = hooks.map(({ interface: name, hook, program, id, inFront }) => {
    const place = inFront === null ? "-" : inFront ? "in front" : "behind";
    return [name, hook, id ? `${program} (id ${id})` : program, place];
  });
  return [
    "",
    "other programs on the hooks:",
    alignRows([["interface", "hook", "program", "seen from weir"], ...rows]),
  ];
}

function findingLines(findings: Finding[] | undefined): string[] {
  if (findings === undefined) return ["", "no agent answers: what it misses is not known"];
  if (!findings.length) return ["", "the running agent sees what its devices count"];
  return [
    "",
    "the running agent sees other than its devices count:",
    alignRows([["interface", "", "cause"], ...findings.map((f) => [f.interface, f.difference, f.cause])]),
  ];
}
