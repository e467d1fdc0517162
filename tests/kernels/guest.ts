/**
 * The tests in a guest of the kernel matrix: the kernel suite, then the agent on live traffic.
 *
 *     deno run -A tests/kernels/guest.ts 1      1: on tunnel, VLAN and dummy devices, too
 */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { AgentRun, type Capture, checkBooks, describe, passed } from "./guest_capture.ts";
import {
  deviceBytes,
  DUMMY,
  type Ends,
  openUppers,
  openWire,
  Peer,
  TUNNELS,
  type Upper,
  VLAN_ID,
  VLANS,
  WIRE4,
  WIRE6,
} from "./guest_network.ts";
import { echoTcp, echoUdp, tcpSegmentsSent } from "./guest_traffic.ts";
import { sendReport } from "./report.ts";

const DENO = ["deno", "run", "--cached-only", "--no-check", "-A"];
const UDP_COUNT = 100;
const UDP_PAYLOAD_BYTES = 100;
const UDP_BYTES = 20 + 8 + UDP_PAYLOAD_BYTES;
const ETHERNET_BYTES = 14;
const IPV6_MORE_BYTES = 20;
const PING_COUNT = 5;
const PING_BYTES = 14 + 20 + 8 + 56;
const TCP_BYTES = 300_000;
const PORT = 5000;
const TCX_SINCE = [6, 6];

