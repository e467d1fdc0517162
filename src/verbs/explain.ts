/** `weir explain`: why a flow is what weir says. */
import { Command } from "commander";
import type { Explanation } from "../enrich/kubernetes/mod.ts";
import { parseFlowQuery } from "../flow_query.ts";
import type { ExplainedFlow, ExplainView } from "../serve/mod.ts";
import { askAgent, socketOption } from "./socket.ts";

export function explainCommand(): Command {
  return new Command("explain")
    .description("say why a flow is what it is: where it was seen, where it counts, whom its ends are named after")
    .argument("<flow...>", "a Community ID, or both ends and perhaps a protocol: 10.0.0.1:51000 10.0.0.2:443 tcp")
    .option("--json", "as JSON")
    .addOption(socketOption())
    .action(async (words: string[], { json = false, socket }: { json?: boolean; socket: string }) => {
      const question = words.join(" ");
      parseFlowQuery(question); // what is wrong with it is this command's user's affair
      const view = await askAgent<ExplainView>(socket, `/explain?flow=${encodeURIComponent(question)}`);
      console.log(json ? JSON.stringify(view, null, 2) : explainText(view));
      if (!view.flows.length) Deno.exitCode = 1;
    });
}

export function explainText({ flows, more, names }: ExplainView): string {
  if (!flows.length) {
    const none = "No such flow is held, and none was handed out lately.";
    return names ? `${none} If there were one now:\n${namesLines(names).join("\n")}` : none;
  }
  return [...flows.map(flowText), ...(more ? ["… and more"] : [])].join("\n\n");
}

function flowText({ is, span, seen_on, more_devices, counted, names }: ExplainedFlow): string {
  const { attributes } = span;
  const end = (side: string) => [attributes[`${side}.address`], attributes[`${side}.port`]].filter(Boolean).join(":");
  const seen = seen_on.length ? `${seen_on.join(", ")}${more_devices ? " and more" : ""}` : "devices that are gone";
  const directions = [["packets to the responder", counted.forward], ["packets back", counted.reverse]] as const;
  return [
    `${attributes["network.transport"]} ${end("source")} → ${end("destination")}, ${attributes["flow.community_id"]}`,
    `  ${is === "live" ? "held in the table" : "handed out"}; trace ${span.traceId}, span ${span.spanId}`,
    `  seen on ${seen}; the first one is where it came in`,
    ...directions.map(([what, isCounted]) =>
      `  ${what} ${isCounted ? "count here" : "do not count here: none came, or they count where they come in"}`
    ),
    ...(names ? namesLines(names) : ["  no names: flows are not named after Kubernetes here"]),
  ].join("\n");
}

function namesLines(names: Explanation): string[] {
  const ends = (["source", "destination"] as const).flatMap((side) => endLines(side, names[side]));
  const policies = (["ingress", "egress"] as const).flatMap((direction) => {
    const decision = names[direction];
    if (!decision) return [`  ${direction}: no network policy has a say`];
    const each = decision.policies.map(({ namespace, name, permits }) =>
      `    ${namespace}/${name} ${PERMITS[`${permits}`]}`
    );
    return [`  ${direction} policies: ${decision.verdict}`, ...each];
  });
  return [...ends, ...policies];
}

const PERMITS: Record<`${boolean | "unknown"}`, string> = {
  true: "permits it",
  false: "does not permit it",
  unknown: "may permit it: an end or the port is not known",
};

const UNNAMED: Record<string, string> = {
  outside: "nobody in the cluster has the address",
  unknown: "an address of the cluster that nobody is known to have",
  other_time: "who has the address had it at another time",
  other_port: "who has the address has it for other ports",
  ambiguous: "more than one has the address",
};

const VERDICTS: Record<string, string> = {
  named: "it is named",
  another_fits_better: "another one fits better",
  other_side: "its rule is about the other side",
  other_port: "its rule wants another port",
  filtered: "a selector leaves it out",
  other_time: "it had the address at another time",
};

function endLines(side: string, end: Explanation["source"]): string[] {
  const named = end.unnamed ? UNNAMED[end.unnamed] ?? end.unnamed : namesText(end.names);
  const candidates = end.candidates.map((candidate) => {
    const { kind, namespace, name, role, path, fromMs, toMs, verdict, fit } = candidate;
    const time = `since ${timeText(fromMs)}${toMs === undefined ? "" : ` until ${timeText(toMs)}`}`;
    const whose = namespace ? `${namespace}/${name}` : name;
    return `    ${kind} ${whose}: ${role} (${path}) ${time}; it ${fit}; ${VERDICTS[verdict] ?? verdict}`;
  });
  const owners = end.owners.map(({ kind, name, known, left }) =>
    `    owned by ${kind} ${name}${known ? "" : ", of which only the name is known"}${
      left ? `; not named: ${left}` : ""
    }`
  );
  return [`  ${side} ${end.address}${end.port ? `:${end.port}` : ""}: ${named}`, ...candidates, ...owners];
}

function namesText(names: Explanation["source"]["names"]): string {
  const pairs = Object.entries(names).filter(([name]) => name.endsWith(".name")).map(([name, value]) =>
    `${name}=${value}`
  );
  return pairs.join(" ") || "no names";
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
