import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { composeSettings } from "../../src/settings/compose_settings.ts";
import { type Flag, loadSettings } from "../../src/settings/load_settings.ts";
import { load, problemsOf } from "../support/config_text.ts";
import { randomTest } from "../support/random.ts";

const FILES = new URL("../support/configurations/", import.meta.url).pathname;

Deno.test("loadSettings() reads what other agents' files say, unchanged", async () => {
  const cluster = await loadSettings({ path: `${FILES}cluster.hcl` });
  deepEqual(cluster.settings.discovery.instrument.interfaces, ["eth*", "ens*"]);
  equal(cluster.settings.span.udp_timeout, 60_000);
  equal(cluster.settings.internal.server.port, 8_080);
  equal(cluster.settings.internal.metrics.port, 10_250);
  const { pod, service, node } = cluster.settings.attributes.source.k8s.association;
  deepEqual(pod?.sources, [{ from: "source.ip", to: ["status.podIP", "status.podIPs[*]"] }]);
  deepEqual(service?.sources[1], { from: "source.port", to: ["spec.ports[*].port"] });
  equal(node, undefined);
  const [otlp, ...others] = cluster.settings.export.traces.otlp;
  equal(otlp?.endpoint, "http://otel-collector:4317");
  equal(otlp?.max_batch_interval, 5_000);
  deepEqual(others, []);

  const inline = await loadSettings({ path: `${FILES}inline.hcl` });
  deepEqual(inline.notices, []);

  const { settings: manifest } = await loadSettings({ path: `${FILES}manifest.yaml` });
  deepEqual(manifest.discovery.instrument.interfaces, ["eth0", "docker0"]);
  equal(manifest.sampling.rate, 1);
  equal(manifest.limits.flows_max, 1_000_000);
  const { generic_timeout, tcp_timeout, udp_timeout, icmp_timeout, tcp_fin_timeout } = manifest.span;
  deepEqual([generic_timeout, tcp_timeout, udp_timeout, icmp_timeout], Array(4).fill(300_000));
  equal(tcp_fin_timeout, 5_000);
  deepEqual(manifest.internal.metrics, {
    enabled: true,
    listen_address: "0.0.0.0",
    port: 9_090,
    debug_metrics_enabled: false,
    stale_metric_ttl: 300_000,
    histogram_buckets: {},
  });

  const { settings: bare } = await loadSettings({ path: `${FILES}bare.yaml` });
  deepEqual(bare.features.protocol_detection, { enabled: true, protocols: ["http", "grpc", "mysql", "redis"] });
  equal(bare.features.latency_tracking.histogram_buckets?.length, 9);
  equal(bare.features.security_monitoring.detect_port_scans, true);
  equal(bare.limits.flows_max, 1_000_000);
  equal(bare.resources.cpu_limit, "2");
});

Deno.test("loadSettings() reads the later spelling, every key of it", async () => {
  const { settings, notices } = await loadSettings({ path: `${FILES}later.hcl` });
  equal(settings.attributes.destination.k8s.enabled, false);
  equal(settings.attributes.source.k8s.extract.label.length, 2);
  deepEqual(settings.filter.destination.port?.match.map(({ least, most }) => [least, most]), [[443, 443], [
    8_000,
    8_999,
  ]]);
  equal(settings.filter.flow.ip_dscp_name?.match[0]?.text, "AF4{1,2,3}");
  deepEqual(settings.internal.metrics.histogram_buckets.export_batch_size, [1, 10, 50, 100]);
  const selectors = settings.discovery.informer.k8s.selectors;
  deepEqual(selectors.find(({ kind }) => kind === "Service")?.namespaces, ["shop", "pay"]);
  equal(selectors.find(({ kind }) => kind === "Endpoints")?.include, false);
  equal(selectors.length, 15, "kinds that no selector is about stay");
  ok(notices.some(({ path }) => path === "pipeline.flow_producer.workers"));
});

Deno.test("loadSettings() tells every problem of a file at once, each with its place and its line", async () => {
  await rejects(loadSettings({ path: `${FILES}mistakes.hcl` }), (error: Error) => {
    const file = `${FILES}mistakes.hcl`;
    equal(
      error.message,
      [
        `Cannot use ${file}: 5 problems`,
        `${file}:1:1: log_level: "inof" is unknown: did you mean "info"?`,
        '  log_level = "inof"',
        "  ^",
        `${file}:4:3: unknown key "span.tcp_timout": did you mean "tcp_timeout"?`,
        '    tcp_timout  = "5s" # a slip',
        "    ^",
        `${file}:5:3: span.udp_timeout: "99d" is out of range: a length of time from 1s to 1d, as 500ms, 30s or 1h30m, is wanted`,
        '    udp_timeout = "99d"',
        "    ^",
        `${file}:9:3: unknown key "filter.source.transport": it is a key of filter.network`,
        '    transport = { match = ["tcp"] }',
        "    ^",
        `${file}:15:18: export.traces.otlp[0].tls.insecure_skip_verify: http://west.example:4317 is plain text: ` +
        "write https://, or take this away",
        "      tls      = { insecure_skip_verify = true }",
        "                   ^",
      ].join("\n"),
    );
    return error instanceof UsageError;
  });
  await rejects(loadSettings({ path: `${FILES}mistakes.yaml` }), /: 6 problems\n/);
});

