import { deepEqual, equal, ok } from "node:assert/strict";
import * as v from "valibot";
import { AGGREGATES_MAX, FLOWS_MAX_DEFAULT, RING_BYTES_DEFAULT, SLOTS_DEFAULT } from "../../../src/limits.ts";
import { DEFAULTS } from "../../../src/settings/defaults.ts";
import { type Settings, settingsSchema } from "../../../src/settings/schema/schema.ts";
import { leaves } from "../../../src/settings/schema/view.ts";
import { load, problemsOf } from "../../support/config_text.ts";

Deno.test("settingsSchema fills in the defaults, times in ms", () => {
  const settings: Settings = v.parse(settingsSchema, {});
  deepEqual(settings, DEFAULTS, 'run "deno task docs"');
  deepEqual(settings.span, {
    max_record_interval: 60_000,
    generic_timeout: 30_000,
    icmp_timeout: 10_000,
    tcp_timeout: 20_000,
    tcp_fin_timeout: 5_000,
    tcp_rst_timeout: 5_000,
    udp_timeout: 60_000,
    community_id_seed: 0,
    trace_id_timeout: 86_400_000,
  });
  deepEqual(settings.limits, {
    flows_max: FLOWS_MAX_DEFAULT,
    aggregates_max: AGGREGATES_MAX,
    slots: SLOTS_DEFAULT,
    ring_bytes: RING_BYTES_DEFAULT,
  });
  deepEqual(settings.discovery.instrument, { interfaces: [], attach: "auto", tcx_order: "first", tc_priority: 1 });
  deepEqual(settings.export.traces, { otlp: [] });
  equal(settings.internal.server.port, undefined, "a port that is not chosen may be taken");
});

Deno.test("settingsSchema says of every key what it is for", () => {
  for (const { path, view: { says } } of leaves(settingsSchema, { inLists: true })) {
    ok(/^.+\.$/.test(says), `${path.join(".")}: "${says}"`);
  }
});

Deno.test("settingsSchema refuses what is out of range or of another kind, in the order of the file", async () => {
  const text = [
    "log_level: loud",
    "span:",
    "  udp_timeout: 99d",
    "  tcp_timeout: 5",
    "  icmp_timeout: 1y",
    "limits: {flows_max: 0, slots: 1.5,",
    "  ring_bytes: 70000}",
    "discovery:",
    "  instrument:",
    "    interfaces: [eth0, 3,",
    "      '', '/eth(/', 'eth[']",
    "    tc_priority: high",
    "internal:",
    "  server: {enabled: perhaps, port: 65536}",
    "  metrics: {histogram_buckets: {export_batch_size: [2, 1]}}",
    "node_name: [x]",
    "trace_domain: ''",
    "parser: 7",
    "sampling: {rate: 1.01}",
    "resources: {memory_limit: lots, cpu_limit: 2}",
  ];
  const times = "a length of time from 1s to 1d, as 500ms, 30s or 1h30m, is wanted";
  const problems = await problemsOf(text.join("\n"));
  const expressions = problems.filter((problem) => problem.includes("is no pattern"));
  deepEqual(problems.filter((problem) => !expressions.includes(problem)), [
    '1:1: log_level: "loud" is unknown: one of trace, debug, info, warn, error is wanted',
    `3:3: span.udp_timeout: "99d" is out of range: ${times}`,
    `4:3: span.tcp_timeout: ${times}`,
    `5:3: span.icmp_timeout: "1y" is no length of time: ${times}`,
    "6:10: limits.flows_max: a whole number from 1 to 8000000 is wanted",
    "6:24: limits.slots: a whole number from 512 to 4194304 is wanted",
    "7:3: limits.ring_bytes: must be a power of two",
    "10:24: discovery.instrument.interfaces[1]: a text is wanted",
    "12:5: discovery.instrument.tc_priority: a whole number from 1 to 32767 is wanted",
    "14:12: internal.server.enabled: true or false is wanted",
    "14:30: internal.server.port: a whole number from 0 to 65535 is wanted",
    "15:33: internal.metrics.histogram_buckets.export_batch_size: numbers that grow, at least one, are wanted",
    "16:1: node_name: a single value is wanted, not a list",
    "17:1: trace_domain: must not be empty",
    "18:1: parser: a group of keys is wanted",
    "19:12: sampling.rate: a number from 0 to 1 is wanted",
    '20:13: resources.memory_limit: an amount is wanted, as "512Mi", "1Gi", "500m" or 2',
  ]);
  deepEqual(expressions.map((problem) => problem.split(" ", 2).join(" ")), [
    "11:7: discovery.instrument.interfaces[2]:",
    "11:11: discovery.instrument.interfaces[3]:",
    "11:21: discovery.instrument.interfaces[4]:",
  ]);
});

Deno.test("settingsSchema names the nearest key, the group that has it, or those there are", async () => {
  const cases: Array<[string, string]> = [
    ["spn: {}", '1:1: unknown key "spn": did you mean "span"?'],
    ["apy: {}", '1:1: unknown key "apy": did you mean "api"?'],
    ["internal:\n  server:\n    prot: 1", '3:5: unknown key "internal.server.prot": did you mean "port"?'],
    ["internal: {elsewhere: 1}", '1:12: unknown key "internal.elsewhere": known here: server, metrics, traces'],
    ["tcp_timeout: 5s", '1:1: unknown key "tcp_timeout": it is a key of span'],
    ["instrument: {}", '1:1: unknown key "instrument": it is a key of discovery'],
    ["filter: {flow: {transport: {}}}", '1:17: unknown key "filter.flow.transport": it is a key of filter.network'],
    [
      "export: {traces: {otlp: [{endpont: x}]}}",
      '1:27: unknown key "export.traces.otlp[0].endpont": did you mean "endpoint"?',
    ],
    ["capture: {interface: []}", '1:11: unknown key "capture.interface": did you mean "interfaces"?'],
  ];
  for (const [text, said] of cases) deepEqual(await problemsOf(text), [said], text);
  equal((await problemsOf("__proto__: {a: 1}\nconstructor: 1\ntoString: x\n")).length, 3);
});

