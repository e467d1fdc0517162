/** Filters of a configuration file on live traffic: which flows come out, and where the others are booked. */
import { deepEqual, equal } from "node:assert/strict";
import { AgentProcess } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import type { TrafficOptions } from "../support/generator.ts";
import { NetworkLab, until } from "../support/network_lab.ts";
import { sumCounted } from "../support/span_sums.ts";
import { PORT, untilQuiet } from "../support/tcp_hosts.ts";
import { openWire } from "../support/wire.ts";

/** Flows by a word for each, with a number of packets of its own. */
const TRAFFIC = {
  web: { source: "10.77.0.1", destinationPort: 443, protocol: "tcp", packets: 101 },
  dns: { source: "10.78.0.1", destinationPort: 53, packets: 103 },
  app: { source: "10.79.0.1", destinationPort: 8_080, packets: 107 },
  ping: { source: "10.80.0.1", protocol: "icmp", packets: 109 },
  six: { source: "fd77::1", version: 6, destinationPort: 8_443, packets: 113 },
} as const satisfies Record<string, Partial<TrafficOptions> & { packets: number }>;
type Word = keyof typeof TRAFFIC;
const WORDS = Object.keys(TRAFFIC) as Word[];

/** kernel: packets of these are not even counted. */
const CASES: ReadonlyArray<{ what: string; filter: string; passes: Word[]; kernel: Word[] }> = [
  {
    what: "allows a port, and nothing without one",
    filter: "destination: { port: { match: [443] } }",
    passes: ["web"],
    kernel: ["dns", "app", "ping", "six"],
  },
  {
    what: "denies an address, as the initiator's",
    filter: "source: { address: { not_match: [10.78.0.1] } }",
    passes: ["web", "app", "ping", "six"],
    kernel: [],
  },
  {
    what: "knows ranges of ports, and what is denied within them",
    filter: 'destination: { port: { match: ["0-999", "8000-8999"], not_match: ["50-60"] } }',
    passes: ["web", "app", "ping", "six"],
    kernel: ["dns"],
  },
  {
    what: "knows prefixes of both IP versions",
    filter: 'source: { address: { match: [10.76.0.0/14, "fd77::/16"], not_match: [10.79.0.0/24] } }',
    passes: ["web", "dns", "six"],
    kernel: ["app", "ping"],
  },
  {
    what: "knows globs of protocols",
    filter: 'network: { transport: { match: ["{udp,icmp}"] } }',
    passes: ["dns", "app", "ping", "six"],
    kernel: ["web"],
  },
  {
    what: "joins its keys: each has to let a flow pass",
    filter: "network: { type: { match: [ipv4] }, transport: { not_match: [icmp*] } }, " +
      'destination: { port: { not_match: ["443"] } }',
    passes: ["dns", "app"],
    // the kernel cannot know that 443 is the responder's
    kernel: ["ping", "six"],
  },
  {
    what: "judges TTL and flags in user space",
    filter: "flow: { ip_ttl: { match: [64] }, tcp_flags_tags: { not_match: [psh] } }",
    passes: ["dns", "app", "ping", "six"],
    kernel: [],
  },
  {
    what: "takes a device out of sight",
    filter: 'network: { interface_name: { not_match: ["ne?r"] } }',
    passes: [],
    kernel: WORDS,
  },
];

const packetsOf = (words: readonly Word[]) => words.reduce((sum, word) => sum + TRAFFIC[word].packets, 0);

for (const { what, filter, passes, kernel } of CASES) {
  Deno.test(`filter ${what}`, async () => {
    await using wire = await openWire({ args: ["--output", "json"], settings: `filter: { ${filter} }` });
    for (const word of WORDS) await wire.send(TRAFFIC[word]);
    const { code, spans, books, log } = await wire.agent.stop();
    equal(code, 0, log);
    assertFinalBooks(books);
    assertNothingLost(books);
    const sources = new Set(spans.map(({ attributes }) => attributes["source.address"]));
    deepEqual(WORDS.filter((word) => sources.has(TRAFFIC[word].source)), passes);
    equal(sumCounted(spans).packets, packetsOf(passes));
    const { filtered, filtered_flow, handed_out } = books.packets;
    const late = WORDS.filter((word) => !passes.includes(word) && !kernel.includes(word));
    deepEqual([filtered, filtered_flow, handed_out], [kernel, late, passes].map(packetsOf));
    deepEqual(books.audit.map(({ verdict }) => verdict), ["equal"]);
  });
}

Deno.test("filter judges connections by what they were like in the end: state and flags", async () => {
  using lab = new NetworkLab();
  const [client, server] = [lab.namespace("client"), lab.namespace("server")];
  lab.veth(client, "c0", server, "s0", "10.5.0.1/24", "10.5.0.2/24");
  const settings = Deno.makeTempFileSync({ prefix: "weirtest-", suffix: ".yaml" });
  Deno.writeTextFileSync(settings, "filter: { flow: { tcp_flags_tags: { match: [rst] } } }");
  try {
    await using agent = await AgentProcess.start({
      namespace: server,
      args: ["--interface", "s0", "--output", "json", "--config", settings],
    });
    using listener = server.within(() => Deno.listen({ hostname: "10.5.0.2", port: PORT }));
    const connecting = client.within(() => Deno.connect({ hostname: "10.5.0.2", port: PORT }));
    const [there, here] = [await connecting, await listener.accept()];
    there.close();
    here.close();
    const refused = client.within(() => Deno.connect({ hostname: "10.5.0.2", port: PORT + 1 }));
    await refused.then((connection) => connection.close(), () => {});
    await untilQuiet({ client, server });
    await until("everything to be counted", async () => (await agent.askJson("/books")).packets.seen >= 9);
    const { code, spans, books, log } = await agent.stop();
    equal(code, 0, log);
    assertFinalBooks(books);
    const tcp = spans.filter(({ attributes }) => attributes["network.transport"] === "tcp");
    deepEqual(tcp.map(({ attributes }) => attributes["destination.port"]), [PORT + 1]);
    // SYN, SYN-ACK and ACK are not all of a connection that was let end by both
    equal(books.packets.filtered_flow >= 6, true, JSON.stringify(books.packets));
  } finally {
    Deno.removeSync(settings);
  }
});