Deno.test("loadSettings() says why a file cannot be read", async () => {
  const cases: Array<[string, string]> = [
    ["/nonexistent/weir.yaml", "Cannot read /nonexistent/weir.yaml: No such file or directory"],
    [
      "/etc/hostname",
      "Cannot read /etc/hostname: its name does not tell its format; " +
      "let it end in .hcl, .yaml, .yml or .json, or name the format",
    ],
  ];
  for (const [path, message] of cases) await rejects(loadSettings({ path }), { name: "UsageError", message });
  const folder = await Deno.makeTempDir({ prefix: "weirtest-", suffix: ".yaml" });
  try {
    await rejects(loadSettings({ path: folder }), UsageError);
    await Deno.writeFile(`${folder}/w.yaml`, Uint8Array.of(0x61, 0xff));
    await rejects(loadSettings({ path: `${folder}/w.yaml` }), /w\.yaml: it is no UTF-8 text$/);
    await Deno.writeFile(`${folder}/w.yaml`, new Uint8Array(5 * 1024 * 1024).fill(0x20));
    await rejects(loadSettings({ path: `${folder}/w.yaml` }), /w\.yaml: it is larger than 4 MiB/);
    await Deno.writeTextFile(`${folder}/weir`, 'log_level = "warn"');
    equal((await loadSettings({ path: `${folder}/weir`, format: "hcl" })).settings.log_level, "warn");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadSettings() takes a flag's word over a variable's, a variable's over the file's, the file's over the default", async () => {
  const text = "log_level: debug\nspan: {tcp_timeout: 3s, udp_timeout: 3s}\nlimits: {flows_max: 1009, slots: 1024}\n";
  const variables = new Map([["WEIR_SPAN_TCP_TIMEOUT", "5s"], ["WEIR_LIMITS_FLOWS_MAX", "1013"]]);
  const flags = [{ flag: "--flows-max", path: "limits.flows_max", value: 1_019 }];
  const { settings, origins } = await load(text, "yaml", { variables, flags });
  deepEqual(
    [settings.log_level, settings.span.tcp_timeout, settings.span.udp_timeout, settings.span.icmp_timeout],
    ["debug", 5_000, 3_000, 10_000],
  );
  deepEqual([settings.limits.flows_max, settings.limits.slots], [1_019, 1_024]);
  const paths = ["log_level", "span.tcp_timeout", "span.icmp_timeout", "limits.flows_max", "limits.slots"];
  deepEqual(paths.map((path) => origins.text(path)), [
    "w.yaml:1:1",
    "WEIR_SPAN_TCP_TIMEOUT",
    "default",
    "--flows-max",
    "w.yaml:3:27",
  ]);
});

Deno.test("loadSettings() knows where each part of a receiver was said", async () => {
  const text = 'export "traces" {\n  otlp "a" {\n    timeout = "1s"\n  }\n  otlp "b" { compression = "gzip" }\n}\n';
  const { settings, origins } = await load(text, "hcl", {
    variables: new Map([["WEIR_EXPORT_TRACES_OTLP_B_ENDPOINT", "http://b:1"]]),
  });
  deepEqual(settings.export.traces.otlp.map(({ name, endpoint, timeout }) => [name, endpoint, timeout]), [
    ["a", "http://localhost:4317", 1_000],
    ["b", "http://b:1", 10_000],
  ]);
  equal(origins.text("export.traces.otlp[0].timeout"), "w.hcl:3:5");
  equal(origins.text("export.traces.otlp[0].name"), "w.hcl:2:8");
  equal(origins.text("export.traces.otlp[0].endpoint"), "default");
  equal(origins.text("export.traces.otlp[1].endpoint"), "WEIR_EXPORT_TRACES_OTLP_B_ENDPOINT");
});

Deno.test("loadSettings() reports problems of every layer together, those of the file first", async () => {
  const problems = await problemsOf("log_level: loud\n", "yaml", {
    variables: new Map([["WEIR_SPAN_TCP_TIMEOUT", "never"]]),
    flags: [{ flag: "--flows-max", path: "limits.flows_max", value: 0 }],
  });
  deepEqual(problems, [
    '1:1: log_level: "loud" is unknown: one of trace, debug, info, warn, error is wanted',
    'WEIR_SPAN_TCP_TIMEOUT: span.tcp_timeout: "never" is no length of time: a length of time from 1s to 1d, ' +
    "as 500ms, 30s or 1h30m, is wanted",
    '--flows-max: limits.flows_max: "0": a whole number from 1 to 8000000 is wanted',
  ]);
});

/** Flags that are words: what they set, and values that their options let pass. */
const WORDS: Array<[path: string, values: unknown[]]> = [
  ["log_level", ["trace", "warn"]],
  ["discovery.instrument.interfaces", [["eth*", "!lo"], ["lo"]]],
  ["discovery.instrument.attach", ["tc", "tcx"]],
  ["discovery.instrument.tc_priority", [7]],
  ["discovery.instrument.network_namespace", ["/proc/1/ns/net"]],
  ["internal.server.port", [0, 9_001]],
  ["internal.metrics.listen_address", ["::1"]],
  ["limits.flows_max", [1_009]],
];

randomTest("loadSettings() without a file comes to the same with the schema and without it", async (random) => {
  for (let i = 0; i < 31; i++) {
    const flags = WORDS.filter(() => random.oneIn(2)).map(([path, values]): Flag => ({
      flag: `--${path}`,
      path,
      value: random.pick(values),
    }));
    const [plain, full] = [await loadSettings({ flags }), await composeSettings(undefined, { flags })];
    deepEqual(plain.settings, full.settings);
    for (const [path] of WORDS) equal(plain.origins.text(path), full.origins.text(path));
  }
});

Deno.test("loadSettings() gives each caller settings of its own", async () => {
  (await loadSettings({})).settings.discovery.instrument.interfaces.push("eth0");
  deepEqual((await loadSettings({})).settings.discovery.instrument.interfaces, []);
  (await load("")).settings.discovery.instrument.interfaces.push("eth0");
  deepEqual((await load("")).settings.discovery.instrument.interfaces, []);
});