Deno.test("settingsSchema takes words in any case, and a variable's text for what its key wants", async () => {
  const text = "log_level: WARN\nlimits: {flows_max: '${N}'}\nspan: {community_id_seed: ${N:-}}\n" +
    "internal: {server: {enabled: '${YES}'}}\ndiscovery: {instrument: {interfaces: '${LIST}'}}\n";
  const variables = new Map([["N", "1009"], ["YES", "no"], ["LIST", "eth0, lo"]]);
  const { settings } = await load(text.replace("${N:-}", "'${N:-}'"), "yaml", { variables });
  equal(settings.log_level, "warn");
  equal(settings.limits.flows_max, 1_009);
  equal(settings.internal.server.enabled, false);
  deepEqual(settings.discovery.instrument.interfaces, ["eth0", "lo"]);
  deepEqual(await problemsOf("limits: {flows_max: '1009'}"), [
    "1:10: limits.flows_max: a whole number from 1 to 8000000 is wanted",
  ], "a text that was written as one stays one");
  deepEqual(await problemsOf("discovery: {instrument: {interfaces: lo}}"), [
    '1:26: discovery.instrument.interfaces: a list is wanted: write ["lo"]',
  ]);
});

Deno.test("settingsSchema completes selectors with the kinds that none is about", async () => {
  const text =
    "discovery: {informer: {k8s: {selectors: [{kind: pod, namespaces: [a]}, {kind: endpoint}, {kind: Pod}]}}}";
  const { selectors } = (await load(text)).settings.discovery.informer.k8s;
  equal(selectors.length, 3 + 13);
  const unsaid = (await load("{}")).settings.discovery.informer.k8s.selectors.map(({ kind }) => kind);
  deepEqual(
    [unsaid.includes("EndpointSlice"), unsaid.includes("Endpoints")],
    [true, false],
    "the same twice is too much",
  );
  deepEqual(selectors.slice(0, 3).map(({ kind, namespaces }) => [kind, namespaces]), [
    ["Pod", ["a"]],
    ["Endpoints", []],
    ["Pod", []],
  ]);
  const wrong = "discovery: {informer: {k8s: {selectors: [{}, {kind: Pods}, {kind: Pod, match_expressions: [\n" +
    " {key: a, operator: In}, {key: a, operator: Exists, values: [b]}, {operator: NotIn, values: [b]}]}]}}}";
  const path = "discovery.informer.k8s.selectors";
  deepEqual(await problemsOf(wrong), [
    `1:42: ${path}[0]: kind is missing`,
    `1:47: ${path}[1].kind: "Pods" is unknown: did you mean "Pod"?`,
    `2:2: ${path}[2].match_expressions[0]: In wants values`,
    `2:26: ${path}[2].match_expressions[1]: Exists takes no values`,
    `2:67: ${path}[2].match_expressions[2]: key is missing`,
  ]);
});

Deno.test("settingsSchema reads attributes: none said, some said, and none wanted", async () => {
  const sides = async (text: string) => {
    const { source, destination } = (await load(text, "hcl")).settings.attributes;
    return [source, destination].map(({ k8s }) => k8s.enabled ? Object.keys(k8s.association) : "off");
  };
  const usual = ["pod", "node", "service", "endpoint", "endpointslice", "ingress", "gateway"];
  deepEqual(await sides(""), [usual, usual]);
  deepEqual(await sides("attributes {\n}\n"), ["off", "off"]);
  deepEqual(await sides('attributes "source" "k8s" {\n}\n'), ["off", usual]);
  deepEqual(await sides('attributes "source" {\n  association {\n    node = {}\n  }\n}\n'), [["node"], usual]);
  const { settings } = await load(
    'attributes "destination" "k8s" {\n  association {\n    pod = { enabled = false }\n    node = {\n      sources = [{ from = "destination.ip", to = ["status.x"] }]\n    }\n  }\n  extract {\n    label { key = "app" }\n  }\n}\n',
    "hcl",
  );
  const { association, extract } = settings.attributes.destination.k8s;
  deepEqual(association.node?.sources, [{ from: "destination.ip", to: ["status.x"] }]);
  deepEqual(association.pod, {
    enabled: false,
    sources: [{
      from: "destination.ip",
      to: ["status.podIP", "status.podIPs[*]", "status.hostIP", "status.hostIPs[*]"],
    }],
  });
  deepEqual(extract.label, [{ from: "pod", key: "app" }]);
  const wrong =
    'attributes "source" "k8s" {\n  extract {\n    metadata = ["pod.spec.x"]\n    label { key_regex = "(" }\n' +
    '    annotation { from = "pod" }\n  }\n  association {\n    pod = { sources = [{ from = "destination.ip", to = ["a..b"] }] }\n  }\n}\n';
  const problems = await problemsOf(wrong, "hcl");
  deepEqual(problems.map((problem) => problem.split(": ", 2).join(": ")), [
    "3:17: attributes.source.k8s.extract.metadata[0]",
    "4:13: attributes.source.k8s.extract.label[0].key_regex",
    "5:16: attributes.source.k8s.extract.annotation[0]",
    "8:26: attributes.source.k8s.association.pod.sources[0].from",
    "8:57: attributes.source.k8s.association.pod.sources[0].to[0]",
  ]);
});
