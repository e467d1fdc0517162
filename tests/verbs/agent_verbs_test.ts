/** The verbs that ask a running agent, beside one on loopback with a little traffic. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { AgentProcess, weir } from "../support/agent_process.ts";
import { parseExposition } from "../support/exposition.ts";
import { NetworkLab, run, until } from "../support/network_lab.ts";

/** Datagrams by port, each with so many bytes of payload: nobody listens there. */
const SENT: Array<[port: number, count: number, payloadBytes: number]> = [[1_009, 3, 700], [1_013, 2, 50], [
  1_019,
  1,
  10,
]];
/** Ethernet, IPv4 and UDP. */
const HEADER_BYTES = 42;

Deno.test("flows, books, status and doctor tell of a running agent", async (t) => {
  using lab = new NetworkLab();
  const host = lab.namespace("verbs");
  await using agent = await AgentProcess.start({
    namespace: host,
    args: ["-i", "lo", "--output", "none", "--log-format", "json"],
  });
  // answers of the host, which come back as ICMP errors, would be flows of no known number
  host.set("ipv4/icmp_ratelimit", 0);
  host.nft("table ip t { chain c { type filter hook output priority 0; ip protocol icmp drop; }; }");
  for (const [port, count, payloadBytes] of SENT) {
    const send = `printf %0${payloadBytes}d 0 > /dev/udp/127.0.0.1/${port}`;
    run("nsenter", [`--net=${host.path}`, "bash", "-c", Array(count).fill(send).join("; ")]);
  }
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await weir(...args, "--socket", agent.socket);
    deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  const flowCount = SENT.reduce((total, [, count]) => total + count, 0);

  await t.step("flows lists at once what was seen, those with most bytes first, in columns", async () => {
    const lines = (await ask("flows")).trimEnd().split("\n");
    match(lines[0]!, /^proto {2}source +destination +packets +bytes +lasted +state +interface +community id$/);
    equal(lines.length, 1 + flowCount);
    const column = lines[0]!.indexOf("destination");
    const ports = lines.slice(1).map((line) => line.slice(column).split(" ")[1]);
    deepEqual(ports, SENT.flatMap(([port, count]) => Array(count).fill(`${port}`)));
    for (const line of lines.slice(1)) match(line, /^udp +127\.0\.0\.1 \d+ +127\.0\.0\.1 \d+ +1\/0 .* lo +1:\S+=$/);
  });

  await t.step("flows lists as many as it is told to, and says how many more there are", async () => {
    const lines = (await ask("flows", "--limit", "2")).trimEnd().split("\n");
    equal(lines.length, 4);
    equal(lines[3], `… ${flowCount - 2} more (--limit)`);
    const spans = (await ask("flows", "-n", "1", "--json")).trimEnd().split("\n");
    equal(spans.length, 1);
    const { name, attributes } = JSON.parse(spans[0]!);
    equal(name, "flow_ipv4_udp");
    equal(attributes["destination.port"], 1_009);
    equal(attributes["flow.bytes.total"], 700 + HEADER_BYTES);
    equal(await ask("flows", "-n", "0", "--json"), "");
  });

  await t.step("books shows every term in every measure, and that they close", async () => {
    const text = await ask("books");
    const row = (name: string) => text.split("\n").find((line) => line.startsWith(`${name} `))?.split(/ +/).slice(1);
    const bytes = SENT.reduce((total, [, count, payloadBytes]) => total + count * (payloadBytes + HEADER_BYTES), 0);
    match(text, /^ +frames +packets +bytes +wire_bytes\n/);
    deepEqual(row("counted"), [flowCount, flowCount, bytes, bytes].map(String));
    deepEqual(row("duplicate"), row("counted"), "loopback's ingress sees each again");
    deepEqual(row("in_ring"), ["0", "0", "0", "0"]);
    equal(row("seen_after"), undefined, "it is no term");
    match(text, /\nclosed: every equation holds\n/);
    match(text, new RegExp(`\\ninterface +seen +device\\nlo +${flowCount} +${flowCount} +equal\\n`));
    const { closed, packets, equations, audit } = JSON.parse(await ask("books", "--json"));
    equal(closed, true);
    equal(packets.counted, flowCount);
    equal(equations.length, 4 * 5);
    equal(audit[0].verdict, "equal");
  });

  await t.step("status shows what it is, where it is attached, and what it holds", async () => {
    const text = await ask("status");
    match(text, new RegExp(`^weir \\d+\\.\\d+\\.\\d+, pid ${agent.pid}, running for \\d+ s since 20\\d\\d-`));
    match(text, /\ninterface +index +kind +attached\nlo +1 +- +up +tcx?\n/);
    match(text, new RegExp(`\\nflows: ${flowCount} of \\d+, 0 overflow aggregates, ${flowCount} begun\\n`));
    match(text, /\nmemory: \S+ resident; kernel maps beside it: slots \S+, ring \S+\n/);
    match(text, /\nexporter +exported +queued +lost\nnone +0 +0 +0\n$/);
    const status = JSON.parse(await ask("status", "--json"));
    equal(status.pid, agent.pid);
    equal(status.state, "running");
    equal(status.table.flows, flowCount);
  });

  await t.step("status --interfaces shows every program on the hooks, and what weir saw there", async () => {
    const text = await ask("status", "--interfaces");
    match(text, /^interface +hook +by +place +program +id +tag +priority +handle +packets +bytes\n/);
    match(text, /\nlo +ingress +tcx? +1\/1 +weirf?_ingress +\d+ +[0-9a-f]{16} /);
    const bytes = SENT.reduce((total, [, count, payloadBytes]) => total + count * (payloadBytes + HEADER_BYTES), 0);
    match(text, new RegExp(`\nlo +egress +tcx? .* ${flowCount} +${bytes}\n$`));
    const { interfaces } = JSON.parse(await ask("status", "--interfaces", "--json"));
    deepEqual(interfaces.map(({ name, problem }: Record<string, unknown>) => [name, problem]), [["lo", null]]);
    const [program] = interfaces[0].hooks.ingress.programs;
    const listed = JSON.parse(run("bpftool", ["-j", "prog", "show", "id", `${program.id}`]));
    deepEqual([listed.name, listed.tag], [program.name, program.tag], "as bpftool has it");
  });

  await t.step("stats flows tells flows by kind, and flows dump, debug flows list them", async () => {
    const text = await until("a sweep", async () => {
      const said = await ask("stats", "flows");
      return said.includes("\nudp") && said;
    });
    match(text, new RegExp(`^flows: ${flowCount} of \\d+, ${flowCount} begun\n`));
    match(text, new RegExp(`\nudp +egress +${flowCount} +0 +0\n$`));
    const { flows } = JSON.parse(await ask("stats", "flows", "--json"));
    deepEqual(flows, [{ protocol: "udp", direction: "egress", active: flowCount, ended: 0, failed: 0 }]);
    for (const words of [["flows", "dump"], ["debug", "flows"]]) {
      equal((await ask(...words, "-n", "2")).trimEnd().split("\n").length, 4, words.join(" "));
    }
  });

  await t.step("debug shows settings, log and memory, and lets the log say everything for a while", async () => {
    match(await ask("debug", "config"), /\n {4}interfaces: \["?lo"?\]\n/);
    match(await ask("debug", "config", "--format", "hcl", "--origin"), /interfaces = \["lo"\] +# --interface/);
    match(await ask("debug", "log"), /"Attached to lo by tcx?"/);
    equal((await ask("debug", "log", "-n", "1")).trimEnd().split("\n").length, 1);
    equal(await ask("debug", "trace", "on"), "the agent's log has level trace now\n");
    equal(JSON.parse(await ask("status", "--json")).log_level, "trace");
    equal(await ask("debug", "trace", "off"), "the agent's log has level info now\n");
    ok(JSON.parse(await ask("debug", "pprof")).resident_bytes > 10_000_000);
    const { nodes, samples } = JSON.parse(await ask("debug", "pprof", "profile", "--seconds", "1"));
    ok(nodes.length > 1 && samples.length > 1, "a profile of V8");
  });

  await t.step("doctor says that the agent sees what its devices count", async () => {
    const text = await ask("doctor", "--network-namespace", host.path);
    match(text, /^ +requirement +found +what to do\nok +kernel +Linux /);
    match(text, /\n\nthe running agent sees what its devices count\n$/);
    const { requirements, hooks, findings } = JSON.parse(
      await ask("doctor", "--json", "--network-namespace", host.path),
    );
    deepEqual([hooks, findings], [[], []]);
    ok(requirements.length > 8);
  });

  await t.step("health and metrics answer on their ports, flows and books on health's, for who is local", async () => {
    const served = (what: string) =>
      agent.log.split("\n").filter(Boolean).map((line) => JSON.parse(line)).find((line) => line.what === what)?.where;
    const get = (what: string, path: string) =>
      run("nsenter", [
        `--net=${host.path}`,
        Deno.execPath(),
        "eval",
        `console.log(await (await fetch("http://${served(what)}${path}")).text())`,
      ]);
    await until("metrics to be served", () => served("metrics"));
    for (const path of ["/livez", "/readyz", "/startup"]) equal(get("health", path), "ok\n");
    // asking is traffic, too
    ok(JSON.parse(get("health", "/flows")).total > flowCount);
    equal(JSON.parse(get("health", "/books")).closed, true);
    const families = parseExposition(get("metrics", "/metrics").replace(/\n\n$/, "\n"));
    ok(parseExposition(get("metrics", "/metrics/standard").replace(/\n\n$/, "\n")).has("weir_build_info"));
    match(get("metrics", "/metrics/debug"), /^off: /);
    equal(JSON.parse(get("metrics", "/metrics:summary")).debug_metrics_enabled, false);
    for (const path of ["/debug/trace", "/debug/packet-trace"]) {
      equal(get("health", path), path.endsWith("packet-trace") ? "only over the agent's socket\n\n" : "not found\n\n");
    }
    ok(families.get("weir_flow_spans_active")!.samples[0]!.value > flowCount);
    const { samples } = families.get("weir_packets_total")!;
    ok(samples.find(({ labels }) => labels.outcome === "counted")!.value > flowCount);
    equal(get("metrics", "/books"), "not found\n\n");
  });

  await t.step("run ends at SIGINT, with every flow handed out", async () => {
    const { code, books } = await agent.stop("SIGINT");
    equal(code, 0);
    equal(books.closed, true);
    equal(books.packets.handed_out, books.packets.counted);
    ok(books.packets.handed_out > flowCount);
  });
});
