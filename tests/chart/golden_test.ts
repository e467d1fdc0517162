/** The chart rendered for each scenario, compared with what was read and accepted: tests/chart/golden. */
import { equal } from "node:assert/strict";
import { renderText, SCENARIOS } from "../support/chart/render.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const IS_UPDATE = Boolean(Deno.env.get("WEIR_UPDATE_GOLDEN"));

/** Where a scenario's render lies. What is for kubectl is for everybody. */
function goldenPath(scenario: string): string {
  return scenario === "standalone" ? "packaging/kubernetes.yaml" : `tests/chart/golden/${scenario}.yaml`;
}

const scenarios = [...Deno.readDirSync(SCENARIOS)].map(({ name }) => name.replace(/\.yaml$/, "")).sort();

for (const scenario of scenarios) {
  Deno.test(`the chart renders ${scenario} as ${goldenPath(scenario)} has it`, async () => {
    const namespace = scenario === "standalone" ? "weir" : "default";
    const text = await renderText({ scenario, namespace });
    const path = ROOT + goldenPath(scenario);
    // the namespace comes before what is in it
    const rendered = scenario === "standalone" ? withNamespaceFirst(text) : text;
    if (IS_UPDATE) Deno.writeTextFileSync(path, rendered);
    equal(rendered, Deno.readTextFileSync(path), "WEIR_UPDATE_GOLDEN=1 accepts it");
  });
}

const STANDALONE_HEAD = `# weir without Helm, made from chart/ by tests/chart/golden_test.ts:
#
#     kubectl apply -f packaging/kubernetes.yaml
#
# The image and the receiver are to be changed to yours. Kubernetes 1.30 and later; before, appArmorProfile is to be
# taken out.
`;

function withNamespaceFirst(text: string): string {
  const documents = text.split(/^---\n/m).filter((document) => document.trim())
    .map((document) => document.replace(/^# Source: .*\n/gm, "").replaceAll("managed-by: Helm", "managed-by: kubectl"))
    .map((document) => document.replace(/^ +helm\.sh\/chart: .*\n/gm, ""));
  const isNamespace = (document: string) => /^kind: Namespace$/m.test(document);
  const sorted = [...documents.filter(isNamespace), ...documents.filter((document) => !isNamespace(document))];
  return STANDALONE_HEAD + sorted.map((document) => `---\n${document.trim()}\n`).join("");
}
