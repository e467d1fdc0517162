/** TCP by real sockets: what the two ends' kernels say that they sent is what weir counted, and how it went. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import { AgentProcess, type Ended } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { type Namespace, NetworkLab, run, until } from "../support/network_lab.ts";
import { attribute, sumSpans } from "../support/span_sums.ts";

const CLIENT = "10.5.0.1";
const SERVER = "10.5.0.2";
const SERVER_6 = "fd05::2";
const PORT = 8_000;

/** Two hosts and a wire; each has an agent of its own. */
interface Hosts extends AsyncDisposable {
  client: Namespace;
  server: Namespace;
  /** Stops both agents: the client's, the server's. */
  stop(): Promise<[Ended, Ended]>;
}

async function openHosts(lab: NetworkLab): Promise<Hosts> {
  const [client, server] = [lab.namespace("client", { ipv6: true }), lab.namespace("server", { ipv6: true })];
  lab.veth(client, "c0", server, "s0", `${CLIENT}/24`, `${SERVER}/24`);
  client.ip("address add fd05::1/64 dev c0 nodad");
  server.ip(`address add ${SERVER_6}/64 dev s0 nodad`);
  const start = (namespace: Namespace, device: string) =>
    AgentProcess.start({ namespace, args: ["--interface", device, "--output", "json"] });
  const agents = await Promise.all([start(client, "c0"), start(server, "s0")]);
  return {
    client,
    server,
    async stop() {
      const [ofClient, ofServer] = await Promise.all(agents.map((agent) => agent.stop()));
      for (const { code, books, log } of [ofClient!, ofServer!]) {
        equal(code, 0, log);
        assertFinalBooks(books);
        assertNothingLost(books);
      }
      return [ofClient!, ofServer!];
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
    },
  };
}

const isTcp = (span: FlowSpan) => span.attributes["network.transport"] === "tcp";

/** Packets of both directions, at both ends, against what the kernels counted. All connections are the client's. */
function assertSegments(hosts: Hosts, ended: [Ended, Ended]): void {
  // the kernel counts a segment that it sends again apart
  const sentBy = (host: Namespace) => host.snmp("Tcp", "OutSegs") + host.snmp("Tcp", "RetransSegs");
  const [fromClient, fromServer] = [sentBy(hosts.client), sentBy(hosts.server)];
  for (const { spans } of ended) {
    const tcp = spans.filter(isTcp);
    equal(sumSpans(tcp, "forward").packets, fromClient, "from the client");
    equal(sumSpans(tcp, "reverse").packets, fromServer, "from the server");
    for (const { attributes } of tcp) equal(attributes["weir.counted"], "both");
  }
}

const [TIME_WAIT, LISTEN] = ["06", "0A"];

/** Waits until no connection has anything left to say. */
async function untilQuiet({ client, server }: Hosts): Promise<void> {
  const states = (host: Namespace) =>
    ["tcp", "tcp6"].flatMap((file) =>
      host.read(`/proc/thread-self/net/${file}`).trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/)[3]!)
    );
  await until(
    "connections to end",
    () => [client, server].flatMap(states).every((state) => state === TIME_WAIT || state === LISTEN),
  );
}

/** The one span of the connection from this port. */
function spanFrom(ended: Ended, port: number): FlowSpan {
  const found = ended.spans.filter(({ attributes }) => attributes["source.port"] === port);
  equal(found.length, 1, `spans from port ${port}`);
  return found[0]!;
}

const portOf = (connection: Deno.Conn) => (connection.localAddr as Deno.NetAddr).port;

