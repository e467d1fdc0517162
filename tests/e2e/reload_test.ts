/** Settings that change under traffic: no packet is lost, and every exporter's books close. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type AgentOptions, AgentProcess, weir } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { generate, type Sent } from "../support/generator.ts";
import { type Namespace, NetworkLab, until } from "../support/network_lab.ts";
import { openReceiver } from "../support/otlp_receiver.ts";
import { sumCounted } from "../support/span_sums.ts";

const RATE = 100_000;
/** Of packets that the generator sends: decided in the kernel. */
const KERNEL_FILTER = "{ network: { transport: { match: [tcp] } } }";
/** Decided when a record is handed out. */
const RECORD_FILTER = "{ flow: { connection_state: { match: [established] } } }";

/** Two wires into the namespace that an agent watches from outside, and its file. */
class ReloadBed implements AsyncDisposable {
  readonly #lab = new NetworkLab();
  readonly #here = this.#lab.namespace("here");
  readonly #there = this.#lab.namespace("there");
  readonly #folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  readonly path = `${this.#folder}/weir.yaml`;
  agent!: AgentProcess;

  static async open(settings: string, options: Partial<AgentOptions> = {}): Promise<ReloadBed> {
    const bed = new ReloadBed();
    for (const name of ["near0", "near1"]) bed.#lab.veth(bed.#there, `far_${name}`, bed.#here, name);
    Deno.writeTextFileSync(bed.path, settings);
    bed.agent = await AgentProcess.start({
      ...options,
      args: ["--network-namespace", bed.#here.path, "--config", bed.path, ...options.args ?? []],
    });
    return bed;
  }

  get here(): Namespace {
    return this.#here;
  }

  send(name: string, seconds: number, source: string, flows = 211): Promise<Sent> {
    const packets = Math.round(RATE * seconds);
    return generate({ interface: `far_${name}`, namespace: this.#there.name, rate: RATE, packets, flows, source });
  }

  /** Another file, and word of it; returns when it is in force. */
  async reload(settings: string): Promise<void> {
    const before = (await this.agent.askJson("/status")).settings;
    Deno.writeTextFileSync(this.path, settings);
    Deno.kill(this.agent.pid, "SIGHUP");
    await until("the settings to be read", async () => {
      const now = (await this.agent.askJson("/status")).settings;
      return now.reloads + now.failed_reloads > before.reloads + before.failed_reloads;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    this.#lab[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

interface Parts {
  interfaces: string;
  receivers: Record<string, URL>;
  udpTimeout: string;
  filter?: string;
}

function settings(parts: Parts): string {
  const otlp = Object.entries(parts.receivers).map(([name, url]) =>
    `${name}: { endpoint: "${url.origin}", protocol: http_binary, max_batch_interval: 100ms }`
  );
  return [
    `discovery: { instrument: { interfaces: [${parts.interfaces}] } }`,
    `span: { udp_timeout: ${parts.udpTimeout}, max_record_interval: 1s }`,
    `export: { traces: { otlp: { ${otlp.join(", ")} } } }`,
    ...(parts.filter ? [`filter: ${parts.filter}`] : []),
  ].join("\n");
}

Deno.test("run changes interfaces, filters, timeouts and receivers at 100,000 packets/s, and its books close to the packet", async () => {
  await using first = await openReceiver("http_binary", ["ok"]);
  await using second = await openReceiver("http_binary", ["ok"]);
  const [a, b] = [first.url, second.url];
  await using bed = await ReloadBed.open(settings({ interfaces: "near0", receivers: { a }, udpTimeout: "1s" }), {
    args: ["--output", "json"],
  });
  const traffic = bed.send("near0", 4, "10.21.0.1");
  await until("records to be handed out", async () => (await bed.agent.askJson("/books")).packets.handed_out > 0);
  const changes = [
    { interfaces: "near0, near1", receivers: { a }, udpTimeout: "1s" },
    { interfaces: "near0, near1", receivers: { a, b }, udpTimeout: "2s" },
    { interfaces: "near0, near1", receivers: { b }, udpTimeout: "1s", filter: KERNEL_FILTER },
    { interfaces: "near0, near1", receivers: { b }, udpTimeout: "1s", filter: RECORD_FILTER },
    { interfaces: "near0, near1", receivers: { a: b, b: a }, udpTimeout: "3s" },
  ];
  for (const change of changes) {
    await bed.reload(settings(change));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await bed.agent.untilAttached("near1");
  const later = await bed.send("near1", 0.5, "10.22.0.1");
  const sent = await traffic;
  await bed.reload(settings({ interfaces: "near1", receivers: { b }, udpTimeout: "1s" }));
  await bed.agent.untilAttached("near0", false);
  await bed.send("near0", 0.1, "10.23.0.1"); // nobody looks there any more

  const { books, code, log, spans } = await bed.agent.stop();
  equal(code, 0, log);
  assertFinalBooks(books);
  assertNothingLost(books);
  for (const measure of ["packets", "bytes"] as const) {
    const { counted, filtered, filtered_flow, handed_out } = books[measure];
    equal(counted + filtered, sent[measure] + later[measure], measure);
    ok(filtered > 0 && filtered_flow > 0, `${measure}: ${filtered} and ${filtered_flow} were kept back`);
    equal(sumCounted(spans)[measure], handed_out, measure);
  }
  const { exporters } = books.packets;
  deepEqual(Object.keys(exporters).toSorted(), ["a", "b", "json"]);
  equal(exporters.json!.out_of_service, 0);
  for (const name of ["a", "b"]) ok(exporters[name]!.exported > 0 && exporters[name]!.out_of_service! > 0, name);
  equal(log.match(/Took settings over \(SIGHUP\)/g)?.length, 6, log);
  deepEqual(books.audit.map(({ verdict }) => verdict), ["equal", "equal"]);
});

Deno.test("run goes on with what it has where the file is wrong, and says so", async () => {
  await using bed = await ReloadBed.open("discovery: { instrument: { interfaces: [near0] } }", {
    args: ["--output", "json"],
  });
  const wrong = ["span: { tcp_timeout: soon }", "discovery: { instrument: { interfaces: [naer0] } }", "discovery: ["];
  for (const text of wrong) await bed.reload(text);
  const { settings } = await bed.agent.askJson("/status");
  deepEqual([settings.reloads, settings.failed_reloads], [0, 3]);
  ok(settings.problem.includes("weir.yaml:1:"), settings.problem);
  const noEffect = "log_color: true\ndiscovery: { instrument: { interfaces: [near0] } }";
  for (let i = 0; i < 2; i++) await bed.reload(noEffect);
  equal(bed.agent.log.match(/weir\.yaml:1:1.*log_color has no effect/g)?.length, 1, bed.agent.log);
  match(bed.agent.log, /"soon" is no length of time/);
  match(bed.agent.log, /Unknown interface "naer0": did you mean "near0"\?/);
  const { packets } = await bed.send("near0", 0.1, "10.24.0.1");
  const { books, code } = await bed.agent.stop();
  equal(code, 0);
  assertFinalBooks(books);
  equal(books.packets.counted, packets);
});

Deno.test("run takes a changed file over by itself where auto_reload is on", async () => {
  await using bed = await ReloadBed.open("auto_reload: true\ndiscovery: { instrument: { interfaces: [near0] } }", {
    args: ["--output", "json"],
  });
  Deno.writeTextFileSync(bed.path, "auto_reload: true\ndiscovery: { instrument: { interfaces: [near1] } }");
  await bed.agent.untilAttached("near1");
  await bed.agent.untilAttached("near0", false);
  equal((await bed.agent.stop()).code, 0);
});

Deno.test("config set changes a running agent, and refuses what it cannot", async () => {
  await using bed = await ReloadBed.open("discovery: { instrument: { interfaces: [near0] } }", {
    args: ["--output", "json"],
  });
  const set = (...words: string[]) => weir("config", "set", "--socket", bed.agent.socket, ...words);
  deepEqual(await set("span.udp_timeout=1s", "limits.flows_max=1009"), {
    code: 0,
    stdout: "span.udp_timeout: set\nlimits.flows_max: set\n",
    stderr: "",
  });
  equal((await set("span.udp_timeout", "1s")).stdout, "span.udp_timeout: was so already\n");
  const { packets } = await bed.send("near0", 0.3, "10.25.0.1", 2_003);
  await until("flows to end by the new timeout", async () => (await bed.agent.askJson("/status")).table.flows === 0);
  const refusals = {
    "limits.slots=131072": /it wants a restart/,
    "limits.flows_max=1000000": /memory was set aside for 262144; restart for more/,
    "span.udp_timeuot=3s": /did you mean span\.udp_timeout\?/,
    "span.udp_timeout=3": /length of time/,
    "span": /KEY=VALUE/,
  };
  for (const [word, message] of Object.entries(refusals)) {
    const { code, stderr } = await set(word);
    equal(code, 2, word);
    match(stderr, message);
  }
  const { books } = await bed.agent.stop();
  assertFinalBooks(books);
  equal(books.packets.counted, packets);
  const aggregates = books.packets.handed_out;
  equal(aggregates, packets);
});

Deno.test("run takes another filter from its file under traffic, and its books close to the packet", async () => {
  const filtered = (filter: string) => `discovery: { instrument: { interfaces: [near0] } }\nfilter: { ${filter} }\n`;
  await using bed = await ReloadBed.open(filtered(""), { args: ["--output", "json"] });
  const traffic = bed.send("near0", 3, "10.24.0.1");
  const filters = [
    "source: { address: { not_match: [10.24.0.0/16, 198.18.0.0/15] } }",
    "network: { transport: { match: [tcp, udp] }, interface_name: { match: [near*] } }",
    "destination: { port: { match: [443] } }",
  ];
  for (const filter of filters) await bed.reload(filtered(filter));
  // a pattern that cannot be read leaves the filter of before
  await bed.reload(filtered("source: { address: { match: [10.24.0.0/99] } }"));
  const sent = await traffic;
  const before = (await bed.agent.askJson("/books")).packets;
  const denied = await bed.send("near0", 0.1, "10.24.0.1");
  equal((await bed.agent.askJson("/books")).packets.filtered, before.filtered + denied.packets);
  await bed.reload(filtered(""));
  const { books, code, log, spans } = await bed.agent.stop();
  equal(code, 0, log);
  assertFinalBooks(books);
  assertNothingLost(books);
  equal(books.packets.seen, sent.packets + denied.packets);
  equal(sumCounted(spans).packets, books.packets.handed_out);
  equal(log.match(/Took settings over \(SIGHUP\): filter/g)?.length, filters.length + 1, log);
  match(log, /filter\.source\.address\.match\[0\].*"10\.24\.0\.0\/99" is no pattern/);
  deepEqual(books.audit.map(({ verdict }) => verdict), ["equal"]);
});

Deno.test("run answers whoever asks while its last records wait for a receiver, and takes no settings then", async () => {
  await using silent = await openReceiver("http_binary", ["silence"]);
  const text = settings({ interfaces: "near0", receivers: { a: silent.url }, udpTimeout: "1s" });
  await using bed = await ReloadBed.open(`${text}\nshutdown_timeout: 7s`, { args: ["--output", "json"] });
  const { packets } = await bed.send("near0", 0.1, "10.26.0.1");
  Deno.kill(bed.agent.pid, "SIGTERM");
  await until("the agent to hand out", async () => (await bed.agent.askJson("/status")).state === "stopped");
  deepEqual(await bed.agent.askJson("/flows"), { total: 0, flows: [] });
  equal((await bed.agent.askJson("/explain?flow=10.26.0.1+10.26.0.2")).more, false);
  equal((await bed.agent.askJson("/books")).packets.counted, packets);
  Deno.kill(bed.agent.pid, "SIGHUP");
  const { code, stderr } = await weir("config", "set", "--socket", bed.agent.socket, "span.udp_timeout=2s");
  equal(code, 2, stderr);
  match(stderr, /Cannot change settings: the agent stops/);
  const ended = await bed.agent.stop(null);
  equal(ended.code, 0, ended.log);
  assertFinalBooks(ended.books);
});
