/** What the chart renders, against a real API server: its published schemas, and a dry run of each object. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { ControlPlane } from "../support/cluster/control_plane.ts";
import type { ApiUser } from "../support/cluster/api_user.ts";
import { objectsOf, type Rendered } from "../support/chart/render.ts";
import { run } from "../support/host.ts";
import { kubeconformCommand } from "../support/tools/kubeconform.ts";
import { KUBERNETES_VERSION } from "../support/tools/kubernetes.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const GOLDEN = `${ROOT}tests/chart/golden`;
/** The Prometheus operator's, which a plain cluster does not serve. */
const FOREIGN_GROUP = "monitoring.coreos.com";

const FILES = [
  ...[...Deno.readDirSync(GOLDEN)].map(({ name }) => `${GOLDEN}/${name}`).sort(),
  `${ROOT}packaging/kubernetes.yaml`,
];

/** Writes the API server's schemas as kubeconform finds them: KIND-GROUP-VERSION.json, closed. */
async function writeSchemas(user: ApiUser, folder: string): Promise<void> {
  const { definitions } = await user.get("/openapi/v2");
  const text = JSON.stringify(definitions).replaceAll("#/definitions/", "definitions.json#/definitions/");
  const closed = JSON.parse(text, (_key, value) => {
    const isOpen = value?.type === "object" && value.properties && !value.additionalProperties;
    return isOpen ? { ...value, additionalProperties: false } : value;
  });
  // "Quantity" and the like are said to be texts, and may be numbers
  for (
    const name of ["io.k8s.apimachinery.pkg.api.resource.Quantity", "io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
  ) {
    closed[name] = { type: ["string", "integer", "number"] };
  }
  Deno.writeTextFileSync(`${folder}/definitions.json`, JSON.stringify({ definitions: closed }));
  for (const [name, schema] of Object.entries<Rendered>(closed)) {
    for (const { group, kind, version } of schema["x-kubernetes-group-version-kind"] ?? []) {
      const file = [kind, group.split(".")[0], version].filter(Boolean).join("-").toLowerCase();
      Deno.writeTextFileSync(
        `${folder}/${file}.json`,
        JSON.stringify({ $ref: `definitions.json#/definitions/${name}` }),
      );
    }
  }
}

async function dryRun(user: ApiUser, object: Rendered): Promise<void> {
  const [group, version] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", object.apiVersion];
  const base = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const { resources } = await user.get(base);
  const resource = resources.find((one: Rendered) => one.kind === object.kind && !one.name.includes("/"));
  const place = resource.namespaced ? `${base}/namespaces/${object.metadata.namespace}` : base;
  await user.create(`${place}/${resource.name}?dryRun=All&fieldValidation=Strict`, object);
}

Deno.test("every object that the chart renders is one to the API server", async (t) => {
  await using plane = await ControlPlane.start(["--allow-privileged=true"]);
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-schemas-" });
  try {
    await writeSchemas(plane.admin, folder);
    await plane.admin.create("/api/v1/namespaces", { metadata: { name: "weir" } });
    const kubeconform = await kubeconformCommand();
    const location = `${folder}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
    for (const path of FILES) {
      const name = path.split("/").pop()!;
      await t.step(`${name}, to kubeconform`, async () => {
        const skipped = ["-skip", "PodMonitor,ServiceMonitor,PrometheusRule"];
        const args = ["-strict", "-summary", "-output", "json", "-schema-location", location, ...skipped];
        const { text } = await run(kubeconform, [...args, "-kubernetes-version", KUBERNETES_VERSION, path]);
        const { resources, summary } = JSON.parse(text);
        deepEqual(resources, []);
        ok(summary.valid >= 3, text);
      });
      await t.step(`${name}, by a dry run`, async () => {
        const objects = objectsOf(Deno.readTextFileSync(path));
        const ours = objects.filter(({ apiVersion }) => !apiVersion.startsWith(FOREIGN_GROUP));
        for (const object of ours.filter(({ kind }) => kind !== "Namespace")) await dryRun(plane.admin, object);
      });
    }
    await t.step("a slip of the pen is one to both", async () => {
      const [object] = objectsOf(Deno.readTextFileSync(FILES[0]!)).filter(({ kind }) => kind === "DaemonSet");
      object!.spec.template.spec.hostPid = true;
      const path = `${folder}/slip.yaml`;
      Deno.writeTextFileSync(path, JSON.stringify(object));
      equal((await run(kubeconform, ["-strict", "-schema-location", location, path])).ok, false);
      const refused = await dryRun(plane.admin, object!).catch(String);
      ok(refused?.includes('unknown field "spec.template.spec.hostPid"'), refused ?? "it is taken");
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
