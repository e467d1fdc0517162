/** What the chart makes of values, and which it refuses. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chartValues } from "../../docs/chart_values.ts";
import { KINDS } from "../../src/enrich/kubernetes/kinds.ts";
import { KINDS_DEFAULT } from "../../src/enrich/kubernetes/options.ts";
import { VERSION } from "../../src/version.ts";
import { CHART, find, objectsOf, refusal, render, type Rendered, renderText } from "../support/chart/render.ts";
import { mustRun } from "../support/host.ts";
import { helmCommand } from "../support/tools/helm.ts";

const CAPABILITIES_HOST_NAMESPACE = ["BPF", "NET_ADMIN", "PERFMON", "SYS_ADMIN", "SYS_PTRACE"];

function podOf(objects: Rendered[], name = "weir"): Rendered {
  return find(objects, "DaemonSet", name).spec.template.spec;
}

function containerOf(objects: Rendered[], name?: string): Rendered {
  return podOf(objects, name).containers[0];
}

function variable(objects: Rendered[], name: string): string | undefined {
  return containerOf(objects).env.find((entry: Rendered) => entry.name === name)?.value;
}

function kindsOfRole(objects: Rendered[]): string[] {
  const rules: Rendered[] = find(objects, "ClusterRole").rules;
  return rules.flatMap(({ apiGroups: [group], resources, verbs }) => {
    deepEqual(verbs, ["list", "watch"]);
    return resources.map((resource: string) => {
      const kind = KINDS.find((kind) => kind.group === group && kind.resource === resource);
      return kind?.name ?? `${group}/${resource}`;
    });
  }).sort();
}

Deno.test("helm lint has nothing against the chart", async () => {
  match(await mustRun(await helmCommand(), ["lint", "--strict", CHART]), /0 chart\(s\) failed/);
});

Deno.test("the chart installs this version", async () => {
  equal(containerOf(await render()).image, `weir:${VERSION}`);
  const digest = `sha256:${"0f".repeat(32)}`;
  const args = ["--set", `image.repository=example.org/weir,image.tag=v9,image.digest=${digest}`];
  equal(containerOf(await render({ args })).image, `example.org/weir@${digest}`);
});

Deno.test("the container is not privileged and has no capability that its mode does not need", async () => {
  const inPod = await render();
  const { privileged, capabilities, readOnlyRootFilesystem, seccompProfile } = containerOf(inPod).securityContext;
  deepEqual([privileged, readOnlyRootFilesystem, seccompProfile.type], [false, true, "RuntimeDefault"]);
  deepEqual(capabilities, { add: CAPABILITIES_HOST_NAMESPACE, drop: ["ALL"] });
  equal(podOf(inPod).hostPID, true);
  equal(variable(inPod, "WEIR_DISCOVERY_INSTRUMENT_NETWORK_NAMESPACE"), "/proc/1/ns/net");
  const inHost = await render({ args: ["--set", "hostNetwork=true"] });
  deepEqual(containerOf(inHost).securityContext.capabilities.add, ["BPF", "NET_ADMIN", "PERFMON"]);
  deepEqual([podOf(inHost).hostPID, podOf(inHost).hostNetwork], [false, true]);
  equal(containerOf(inHost).securityContext.allowPrivilegeEscalation, false);
  equal(variable(inHost, "WEIR_DISCOVERY_INSTRUMENT_NETWORK_NAMESPACE"), undefined);
});

Deno.test("AppArmor's profile is a field, or an annotation before Kubernetes 1.30", async () => {
  equal(containerOf(await render()).securityContext.appArmorProfile.type, "Unconfined");
  const old = await render({ kubeVersion: "1.29.3" });
  equal(containerOf(old).securityContext.appArmorProfile, undefined);
  const { annotations } = find(old, "DaemonSet").spec.template.metadata;
  equal(annotations["container.apparmor.security.beta.kubernetes.io/weir"], "unconfined");
  const ours = await render({ args: ["--set", "appArmorProfile=localhost/weir"] });
  const { appArmorProfile } = containerOf(ours).securityContext;
  deepEqual(appArmorProfile, { type: "Localhost", localhostProfile: "weir" });
  const inHost = containerOf(await render({ args: ["--set", "hostNetwork=true"] }));
  equal(inHost.securityContext.appArmorProfile, undefined);
});

Deno.test("ports are those that probes, Service and agent agree about, and clash with no kubelet", async () => {
  const modes = [
    { args: [], health: 8080, metrics: 10_250 },
    { args: ["--set", "hostNetwork=true"], health: 18_080, metrics: 18_081 },
    { args: ["--set", "ports.health=1009,ports.metrics=1013"], health: 1009, metrics: 1013 },
  ];
  for (const { args, health, metrics } of modes) {
    const objects = await render({ args });
    const { ports } = containerOf(objects);
    deepEqual(ports.map(({ containerPort }: Rendered) => containerPort), [health, metrics]);
    equal(variable(objects, "WEIR_INTERNAL_SERVER_PORT"), `${health}`);
    equal(variable(objects, "WEIR_INTERNAL_METRICS_PORT"), `${metrics}`);
    equal(find(objects, "Service").spec.ports[0].port, metrics);
  }
});

Deno.test("the role has the kinds that the agent watches, no more", async () => {
  deepEqual(kindsOfRole(await render()), [...KINDS_DEFAULT].sort());
  deepEqual(kindsOfRole(await render({ scenario: "minimal-rbac" })), [
    "Endpoints",
    "Namespace",
    "Node",
    "Pod",
    "Service",
  ]);
  const all = KINDS.map(({ name }) => name).sort();
  deepEqual(kindsOfRole(await render({ args: ["--set", `rbac.kinds={${all}}`] })), all, "every kind has its place");
  deepEqual(kindsOfRole(await render({ args: ["--set", "rbac.kinds={Pod}"] })), ["Pod"]);
});

Deno.test("there is no role where no names are wanted", async () => {
  const none = await render({ args: ["--set", "config.values.discovery.informer.k8s.enabled=false"] });
  ok(!none.some(({ kind }) => kind.startsWith("ClusterRole")));
  const some = await render({
    args: ["--set-json", 'nodeOverrides=[{"name":"a","label":{"key":"k","value":"v"},"config":{"content":"x"}}]'],
  });
  deepEqual(kindsOfRole(some), [...KINDS_DEFAULT].sort());
});

Deno.test("the role knows what a text selects, as far as a chart can read it", async () => {
  const hcl = 'discovery "informer" "k8s" { selectors = [{ kind = "Endpoint" }] }';
  ok(
    kindsOfRole(await render({ args: ["--set-json", `config.content=${JSON.stringify(hcl)}`] })).includes("Endpoints"),
  );
  const yaml = "discovery: { informer: { k8s: { selectors: [{ kind: Ingress, include: false }] } } }";
  const args = ["--set-json", `config.content=${JSON.stringify(yaml)}`, "--set", "config.format=yaml"];
  ok(!kindsOfRole(await render({ args })).includes("Ingress"));
});

Deno.test("what there is already is used: a service account, a role", async () => {
  const args = ["--set", "serviceAccount.create=false,serviceAccount.name=own,rbac.existingClusterRoleName=reader"];
  const objects = await render({ args });
  equal(podOf(objects).serviceAccountName, "own");
  ok(!objects.some(({ kind }) => kind === "ServiceAccount" || kind === "ClusterRole"));
  // a binding's role cannot change: with another role, it is another binding
  const { roleRef, subjects } = find(objects, "ClusterRoleBinding", "weir-reader");
  deepEqual([roleRef.name, subjects[0].name], ["reader", "own"]);
});

Deno.test("a text goes into the file that its format is told by, and is checked before", async () => {
  for (const format of ["hcl", "yaml", "json"]) {
    const objects = await render({ args: ["--set", `config.content=  x,config.format=${format}`] });
    deepEqual(find(objects, "ConfigMap", "weir-config").data, { [`config.${format}`]: "  x\n" });
    deepEqual(containerOf(objects).args, ["run"]);
    equal(variable(objects, "WEIR_CONFIG_PATH"), `/etc/weir/config.${format}`, "exec'd commands read it, too");
    const job = find(objects, "Job", "weir-validate");
    equal(job.metadata.annotations["helm.sh/hook"], "pre-install,pre-upgrade");
    const [check] = job.spec.template.spec.containers;
    deepEqual(check.args, ["config", "validate", `/etc/weir/config.${format}`]);
    const [, ...agents] = containerOf(objects).env;
    deepEqual(check.env, agents, "a configuration reads the same variables there");
    deepEqual(find(objects, "ConfigMap", "weir-validate").data, { [`config.${format}`]: "  x\n" });
  }
  const unchecked = await renderText({ args: ["--set", "config.content=x,config.validate=false"] });
  ok(!unchecked.includes("validate"));
});

Deno.test("pods are replaced when their configuration changes, unless that is turned off", async () => {
  const digestOf = async (content: string, more = "") => {
    const objects = await render({ args: ["--set", `config.content=${content}${more}`] });
    return find(objects, "DaemonSet").spec.template.metadata.annotations["weir/config-digest"];
  };
  equal(await digestOf("a"), await digestOf("a"));
  ok(await digestOf("a") !== await digestOf("b"));
  equal(await digestOf("a", ",config.restartOnConfigChange=false"), undefined);
});

Deno.test("nodes that are different have one agent each, with what is theirs", async () => {
  const objects = await render({ scenario: "node-overrides" });
  const terms = (name: string) =>
    podOf(objects, name).affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
  const words = (name: string) =>
    terms(name)[0].matchExpressions.map(({ key, operator }: Rendered) => `${key} ${operator}`);
  const worker = "node-role.kubernetes.io/worker In";
  deepEqual(words("weir"), [worker, "role NotIn", "pool NotIn"]);
  deepEqual(words("weir-edge"), [worker]);
  deepEqual(words("weir-batch"), [worker, "role NotIn"], "a node with both labels has one agent");
  deepEqual(podOf(objects, "weir-edge").nodeSelector, { "kubernetes.io/os": "linux", role: "edge" });
  deepEqual(containerOf(objects, "weir-edge").resources, { limits: { memory: "1Gi" } });
  equal(find(objects, "ConfigMap", "weir-edge-config").data["config.hcl"], 'log_level = "debug"\n');
  equal(find(objects, "ConfigMap", "weir-batch-config").data["config.hcl"], 'log_level = "info"\n');
});

Deno.test("an override takes from everybody's what it leaves out, and its names stay names", async () => {
  const label = { key: "pool", value: "p" };
  const long = `control-plane-${"x".repeat(60)}`;
  const overrides = [
    { name: "same", label, config: { format: "hcl" } },
    { name: "own", label, config: { content: "log_level: debug" } },
    { name: `${long}-1`, label },
    { name: `${long}-2`, label },
  ];
  const args = ["--set-json", `nodeOverrides=${JSON.stringify(overrides)}`];
  const objects = await render({ args: [...args, "--set", "config.format=yaml,config.content=log_level: warn"] });
  deepEqual(find(objects, "ConfigMap", "weir-same-config").data, { "config.yaml": "log_level: warn\n" });
  deepEqual(find(objects, "ConfigMap", "weir-own-config").data, { "config.yaml": "log_level: debug\n" });
  const names = objects.filter(({ kind }) => kind === "Job").map(({ metadata }) => metadata.name);
  equal(new Set(names).size, 5);
  for (const name of names) ok(name.length <= 63, name);
  const twice = `nodeOverrides=${JSON.stringify([{ name: "a", label }, { name: "a", label }])}`;
  match(await refusal({ args: ["--set-json", twice] }), /nodeOverrides: a is there twice/);
});

Deno.test("labels and annotations of users stand beside the chart's, which have the last word", async () => {
  const labels = { "app.kubernetes.io/instance": "x", app: "y", team: "net" };
  const podAnnotations = { "kubectl.kubernetes.io/default-container": "x", team: "net" };
  const sets = { commonLabels: labels, podLabels: labels, podAnnotations, podMonitor: { enabled: true, labels } };
  const args = Object.entries(sets).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
  const text = await renderText({ args });
  // a YAML document that has a key twice is refused by this reader
  const objects = objectsOf(text);
  for (const { kind, metadata } of objects) {
    equal(metadata.labels["app.kubernetes.io/instance"], "weir", kind);
    equal(metadata.labels.team, "net", kind);
  }
  const { metadata } = find(objects, "DaemonSet").spec.template;
  deepEqual([metadata.labels.app, metadata.labels.team], ["weir", "net"]);
  deepEqual(metadata.annotations.team, "net");
  equal(metadata.annotations["kubectl.kubernetes.io/default-container"], "weir");
});

Deno.test("health is served where the kubelet asks, whatever a configuration says", async () => {
  const values = { internal: { server: { enabled: false, listen_address: "127.0.0.1" } } };
  const objects = await render({ args: ["--set-json", `config.values=${JSON.stringify(values)}`] });
  equal(variable(objects, "WEIR_INTERNAL_SERVER_ENABLED"), "true");
  equal(variable(objects, "WEIR_INTERNAL_SERVER_LISTEN_ADDRESS"), "::");
  equal(variable(objects, "WEIR_INTERNAL_METRICS_LISTEN_ADDRESS"), "::");
});

Deno.test("values that say nothing are as if they were not there", async () => {
  const args = ["nodeSelector=null", "affinity=null", "livenessProbe=null", "securityContext.capabilities=null"];
  const objects = await render({ args: args.flatMap((set) => ["--set", set]) });
  deepEqual(podOf(objects).nodeSelector, { "kubernetes.io/os": "linux" });
  deepEqual(containerOf(objects).securityContext.capabilities.add, CAPABILITIES_HOST_NAMESPACE);
  equal(find(objects, "DaemonSet").spec.updateStrategy.rollingUpdate.maxSurge, undefined);
  for (const taken of ["hostPID=true", "hostPidEnrichment=true", "config.hostPidEnrichment=true"]) {
    equal(podOf(await render({ args: ["--set", `hostNetwork=true,${taken}`] })).hostPID, false, "no effect");
  }
});

Deno.test("a text that a template cannot read leaves the role as it is, for the agent to say what is wrong", async () => {
  const texts: Array<[text: string, kinds: string[]]> = [
    ["discovery:\n  informer:\n", [...KINDS_DEFAULT]],
    ["discovery: [1]", [...KINDS_DEFAULT]],
    [": : :", [...KINDS_DEFAULT]],
    ["discovery: { informer: { k8s: { selectors: 3 } } }", [...KINDS_DEFAULT]],
    [
      "discovery: { informer: { k8s: { selectors: [3, { kind: ENDPOINT }, { kind: pod, include: false }, { kind: x }] } } }",
      [...KINDS_DEFAULT.filter((kind) => kind !== "Pod"), "Endpoints"],
    ],
    ['discovery: { informer: { k8s: { enabled: "${K8S}" } } }', [...KINDS_DEFAULT]],
  ];
  for (const [text, kinds] of texts) {
    const args = ["--set", "config.format=yaml", "--set-json", `config.content=${JSON.stringify(text)}`];
    deepEqual(kindsOfRole(await render({ args })), kinds.toSorted(), text);
  }
});

Deno.test("a slip of the pen is refused with its place", async () => {
  const slips: Array<[set: string, told: RegExp]> = [
    ["resorces.limits.cpu=1", /additional properties 'resorces' not allowed/],
    ["image.tagg=v1", /'\/image'.* 'tagg' not allowed/],
    ["image.pullPolicy=Sometimes", /'\/image\/pullPolicy'/],
    ["ports.health=99999", /'\/ports\/health'/],
    ["securityContext.capabilities.add={CAP_BPF}", /'\/securityContext\/capabilities\/add\/0'/],
    ["config.values.span.tcp_timeot=3s", /'\/config\/values\/span'.* 'tcp_timeot' not allowed/],
    ["config.values.span.tcp_timeout=soon", /'\/config\/values\/span\/tcp_timeout'/],
    ["config.values.log_level=loud", /'\/config\/values\/log_level'/],
    ["rbac.kinds={Pods}", /'\/rbac\/kinds\/0'/],
    ["dnsPolicy=None", /'\/dnsPolicy'/],
    ["fullnameOverride=My_Weir", /'\/fullnameOverride'/],
    ["updateStrategy.rollingUpdate.maxSurge=1", /maxSurge and maxUnavailable are both set/],
    ["config.content=x,config.values.log_level=info", /config\.content and config\.values are both set/],
    ["serviceMonitor.enabled=true,service.enabled=false", /set service\.enabled, or use podMonitor/],
  ];
  for (const [set, told] of slips) match(await refusal({ args: ["--set", set] }), told, set);
});

Deno.test("further objects are templates", async () => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "{{ .Release.Name }}-more" } };
  const args = ["--set-json", `extraObjects=${JSON.stringify([object, JSON.stringify(object)])}`, "--set", "a=b"];
  const objects = await render({ args: args.slice(0, 2), release: "r" });
  equal(objects.filter(({ metadata }) => metadata.name === "r-more").length, 2);
});

Deno.test("chartValues() wants a comment for each value", () => {
  let message = "";
  try {
    chartValues("# -- Said.\na: 1\nb:\n  # -- Said.\n  c: 2\n  d: 3\n");
  } catch (error) {
    message = (error as Error).message;
  }
  match(message, /b\.d has no comment/);
});
