import { deepEqual, equal, ok } from "node:assert/strict";
import {
  FOREIGN_VARIABLES,
  OTLP_PATH,
  receiverKeys,
  settableKeys,
  variableName,
} from "../../../src/settings/environment/names.ts";
import { isServiceLink } from "../../../src/settings/environment/service_links.ts";
import { readVariables } from "../../../src/settings/environment/variables.ts";
import { loadSettings } from "../../../src/settings/load_settings.ts";
import type { Settings } from "../../../src/settings/schema/schema.ts";
import { load, problemsOf } from "../../support/config_text.ts";

function variables(pairs: Record<string, string>): ReadonlyMap<string, string> {
  return new Map(Object.entries(pairs));
}

async function settingsOf(pairs: Record<string, string>): Promise<Settings> {
  return (await loadSettings({ variables: variables(pairs) })).settings;
}

/** What is wrong with an environment, without a file. */
function wrong(pairs: Record<string, string>): Promise<string[]> {
  return problemsOf("", "yaml", { variables: variables(pairs) });
}

Deno.test("variableName() is another one for every key", () => {
  const names = [
    ...settableKeys().map(variableName),
    ...receiverKeys().map((key) => variableName([...OTLP_PATH, ...key])),
  ];
  equal(new Set(names).size, names.length);
  ok(names.length > 127, `${names.length}`);
  for (
    const name of ["WEIR_LOG_LEVEL", "WEIR_DISCOVERY_INSTRUMENT_INTERFACES", "WEIR_EXPORT_TRACES_OTLP_AUTH_BASIC_PASS"]
  ) {
    ok(names.includes(name), name);
  }
});

Deno.test("layEnvironment() reads words, numbers, lists and named texts as their keys want them", async () => {
  const settings = await settingsOf({
    WEIR_LOG_LEVEL: "Debug",
    WEIR_SPAN_TCP_TIMEOUT: "1m30s",
    WEIR_LIMITS_FLOWS_MAX: "1009",
    WEIR_INTERNAL_METRICS_ENABLED: "off",
    WEIR_SAMPLING_RATE: ".5",
    WEIR_DISCOVERY_INSTRUMENT_INTERFACES: "eth{0,1}, !lo,",
    WEIR_FILTER_DESTINATION_PORT_MATCH: "443,8000-8999",
    WEIR_INTERNAL_METRICS_HISTOGRAM_BUCKETS_EXPORT_BATCH_SIZE: "1,10,100",
    WEIR_DISCOVERY_INFORMER_K8S_SELECTORS: '[{"kind": "Pod", "namespaces": ["a"]}]',
    WEIR_EXPORT_TRACES_OTLP_ENDPOINT: "http://x:1",
    WEIR_EXPORT_TRACES_OTLP_HEADERS: "a=b,x-c=d=e",
    WEIR_EXPORT_TRACES_OTLP_AUTH_BEARER: "t",
    WEIR_EXPORT_TRACES_STDOUT_FORMAT: "json",
  });
  equal(settings.log_level, "debug");
  equal(settings.span.tcp_timeout, 90_000);
  equal(settings.limits.flows_max, 1_009);
  equal(settings.internal.metrics.enabled, false);
  equal(settings.sampling.rate, 0.5);
  deepEqual(settings.discovery.instrument.interfaces, ["eth{0,1}", "!lo"]);
  deepEqual(settings.filter.destination.port?.match.map(({ most }) => most), [443, 8_999]);
  deepEqual(settings.internal.metrics.histogram_buckets.export_batch_size, [1, 10, 100]);
  deepEqual(settings.discovery.informer.k8s.selectors[0]?.namespaces, ["a"]);
  const [otlp, ...others] = settings.export.traces.otlp;
  deepEqual([otlp?.endpoint, otlp?.headers, otlp?.auth], ["http://x:1", { a: "b", "x-c": "d=e" }, { bearer: "t" }]);
  deepEqual(others, []);
  equal(settings.export.traces.stdout?.format, "json");
});

Deno.test("layEnvironment() means every receiver without a name, and one with it", async () => {
  const text = "export: {traces: {otlp: {east-1: {timeout: 1s}, west: {timeout: 1s}}}}";
  const { settings } = await load(text, "yaml", {
    variables: variables({
      WEIR_EXPORT_TRACES_OTLP_COMPRESSION: "gzip",
      WEIR_EXPORT_TRACES_OTLP_EAST_1_TIMEOUT: "3s",
      WEIR_EXPORT_TRACES_OTLP_WEST_AUTH_BASIC_USER: "u",
      WEIR_EXPORT_TRACES_OTLP_WEST_AUTH_BASIC_PASS: "p",
    }),
  });
  deepEqual(
    settings.export.traces.otlp.map(({ name, timeout, compression, auth }) => [name, timeout, compression, auth]),
    [
      ["east-1", 3_000, "gzip", {}],
      ["west", 1_000, "gzip", { basic: { user: "u", pass: "p" } }],
    ],
  );
});

