/** debug packet-trace on real wires: what is shown, what bounds it, and that flows lose nothing by it. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { TraceLine } from "../../src/serve/trace_stream.ts";
import { protocolNumber } from "../../src/protocol_number.ts";
import { packetText } from "../../src/verbs/show_packets.ts";
import { UsageError } from "../../src/errors.ts";
import { startCommand, weir } from "../support/agent_process.ts";
import { run, until } from "../support/network_lab.ts";
import { requires } from "../support/requires.ts";
import { Stranger } from "../support/stranger.ts";
import { openWire, type Wire } from "../support/wire.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A trace that goes on, as a process of its own. */
class RunningTrace {
  readonly #child: Deno.ChildProcess;
  #stdout = "";
  #stderr = "";
  readonly #read: Promise<void>[];

  private constructor(words: string[]) {
    const args = [...startCommand(), "debug", "packet-trace", "on", ...words];
    this.#child = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdout: "piped", stderr: "piped" }).spawn();
    this.#read = [
      this.#collect(this.#child.stdout, (text) => this.#stdout += text),
      this.#collect(this.#child.stderr, (text) => this.#stderr += text),
    ];
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      add(text);
    }
  }

  /** Returns when its programs are on the wire's hooks. */
  static async start(wire: Wire, ...words: string[]): Promise<RunningTrace> {
    const trace = new RunningTrace(["--json", "--socket", wire.agent.socket, ...words]);
    await until("the trace to be attached", async () => (await programs(wire, "egress"))[0]?.startsWith("weir_trace"));
    return trace;
  }

  get lines(): TraceLine[] {
    return this.#stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  stop(): void {
    this.#child.kill("SIGINT");
  }

  /** What it said last. */
  async ended(): Promise<string> {
    await this.#child.status;
    await Promise.all(this.#read);
    return this.#stderr;
  }
}

/** Names of programs on the agent's hook, in order. */
async function programs({ agent }: Wire, hook: string): Promise<string[]> {
  const { interfaces } = await agent.askJson("/interfaces");
  const near = interfaces.find(({ name }: { name: string }) => name === "near");
  return near.hooks[hook].programs.map(({ name }: { name: string }) => name);
}

const TEXT_LINE =
  /^(\d+) packets shown of (\d+) that were asked for on 1 device \((.*)\); not shown: (\d+) over the rate, (\d+) that no room was for\n$/;

for (const mode of ["tcx", "tc"] as const) {
  const place = mode === "tcx" ? { tcx: "first" as const } : { tc: 1 };
  requires(
    mode,
    mode === "tcx" ? "6.6" : "5.8",
    `debug packet-trace shows packets on ${mode}, behind a stranger`,
    async () => {
      const where = mode === "tcx" ? ["--tcx-order", "last"] : ["--tc-priority", "7"];
      await using wire = await openWire({ args: ["--output", "none", "--attach", mode, ...where] });
      using stranger = new Stranger({ namespace: wire.here, device: "near", hook: "ingress", verdict: "goOn", place });
      ok(stranger.isThere());
      const trace = await RunningTrace.start(wire, "--count", "53");
      deepEqual((await programs(wire, "ingress")).map((name) => name.replace(/weirf?_ingress/, "ours")), [
        "stranger",
        "weir_trace_in",
        "ours",
      ]);
      await wire.send({ flows: 3, packets: 1_009, rate: 500 });
      const [, shown, matched, why, overRate, noRoom] = TEXT_LINE.exec(await trace.ended())!;
      deepEqual([shown, why, overRate, noRoom], ["53", "as many as were asked for", "0", "0"]);
      ok(Number(matched) >= 53);
      equal(trace.lines.length, 53);
      for (const line of trace.lines) {
        equal(line.interface, "near");
        equal(line.hook, "ingress");
        equal(line.ingress_interface, "near");
        ok(Math.abs(Number(BigInt(line.time_unix_nano) / 1_000_000n) - Date.now()) < 60_000, "of now");
      }
      equal((await programs(wire, "ingress")).length, 2, "it is gone");
      const { books } = await wire.agent.stop();
      equal(books.closed, true);
      equal(books.packets.counted >= 1_009, true, "packets went on");
      deepEqual(Object.values(books.packets.lost), [0, 0]);
    },
  );
}

