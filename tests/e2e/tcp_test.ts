/** TCP by real sockets: what the two ends' kernels say that they sent is what weir counted, and how it went. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import { AgentProcess, type Ended } from "../support/agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "../support/books_file.ts";
import { type Namespace, NetworkLab, run, until } from "../support/network_lab.ts";
import { attribute, sumSpans } from "../support/span_sums.ts";
import { bulk, type Hosts, openHosts, PORT, SERVER, SERVER_6, untilQuiet } from "../support/tcp_hosts.ts";

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

/** What the client's hook says that frames are on the wire, against what the server got, already cut up. */
function assertWireBytes([ofClient, ofServer]: [Ended, Ended], transport: string): void {
  const sent = ofClient.spans.filter(({ attributes }) => attributes["network.transport"] === transport);
  const got = ofServer.spans.filter(({ attributes }) => attributes["network.transport"] === transport);
  const [before, after] = [sumSpans(sent), sumSpans(got)];
  ok(before.frames < after.frames / 2, `${before.frames} frames became ${after.frames}`);
  equal(after.frames, after.packets);
  equal(before.packets, after.packets);
  const wireBytes = (spans: FlowSpan[]) =>
    spans.reduce((sum, span) => sum + attribute(span, "weir.wire_bytes.delta"), 0);
  equal(wireBytes(sent), after.bytes);
  equal(wireBytes(got), after.bytes);
}

Deno.test("run knows the wire bytes of frames that are cut up behind its hook, over IPv4 and IPv6", async () => {
  using lab = new NetworkLab();
  await using hosts = await openHosts(lab);
  run("nsenter", [`--net=${hosts.client.path}`, "ethtool", "-K", "c0", "tso", "off"]);
  await bulk(hosts, SERVER, "9M");
  await bulk(hosts, SERVER_6, "9M");
  await untilQuiet(hosts);
  assertWireBytes(await hosts.stop(), "tcp");
});

Deno.test("run knows the wire bytes of a tunnel's frames, all layers of each segment (VXLAN)", async () => {
  using lab = new NetworkLab();
  await using hosts = await openHosts(lab);
  const off = ["tso", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"].flatMap((name) => [name, "off"]);
  run("nsenter", [`--net=${hosts.client.path}`, "ethtool", "-K", "c0", ...off]);
  const ends = [[hosts.client, "c0", "10.5.0.2", "10.6.0.1"], [hosts.server, "s0", "10.5.0.1", "10.6.0.2"]] as const;
  for (const [host, lower, remote, address] of ends) {
    host.ip(`link add name vx0 type vxlan id 7 remote ${remote} dstport 4789 dev ${lower}`);
    host.ip(`address add ${address}/24 dev vx0`);
    // router solicitations come when they like, also between the stops of the two agents
    const quiet = "echo 1 > /proc/sys/net/ipv6/conf/vx0/disable_ipv6";
    run("nsenter", [`--net=${host.path}`, "sh", "-c", quiet]);
    host.ip("link set dev vx0 up");
  }
  await bulk(hosts, "10.6.0.2", "9M");
  await untilQuiet(hosts);
  const ended = await hosts.stop();
  const outer = ({ attributes }: FlowSpan) => attributes["destination.port"] === 4_789;
  assertWireBytes(ended.map((one) => ({ ...one, spans: one.spans.filter(outer) })) as [Ended, Ended], "udp");
});

Deno.test("run on loopback counts each packet once, and agrees with the device", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("host");
  await using agent = await AgentProcess.start({ namespace: host, args: ["--interface", "lo", "--output", "json"] });
  using listener = host.within(() => Deno.listen({ hostname: "127.0.0.1", port: PORT }));
  const client = await host.within(() => Deno.connect({ hostname: "127.0.0.1", port: PORT }));
  const server = await listener.accept();
  await client.write(new Uint8Array(1_000));
  await server.read(new Uint8Array(1_000));
  client.close();
  equal(await server.read(new Uint8Array(1)), null);
  server.close();
  await untilQuiet({ client: host, server: host });
  const { code, books, spans, log } = await agent.stop();
  equal(code, 0, log);
  assertFinalBooks(books);
  assertNothingLost(books);
  equal(spans.length, 1);
  equal(books.packets.counted, host.snmp("Tcp", "OutSegs"));
  equal(sumSpans(spans).packets + sumSpans(spans, "reverse").packets, books.packets.counted);
  equal(books.packets.duplicate, books.packets.counted);
  deepEqual(books.audit.map(({ verdict }) => verdict), ["equal"]);
});