Deno.test("layEnvironment() refuses a name that is nearly one, and lets others be", async () => {
  deepEqual(
    await wrong({
      WEIR_LOG_LEVL: "info",
      WEIR_SPAN_NO_SUCH_THING_AT_ALL: "1",
      WEIR_EXPORT_TRACES_OTLP_EAST_TIMEOUT: "1s",
    }),
    [
      "WEIR_LOG_LEVL: no key has that name: did you mean WEIR_LOG_LEVEL?",
      "WEIR_SPAN_NO_SUCH_THING_AT_ALL: no key has that name",
      "WEIR_EXPORT_TRACES_OTLP_EAST_TIMEOUT: no key has that name",
    ],
  );
  const { notices } = await loadSettings({
    variables: variables({ WEIR_HOME: "/x", NETMON_OTHER: "1", WEIR_SEED: "7", HOME: "/" }),
  });
  deepEqual(notices.map(({ message }) => message), [
    "WEIR_HOME has no effect: no key has that name",
    "NETMON_OTHER has no effect: no key has that name",
  ]);
});

Deno.test("layEnvironment() says what is wrong with a variable, and does not show secrets", async () => {
  deepEqual(
    await wrong({
      WEIR_LIMITS_FLOWS_MAX: "many",
      WEIR_INTERNAL_SERVER_ENABLED: "perhaps",
      WEIR_EXPORT_TRACES_OTLP_HEADERS: "secret",
    }),
    [
      'WEIR_LIMITS_FLOWS_MAX: limits.flows_max: "many": a whole number from 1 to 8000000 is wanted',
      'WEIR_INTERNAL_SERVER_ENABLED: internal.server.enabled: "perhaps": true or false is wanted',
      "WEIR_EXPORT_TRACES_OTLP_HEADERS: export.traces.otlp[0].headers: names with texts are wanted",
    ].toSorted((a, b) => Number(b.includes("HEADERS")) - Number(a.includes("HEADERS"))),
  );
  deepEqual(await wrong({ WEIR_DISCOVERY_INFORMER_K8S_SELECTORS: "[{" }), [
    "WEIR_DISCOVERY_INFORMER_K8S_SELECTORS: discovery.informer.k8s.selectors: a list is wanted",
  ]);
});

Deno.test("layEnvironment() takes over what other agents' users have set", async () => {
  const settings = await settingsOf({
    MERMIN_LOG_LEVEL: "WARN",
    MERMIN_CONFIG_AUTO_RELOAD: "true",
    NETMON_SAMPLING_RATE: "0.1",
    NETMON_FEATURES_PROTOCOL_DETECTION: "true",
    NETMON_FEATURES_LATENCY_TRACKING: "true",
    MERMIN_CONFIG_PATH: "/etc/mermin.hcl",
  });
  equal(settings.log_level, "warn");
  equal(settings.auto_reload, true);
  equal(settings.sampling.rate, 0.1);
  equal(settings.features.protocol_detection.enabled, true);
  const levels: Array<[Record<string, string>, string]> = [
    [{ NETMON_DEBUG: "true" }, "debug"],
    [{ NETMON_DEBUG: "false" }, "info"],
    [{ NETMON_DEBUG: "true", NETMON_LOG_LEVEL: "trace" }, "trace"],
    [{ NETMON_LOG_LEVEL: "trace", WEIR_LOG_LEVEL: "error" }, "error"],
    [{ NETMON_LOG_LEVEL: "trace", WEIR_LOG_LEVEL: "" }, "trace"],
  ];
  for (const [pairs, level] of levels) equal((await settingsOf(pairs)).log_level, level);
  const all = Object.keys(FOREIGN_VARIABLES).filter((name) => FOREIGN_VARIABLES[name]!.notice);
  const { notices } = await loadSettings({ variables: new Map(all.map((name) => [name, "1"])) });
  deepEqual(notices.map(({ path }) => path), all);
});

Deno.test("isServiceLink() knows what Kubernetes sets for a Service that is called like weir", async () => {
  const links = {
    WEIR_SERVICE_HOST: "10.0.0.1",
    WEIR_SERVICE_PORT: "8080",
    WEIR_SERVICE_PORT_METRICS: "10250",
    WEIR_PORT: "tcp://10.0.0.1:8080",
    WEIR_PORT_8080_TCP: "tcp://10.0.0.1:8080",
    WEIR_PORT_8080_TCP_PROTO: "tcp",
    WEIR_INTERNAL_METRICS_PORT_10250_TCP_ADDR: "10.0.0.1",
    WEIR_INTERNAL_METRICS_PORT: "tcp://10.0.0.1:10250",
  };
  for (const [name, value] of Object.entries(links)) ok(isServiceLink(name, value), name);
  for (const [name, value] of [["WEIR_INTERNAL_METRICS_PORT", "10250"], ["WEIR_LOG_LEVEL", "tcp://"]] as const) {
    ok(!isServiceLink(name, value), name);
  }
  const { settings, notices } = await loadSettings({ variables: variables(links) });
  deepEqual([settings.internal.metrics.port, notices], [undefined, []]);
});

Deno.test("readVariables() reads this process's environment", () => {
  const read = readVariables();
  for (const [name, value] of Object.entries(Deno.env.toObject())) equal(read.get(name), value, name);
});