Deno.test("debug packet-trace is bounded in rate, and flows lose nothing while 100,000 packets a second pass", async () => {
  await using wire = await openWire({ args: ["--output", "none"] });
  const trace = await RunningTrace.start(wire, "--count", "100000", "--rate", "101", "--protocol", "udp");
  await wire.send({ flows: 101, packets: 100_003, rate: 100_000 });
  await until("a packet to be shown", () => trace.lines.length > 0);
  const off = await weir("debug", "packet-trace", "off", "--socket", wire.agent.socket);
  deepEqual([off.code, off.stdout], [0, "the trace that went on is ended\n"]);
  const [, shown, matched, why, overRate, noRoom] = TEXT_LINE.exec(await trace.ended())!;
  equal(why, "turned off");
  equal(Number(shown) + Number(overRate) + Number(noRoom), Number(matched), "nothing is shown or left out uncounted");
  ok(Number(matched) >= 100_003);
  // in each second that it took, and as many more as CPUs may count at once
  ok(Number(shown) < 4_000, `${shown} shown`);
  const { books } = await wire.agent.stop();
  equal(books.closed, true);
  deepEqual(Object.values(books.packets.lost), [0, 0]);
});

Deno.test("debug packet-trace shows what is asked for by protocol, port, address and interface, and nothing else", async () => {
  await using wire = await openWire({ args: ["--output", "none"] });
  wire.here.ip("address add 10.7.0.1/24 dev near");
  const udp = (address: string, port: number) =>
    run("nsenter", [`--net=${wire.here.path}`, "bash", "-c", `echo -n hello > /dev/udp/${address}/${port}`]);
  const asked = async (words: string[], send: () => void): Promise<TraceLine[]> => {
    const trace = await RunningTrace.start(wire, ...words);
    send();
    trace.lines.length || await until("a packet", () => trace.lines.length > 0);
    trace.stop();
    match(await trace.ended(), /packets shown, then ended\n$/);
    return trace.lines;
  };
  // without an answer from over there, packets wait for their neighbour: it is told
  wire.here.ip("neigh add 10.7.0.2 lladdr 02:00:00:00:00:02 dev near");
  wire.here.ip("neigh add 10.7.0.3 lladdr 02:00:00:00:00:03 dev near");
  const send = () => {
    udp("10.7.0.2", 1_009);
    udp("10.7.0.3", 1_013);
  };
  const said = ({ protocol, destination, destinationPort, payloadBytes }: TraceLine) => [
    protocol,
    destination,
    destinationPort,
    payloadBytes,
  ];
  deepEqual((await asked(["--port", "1013"], send)).map(said), [[17, "10.7.0.3", 1_013, 5]]);
  deepEqual((await asked(["--address", "10.7.0.2"], send)).map(said), [[17, "10.7.0.2", 1_009, 5]]);
  deepEqual((await asked(["--address", "10.7.0.3/32", "--protocol", "17", "-i", "ne*"], send)).map(said), [
    [17, "10.7.0.3", 1_013, 5],
  ]);
  const nobody = await weir(...[
    "debug",
    "packet-trace",
    "-i",
    "eth*",
    "--duration",
    "1s",
    "--socket",
    wire.agent.socket,
  ]);
  match(nobody.stderr, /^0 packets shown of 0 .* on 0 devices \(time is over\)/);
});