Deno.test("run tells of TCP connections: handshake times, ends by FIN and by RST, a refusal", async () => {
  using lab = new NetworkLab();
  await using hosts = await openHosts(lab);
  const { client, server } = hosts;
  using listener = server.within(() => Deno.listen({ hostname: SERVER, port: PORT }));
  const connect = async (): Promise<[Deno.Conn, Deno.Conn]> => {
    const connecting = client.within(() => Deno.connect({ hostname: SERVER, port: PORT }));
    return [await connecting, await listener.accept()];
  };

  // talks, and both ends close
  const [talker, listened] = await connect();
  await talker.write(new Uint8Array(5_000));
  for (let got = 0; got < 5_000;) got += await listened.read(new Uint8Array(5_000)) ?? 5_000;
  const finPort = portOf(talker);
  talker.close();
  equal(await listened.read(new Uint8Array(1)), null);
  listened.close();

  // closes with something unread: that is a reset
  const [rude, speaker] = await connect();
  await speaker.write(new Uint8Array(100));
  await until("data to lie unread", () => client.snmp("Tcp", "InSegs") >= server.snmp("Tcp", "OutSegs"));
  const resetPort = portOf(rude);
  rude.close();
  await until("the reset", () => client.snmp("Tcp", "OutRsts") >= 1);
  speaker.close();

  // nobody listens
  await client.within(() => Deno.connect({ hostname: SERVER, port: PORT + 1 })).then(
    () => ok(false, "connected"),
    (error) => ok(error instanceof Deno.errors.ConnectionRefused, error),
  );

  await untilQuiet(hosts);
  const ended = await hosts.stop();
  assertSegments(hosts, ended);
  for (const one of ended) {
    const { attributes: fin } = spanFrom(one, finPort);
    deepEqual(fin["flow.tcp.flags.tags"], ["fin", "syn", "psh", "ack"]);
    ok(Number(fin["flow.tcp.handshake.latency"]) > 0);
    equal(fin["weir.tcp.rtt.responder"], fin["flow.tcp.handshake.latency"]);
    ok(Number(fin["weir.tcp.rtt.initiator"]) > 0);
    equal(fin["flow.end_reason"], "end of Flow detected");
    equal(fin["weir.tcp.retransmitted.packets.at_least"], 0);
    const { attributes: reset } = spanFrom(one, resetPort);
    ok((reset["flow.tcp.flags.tags"] as string[]).includes("rst"));
    equal(reset["flow.end_reason"], "end of Flow detected");
    const refused = one.spans.filter(({ attributes }) => attributes["destination.port"] === PORT + 1);
    equal(refused.length, 1);
    deepEqual(refused[0]!.attributes["flow.reverse.tcp.flags.tags"], ["rst", "ack"]);
    deepEqual(refused[0]!.attributes["flow.tcp.flags.tags"], ["syn"]);
    equal(refused[0]!.attributes["flow.tcp.handshake.latency"], undefined);
  }
  // both ends give one connection one trace, and one name
  for (const port of [finPort, resetPort]) {
    const [a, b] = ended.map((one) => spanFrom(one, port));
    equal(a!.traceId, b!.traceId);
    equal(a!.attributes["flow.community_id"], b!.attributes["flow.community_id"]);
  }
});

/** Bulk TCP from client to server: so many bytes. */
async function bulk(hosts: Hosts, address: string, bytes: string): Promise<void> {
  const enter = (namespace: Namespace) => [`--net=${namespace.path}`, "iperf3"];
  const args = [...enter(hosts.server), "--server", "--one-off", "--port", `${PORT}`];
  const server = new Deno.Command("nsenter", { args, stdout: "null", stderr: "null" }).spawn();
  try {
    const listens = () => /:1F40 [0:]+ 0A /.test(hosts.server.read("/proc/thread-self/net/tcp6"));
    await until("iperf3 to listen", listens);
    run("nsenter", [...enter(hosts.client), "--client", address, "--port", `${PORT}`, "--bytes", bytes]);
  } finally {
    await server.status;
  }
}

Deno.test("run counts the segments of bulk TCP that is cut up later (GSO), over IPv4 and IPv6", async () => {
  using lab = new NetworkLab();
  await using hosts = await openHosts(lab);
  await bulk(hosts, SERVER, "60M");
  await bulk(hosts, SERVER_6, "60M");
  await untilQuiet(hosts);
  const ended = await hosts.stop();
  assertSegments(hosts, ended);
  const forward = sumSpans(ended[0].spans.filter(isTcp), "forward");
  ok(forward.frames < forward.packets / 4, `frames ${forward.frames}, packets ${forward.packets}`);
  const { bytes, wire_bytes } = ended[0].books;
  ok(wire_bytes.counted > bytes.counted, "each segment has headers of its own on the wire");
  deepEqual(ended[0].books.audit.map(({ verdict }) => verdict), ["equal"]);
});

Deno.test("run tells of retransmissions on a lossy wire, never of more than there were", async () => {
  using lab = new NetworkLab();
  await using hosts = await openHosts(lab);
  hosts.server.nft(`
    add table inet loss
    add chain inet loss in { type filter hook prerouting priority -300; }
    add rule inet loss in tcp dport ${PORT} numgen inc mod 50 == 49 drop`);
  await bulk(hosts, SERVER, "2M");
  await untilQuiet(hosts);
  const retransmitted = hosts.client.snmp("Tcp", "RetransSegs");
  const ended = await hosts.stop();
  assertSegments(hosts, ended);
  for (const { spans } of ended) {
    const told = spans.filter(isTcp).reduce(
      (sum, span) => sum + attribute(span, "weir.tcp.retransmitted.packets.at_least"),
      0,
    );
    ok(told > 0 && told <= retransmitted, `told ${told} of ${retransmitted}`);
  }
  match(JSON.stringify(ended[0].books.audit), /"equal"/);
});