/** Runs the kernel suite and reports how many passed. */
async function runSuite(): Promise<void> {
  // the model is the same on every kernel, and slow under emulation
  const ignore = "--ignore=tests/bpf/slot_protocol_model_test.ts";
  const args = ["test", "--cached-only", "--no-check", "-A", ignore, "tests/bpf"];
  const { stdout, stderr } = await new Deno.Command("deno", { args }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  console.log(text);
  const summary = /\| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/.exec(text);
  const [, passed, failed, skipped] = (summary ?? ["", "0", "1", "0"]).map((count) => Number(count ?? 0));
  sendReport({ suite: { passed: passed!, failed: failed!, skipped: skipped! } });
}

async function check(name: string, work: () => Promise<void>): Promise<void> {
  let ok = true;
  try {
    await work();
  } catch (error) {
    ok = false;
    console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
  }
  sendReport({ check: { name, ok } });
}

/** tcx from 6.6 on, tc before: and on all devices the same. */
function checkAttachMode({ log }: Capture, devices: number): void {
  const [major, minor] = Deno.osRelease().split(".").map(Number) as [number, number];
  const expected = major > TCX_SINCE[0]! || (major === TCX_SINCE[0] && minor >= TCX_SINCE[1]!) ? "tcx" : "tc";
  const found = [...log.matchAll(/Attached to \S+ by (tcx?)/g)].map((match) => match[1]);
  assert.deepEqual(found, Array(devices).fill(expected), log);
  sendReport({ attach: expected });
}

/** Datagrams from there to here and as many back. */
async function exchangeUdp(peer: Peer, here: string, there: string): Promise<void> {
  const echo = await echoUdp(here, PORT);
  const order = { kind: "udp", from: there, to: here, port: PORT, count: UDP_COUNT } as const;
  await peer.send({ ...order, payloadBytes: UDP_PAYLOAD_BYTES });
  echo.close();
}

/** A transfer from there to here and back. Returns the segments that each end sent. */
async function exchangeTcp(peer: Peer, { here, there }: Ends): Promise<{ there: number; here: number }> {
  const before = tcpSegmentsSent();
  const echo = await echoTcp(here, PORT);
  const { segments } = await peer.send({ kind: "tcp", from: there, to: here, port: PORT, bytes: TCP_BYTES });
  echo.close();
  return { there: segments, here: tcpSegmentsSent() - before };
}

/** UDP, TCP and ICMP over IPv4 and IPv6 on a plain wire. */
async function captureWire(peer: Peer): Promise<void> {
  const agent = new AgentRun(DENO, [WIRE4.device]);
  await agent.attached();
  const segments = { there: 0, here: 0 };
  for (const { here, there } of [WIRE4, WIRE6]) {
    await exchangeUdp(peer, here, there);
    peer.ping(here, PING_COUNT);
    const exchanged = await exchangeTcp(peer, { here, there });
    segments.there += exchanged.there;
    segments.here += exchanged.here;
  }
  const capture = await agent.stop();
  checkAttachMode(capture, 1);
  checkBooks(capture);
  const more = { [WIRE4.here]: 0, [WIRE6.here]: IPV6_MORE_BYTES };
  const found = { there: 0, here: 0 };
  for (const { here, there } of [WIRE4, WIRE6]) {
    const udp = { packets: UDP_COUNT, bytes: UDP_COUNT * (ETHERNET_BYTES + UDP_BYTES + more[here]!) };
    const icmp = here === WIRE4.here
      ? { name: "icmp", packets: PING_COUNT, bytes: PING_COUNT * PING_BYTES }
      : undefined;
    for (const [from, to] of [[there, here], [here, there]] as const) {
      assert.deepEqual(passed(capture.spans, "udp", from, to), udp, `UDP from ${from}`);
      if (icmp) {
        const { packets, bytes } = icmp;
        assert.deepEqual(passed(capture.spans, icmp.name, from, to), { packets, bytes }, `ICMP from ${from}`);
      }
    }
    found.there += passed(capture.spans, "tcp", there, here).packets;
    found.here += passed(capture.spans, "tcp", here, there).packets;
  }
  assert.deepEqual(found, segments, "TCP segments");
}

/** UDP through each of these devices, and to the dummy device. `below`: the wire under them is watched, too. */
async function captureUppers(peer: Peer, uppers: readonly Upper[], below: readonly string[]): Promise<Capture> {
  const devices = [...below, DUMMY.device, ...uppers.map(({ device }) => device)];
  const agent = new AgentRun(DENO, devices);
  await agent.attached();
  for (const { here, there } of uppers) await exchangeUdp(peer, here, there);
  await sendToNowhere();
  const capture = await agent.stop();
  checkAttachMode(capture, devices.length);
  checkBooks(capture);
  const expected = uppers.flatMap(({ device, here, there, linkBytes }) => [
    { device, from: there, to: here, bytes: linkBytes + UDP_BYTES },
    { device, from: here, to: there, bytes: linkBytes + UDP_BYTES },
  ]);
  expected.push({ device: DUMMY.device, from: DUMMY.here, to: DUMMY.there, bytes: ETHERNET_BYTES + UDP_BYTES });
  for (const { device, from, to, bytes } of expected) {
    const sent = { packets: UDP_COUNT, bytes: UDP_COUNT * bytes };
    assert.deepEqual(passed(capture.spans, "udp", from, to), sent, `${device} from ${from}\n${describe(capture)}`);
  }
  return capture;
}

/** Bulk TCP through each tunnel: frames of many segments. */
async function captureBulk(peer: Peer): Promise<void> {
  const agent = new AgentRun(DENO, TUNNELS.map(({ device }) => device));
  await agent.attached();
  const expected = [];
  for (const tunnel of TUNNELS) {
    const before = deviceBytes(tunnel.device);
    const segments = await exchangeTcp(peer, tunnel);
    const after = deviceBytes(tunnel.device);
    expected.push({ tunnel, segments, received: after.received - before.received, sent: after.sent - before.sent });
  }
  const capture = await agent.stop();
  checkBooks(capture);
  for (const { tunnel: { device, here, there, linkBytes }, segments, received, sent } of expected) {
    const to = passed(capture.spans, "tcp", there, here);
    const from = passed(capture.spans, "tcp", here, there);
    const what = `${device}\n${describe(capture)}`;
    assert.deepEqual({ there: to.packets, here: from.packets }, segments, what);
    // Ethernet in tunnels: some devices count the Ethernet header, some do not, and ARP passes, too
    if (linkBytes === 0) assert.deepEqual([to.bytes, from.bytes], [received, sent], what);
  }
}

async function captureDevices(peer: Peer): Promise<void> {
  await captureBulk(peer);
  const tunnels = await captureUppers(peer, TUNNELS, []);
  assert.equal(tunnels.books.packets.duplicate, 0, describe(tunnels));
  // The wire has the tag beside the frame, the VLAN device not at all: seen twice, counted once.
  const vlans = await captureUppers(peer, VLANS, [WIRE4.device]);
  assert.equal(vlans.books.packets.duplicate, 2 * UDP_COUNT, describe(vlans));
  const vlan = vlans.spans.find(({ attributes }) => attributes["destination.address"] === VLANS[0]!.here);
  assert.equal(vlan?.attributes["weir.vlan.id"], VLAN_ID, describe(vlans));
}

/** Datagrams to the dummy device, which takes them all and gives none on. */
async function sendToNowhere(): Promise<void> {
  const socket = createSocket("udp4");
  const payload = new Uint8Array(UDP_PAYLOAD_BYTES);
  for (let i = 0; i < UDP_COUNT; i++) {
    await new Promise<void>((resolve, reject) => {
      socket.send(payload, PORT, DUMMY.there, (error) => error ? reject(error) : resolve());
    });
  }
  socket.close();
}

/** A check with the other end of the wire at hand. */
async function checkWithPeer(name: string, prepare: () => void, work: (peer: Peer) => Promise<void>): Promise<void> {
  await check(name, async () => {
    prepare();
    const peer = new Peer(DENO);
    await peer.ready();
    await work(peer);
    await peer.close();
  });
}

await runSuite();
await checkWithPeer("live capture", openWire, captureWire);
if (Deno.args[0] === "1") {
  await checkWithPeer("devices", openUppers, captureDevices);
}
sendReport({ done: true });
Deno.exit(); // a check that failed may have left something running
