import { deepEqual, equal } from "node:assert/strict";
import { AGGREGATES_MAX, FLOWS_MAX_DEFAULT, RING_BYTES_DEFAULT, SLOTS_DEFAULT } from "../../src/limits.ts";
import { completeSettings } from "../../src/settings/mod.ts";

Deno.test("completeSettings() fills in the defaults, times in ms", () => {
  deepEqual(completeSettings({}), {
    log_level: "info",
    log_format: "text",
    shutdown_timeout: 28_000,
    discovery: { instrument: { interfaces: [], tcx_order: "first", tc_priority: 1, attach: "auto" } },
    span: {
      max_record_interval: 60_000,
      generic_timeout: 30_000,
      icmp_timeout: 10_000,
      tcp_timeout: 20_000,
      tcp_fin_timeout: 5_000,
      tcp_rst_timeout: 5_000,
      udp_timeout: 60_000,
      community_id_seed: 0,
      trace_id_timeout: 86_400_000,
    },
    trace_domain: "weir",
    limits: {
      flows_max: FLOWS_MAX_DEFAULT,
      aggregates_max: AGGREGATES_MAX,
      slots: SLOTS_DEFAULT,
      ring_bytes: RING_BYTES_DEFAULT,
    },
    internal: {
      server: { enabled: true, listen_address: "0.0.0.0" },
      metrics: { enabled: true, listen_address: "0.0.0.0" },
    },
  });
});

Deno.test("completeSettings() keeps what is set, and gives each caller settings of its own", () => {
  const settings = completeSettings({ span: { tcp_timeout: "1m30s" }, internal: { server: { port: 0 } } });
  equal(settings.span.tcp_timeout, 90_000);
  equal(settings.span.udp_timeout, 60_000);
  equal(settings.internal.server.port, 0, "0 is a port that was chosen: any");
  equal(settings.internal.metrics.port, undefined);
  settings.discovery.instrument.interfaces.push("eth0");
  settings.internal.server.listen_address = "::1";
  deepEqual(completeSettings({}).discovery.instrument.interfaces, []);
  equal(completeSettings({}).internal.metrics.listen_address, "0.0.0.0");
});
