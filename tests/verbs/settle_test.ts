import { deepEqual, equal, rejects } from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { settle, tableOptions } from "../../src/verbs/settle.ts";

async function withFile(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "weirtest-", suffix: ".yaml" });
  try {
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("settle() takes the command line's word over the file's, and the file's over the default", async () => {
  const text = [
    "log_level: debug",
    "discovery: {instrument: {interfaces: [eth*], tc_priority: 7, attach: tc}}",
    "internal: {server: {port: 9001, listen_address: 127.0.0.1}, metrics: {enabled: false}}",
    "limits: {flows_max: 1009}",
  ].join("\n");
  await withFile(text, async (config) => {
    const file = await settle({ config, interface: [] });
    deepEqual(file.discovery.instrument.interfaces, ["eth*"], "none given is none said");
    equal(file.log_level, "debug");
    equal(file.internal.server.port, 9_001);
    const line = await settle({
      config,
      interface: ["lo"],
      logLevel: "warn",
      healthPort: 0,
      metricsPort: 9_002,
      listen: "::1",
      attach: "tcx",
      tcxOrder: "last",
      tcPriority: 9,
      networkNamespace: "/proc/1/ns/net",
      flowsMax: 1_013,
    });
    deepEqual(line.discovery.instrument, {
      interfaces: ["lo"],
      tcx_order: "last",
      tc_priority: 9,
      attach: "tcx",
      network_namespace: "/proc/1/ns/net",
    });
    equal(line.log_level, "warn");
    deepEqual(line.internal, {
      server: { enabled: true, listen_address: "::1", port: 0 },
      metrics: { enabled: false, listen_address: "::1", port: 9_002 },
    });
    equal(line.limits.flows_max, 1_013);
  });
});

Deno.test("settle() says what is wrong with a file, or that it cannot be read", async () => {
  await withFile("log_level: loud", async (config) => {
    await rejects(
      settle({ config }),
      (error: unknown) => error instanceof UsageError && error.message.includes(config),
    );
  });
  await rejects(settle({ config: "/nonexistent/weir.yaml" }), {
    name: "UsageError",
    message: "Cannot read /nonexistent/weir.yaml: No such file or directory",
  });
  await rejects(settle({ config: "/" }), UsageError);
});

Deno.test("tableOptions() carries the span block to the table, in its units", async () => {
  await withFile(
    "span: {udp_timeout: 2s, trace_id_timeout: 1500ms, community_id_seed: 3}\nnode_name: n7",
    async (config) => {
      const options = tableOptions(await settle({ config }));
      equal(options.udpTimeoutMs, 2_000);
      equal(options.tcpTimeoutMs, 20_000);
      equal(options.traceIdTimeoutS, 2);
      equal(options.communityIdSeed, 3);
      equal(options.node, "n7");
    },
  );
  equal(tableOptions(await settle({})).node, Deno.hostname());
});
