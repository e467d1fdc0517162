import { Command } from "commander";
import { deepEqual, equal, rejects } from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { addOtlpOptions, type ReceiverList } from "../../src/verbs/otlp_options.ts";
import { type SettingsOptions, settle } from "../../src/verbs/settle.ts";
import { tableOptions } from "../../src/verbs/settings_parts.ts";

const NOTHING: ReadonlyMap<string, string> = new Map();

async function withFile(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "weirtest-", suffix: ".yaml" });
  try {
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

async function settled(options: SettingsOptions, variables = NOTHING) {
  return (await settle(options, variables)).settings;
}

const LINE: SettingsOptions = {
  interface: ["lo"],
  logLevel: "warn",
  logFormat: "json",
  healthPort: 0,
  metricsPort: 9_002,
  listen: "::1",
  attach: "tcx",
  tcxOrder: "last",
  tcPriority: 9,
  networkNamespace: "/proc/1/ns/net",
  flowsMax: 1_013,
};

Deno.test("settle() takes the command line's word over the file's, and the file's over the default", async () => {
  const text = [
    "log_level: debug",
    "discovery: {instrument: {interfaces: [eth*], tc_priority: 7, attach: tc}}",
    "internal: {server: {port: 9001, listen_address: 127.0.0.1}, metrics: {enabled: false}}",
    "limits: {flows_max: 1009}",
  ].join("\n");
  await withFile(text, async (config) => {
    const file = await settled({ config, interface: [] });
    deepEqual(file.discovery.instrument.interfaces, ["eth*"], "none given is none said");
    equal(file.log_level, "debug");
    equal(file.internal.server.port, 9_001);
    const line = await settled({ config, ...LINE });
    deepEqual(line.discovery.instrument, {
      interfaces: ["lo"],
      tcx_order: "last",
      tc_priority: 9,
      attach: "tcx",
      network_namespace: "/proc/1/ns/net",
    });
    deepEqual([line.log_level, line.log_format], ["warn", "json"]);
    deepEqual(line.internal.server, { enabled: true, listen_address: "::1", port: 0 });
    const { enabled, listen_address, port } = line.internal.metrics;
    deepEqual([enabled, listen_address, port], [false, "::1", 9_002]);
    equal(line.limits.flows_max, 1_013);
  });
});

Deno.test("settle() needs no file, and finds the one that the environment names", async () => {
  const line = await settled(LINE);
  equal(line.limits.flows_max, 1_013);
  equal(line.span.tcp_timeout, 20_000);
  await withFile("log_level: error", async (path) => {
    for (const name of ["WEIR_CONFIG_PATH", "MERMIN_CONFIG_PATH"]) {
      equal((await settled({}, new Map([[name, path]]))).log_level, "error", name);
    }
    const both = new Map([["MERMIN_CONFIG_PATH", "/nonexistent.hcl"], ["WEIR_CONFIG_PATH", path]]);
    equal((await settled({}, both)).log_level, "error");
    await withFile("log_level: trace", async (config) => {
      equal((await settled({ config }, new Map([["WEIR_CONFIG_PATH", path]]))).log_level, "trace");
    });
    equal((await settled({ config: path }, new Map([["WEIR_LOG_LEVEL", "warn"]]))).log_level, "warn");
  });
});

/** What the command line says of receivers. */
function flags(...words: string[]): ReceiverList {
  const command = new Command();
  const receivers = addOtlpOptions(command);
  command.parse(words, { from: "user" });
  return receivers;
}

Deno.test("an option is for the --otlp before it, and one before all is for all", async () => {
  const receivers = flags(
    ...["--otlp-compression", "gzip", "--otlp", "http://a:1", "--otlp-bearer-file", "/t", "--otlp-header", "x=1"],
    ...["--otlp", "https://b:2", "--otlp-ca-cert", "/ca", "--otlp-protocol", "http/json", "--otlp-header", "y=2"],
  );
  const [a, b, ...others] = (await settled({ receivers })).export.traces.otlp;
  deepEqual(others, []);
  deepEqual([a?.compression, b?.compression], ["gzip", "gzip"]);
  deepEqual([a?.auth.bearer_file, b?.auth.bearer_file], ["/t", undefined]);
  deepEqual([a?.headers, b?.headers], [{ x: "1" }, { y: "2" }]);
  deepEqual([a?.protocol, b?.protocol], ["grpc", "http/json"]);
  deepEqual([a?.tls, b?.tls?.ca_cert], [undefined, "/ca"]);
});

Deno.test("settle() finds what does not go together on the command line", async () => {
  const wrong: Array<[RegExp, ...string[]]> = [
    [/pass or pass_file is missing/, "--otlp", "http://a:1", "--otlp-user", "u"],
    [
      /both say who asks/,
      "--otlp",
      "http://a:1",
      "--otlp-user",
      "u",
      "--otlp-password-file",
      "/p",
      "--otlp-bearer-file",
      "/t",
    ],
    [
      /sets the header authorization already/,
      "--otlp",
      "http://a:1",
      "--otlp-bearer-file",
      "/t",
      "--otlp-header",
      "Authorization=x",
    ],
    [/client_key is missing/, "--otlp", "https://a:1", "--otlp-client-cert", "/c"],
    [/is plain text/, "--otlp", "http://a:1", "--otlp-ca-cert", "/ca"],
    [/weir sets it itself/, "--otlp", "http://a:1", "--otlp-header", "content-type=x"],
  ];
  for (const [message, ...words] of wrong) await rejects(settled({ receivers: flags(...words) }), message);
});

Deno.test("settle() sends spans where the command line says, and takes no secret of the file's there", async () => {
  const text =
    "export: {traces: {otlp: {endpoint: 'http://a:1', auth: {bearer: secret}, headers: {x: y}, timeout: 1s}}}";
  await withFile(text, async (config) => {
    const receivers = flags("--otlp", "http://b:2", "--otlp-protocol", "http_binary", "--otlp-header", "z=1");
    const [receiver, ...others] = (await settled({ config, receivers })).export.traces.otlp;
    deepEqual(others, []);
    deepEqual(
      [
        receiver?.endpoint,
        receiver?.protocol,
        receiver?.headers,
        receiver?.compression,
        receiver?.auth,
        receiver?.timeout,
      ],
      ["http://b:2", "http_binary", { z: "1" }, "none", {}, 10_000],
    );
    equal((await settled({ config, receivers: flags() })).export.traces.otlp[0]?.auth.bearer, "secret");
    await rejects(
      settled({ receivers: flags("--otlp-header", "z=1") }),
      /^UsageError: Cannot use --otlp-header without --otlp: name a receiver$/,
    );
  });
});

Deno.test("settle() says what is wrong with a file, or that it cannot be read", async () => {
  await withFile("log_level: loud", async (config) => {
    await rejects(
      settled({ config }),
      (error: unknown) => error instanceof UsageError && error.message.includes(config),
    );
  });
  await rejects(settled({ config: "/nonexistent/weir.yaml" }), {
    name: "UsageError",
    message: "Cannot read /nonexistent/weir.yaml: No such file or directory",
  });
});

Deno.test("tableOptions() carries the span block to the table, in its units", async () => {
  await withFile(
    "span: {udp_timeout: 2s, trace_id_timeout: 1500ms, community_id_seed: 3}\nnode_name: n7",
    async (config) => {
      const options = tableOptions(await settled({ config }));
      equal(options.udpTimeoutMs, 2_000);
      equal(options.tcpTimeoutMs, 20_000);
      equal(options.traceIdTimeoutS, 2);
      equal(options.communityIdSeed, 3);
      equal(options.node, "n7");
    },
  );
  equal(tableOptions(await settled({})).node, Deno.hostname());
});

Deno.test("settle() takes --debug for a level, unless one is named, and says that --worker-threads has no effect", async () => {
  equal((await settled({ debug: true })).log_level, "debug");
  equal((await settled({ debug: true, logLevel: "trace" })).log_level, "trace");
  await withFile(
    "log_level: warn",
    async (config) => equal((await settled({ config, debug: true })).log_level, "debug"),
  );
  equal((await settled({ autoReload: true })).auto_reload, true);
  const { notices } = await settle({ workerThreads: 7 }, NOTHING);
  deepEqual(notices.map(({ origin }) => origin), [{ kind: "flag", flag: "--worker-threads" }]);
});