Deno.test("debug packet-trace refuses what it cannot show, and a second trace", async () => {
  await using wire = await openWire({ args: ["--output", "none"] });
  const refused = async (...words: string[]) => {
    const { code, stdout, stderr } = await weir("debug", "packet-trace", ...words, "--socket", wire.agent.socket);
    equal(stdout, "");
    return [code, stderr];
  };
  match(`${await refused("--address", "10.0.0.0/33")}`, /Cannot use address 10\.0\.0\.0\/33: write 10\.0\.0\.1, /);
  match(`${await refused("--address", "nobody")}`, /Cannot use address nobody: /);
  match(`${await refused("--protocol", "tcpp")}`, /^2,weir: Cannot use protocol tcpp: write tcp, /);
  match(`${await refused("--duration", "2h")}`, /^2,weir: .*at most 600s are possible/);
  match(`${await refused("maybe")}`, /^2,weir: Cannot use "maybe": there are on, off/);
  const trace = await RunningTrace.start(wire);
  match(`${await refused()}`, /^1,weir: .*another trace goes on; wait for its end, or turn it off/);
  trace.stop();
  await trace.ended();
  deepEqual((await weir("debug", "packet-trace", "off", "--socket", wire.agent.socket)).stdout, "no trace went on\n");
});

Deno.test("an agent that stops ends the trace with it, and leaves no filter behind", async () => {
  await using wire = await openWire({ args: ["--output", "none", "--attach", "tc"] });
  const trace = await RunningTrace.start(wire);
  const { books, code } = await wire.agent.stop();
  deepEqual([code, books.closed], [0, true]);
  match(await trace.ended(), /packets shown/);
  for (const hook of ["ingress", "egress"]) equal(wire.here.tc(`filter show dev near ${hook}`), "");
  equal(/clsact/.test(wire.here.tc("qdisc show dev near")), false);
});

const PACKET: TraceLine = {
  time_unix_nano: "1700000000123456789",
  interface: "eth0",
  hook: "egress",
  ingress_interface: null,
  bytes: 1_514,
  segments: 1,
  ethertype: 0x0800,
  vlan: 0,
  vlanInner: 0,
  verdict: 0,
  source: "10.0.0.1",
  destination: "10.0.0.2",
  protocol: 6,
  sourcePort: 443,
  destinationPort: 50_021,
  isFragment: false,
  ttl: 64,
  tcpFlags: 0x12,
  sequence: 7,
  acknowledgment: 9,
  payloadBytes: 0,
};

Deno.test("packetText() says of each kind of packet what tells it apart", () => {
  const text = (facts: Partial<TraceLine>) => packetText({ ...PACKET, ...facts });
  equal(
    text({}),
    "22:13:20.123456 eth0 egress tcp 10.0.0.1:443 > 10.0.0.2:50021 SYN+ACK seq 7 ack 9 ttl 64 payload 0 of 1514 bytes",
  );
  equal(
    text({ protocol: 58, source: "fd00::1", destination: "fd00::2", sourcePort: 128, destinationPort: 0, vlan: 7 }),
    "22:13:20.123456 eth0 egress vlan 7 icmpv6 fd00::1 > fd00::2 type 128 code 0 ttl 64 payload 0 of 1514 bytes",
  );
  match(
    text({ protocol: 17, source: "fd00::1", ingress_interface: "veth3", segments: 3, isFragment: true }),
    / eth0 egress \(from veth3\) udp \[fd00::1\]:443 > 10\.0\.0\.2:50021 fragment ttl 64 .* in 3 segments$/,
  );
  match(text({ verdict: 16, ethertype: 0x806 }), / egress ethertype 0x0806 payload/);
  match(text({ verdict: 10 }), / malformed: tcp_header_length /);
  match(text({ verdict: 15 }), / malformed: 15 /);
});

Deno.test("protocolNumber() knows names and numbers", () => {
  deepEqual(["tcp", "UDP", "icmpv6", "sctp", "0", "255"].map(protocolNumber), [6, 17, 58, 132, 0, 255]);
  for (const text of ["", "tcpp", "256", "-1", "1e1"]) {
    try {
      ok(protocolNumber(text) < 0);
    } catch (error) {
      ok(error instanceof UsageError, text);
    }
  }
});
