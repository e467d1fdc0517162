import assert from "node:assert/strict";
import { startCommand, weir } from "../support/agent_process.ts";
import { inFolder } from "../support/folder.ts";
import { assertFinalBooks, assertNothingLost, readBooksFile } from "../support/books_file.ts";
import { CALCULATED, type CommunityIdCase, SPECIFICATION_BASELINE } from "../support/community_id_baseline.ts";
import { path4, path6, pings, START_NS, tcpSession, udpExchange, written } from "../support/golden_captures.ts";
import {
  type Bytes,
  concat,
  ethernet,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  type Layer,
  linuxCooked,
  packet,
  patch,
  raw,
  sctp,
  tcp,
  udp,
} from "../support/packet.ts";
import { LINK_TYPE, pcapFile, pcapngFile, type WrittenFrame } from "../support/pcap_writer.ts";
import { replay } from "../support/replay_process.ts";

const V4 = path4("10.1.0.7", "192.0.2.5");
const SESSION = written(tcpSession(V4));

// Community IDs

/** What an answer's type is to its question's, for messages that have one. */
const ANSWERS: Record<string, number> = {
  "1 8": 0,
  "1 10": 9,
  "1 13": 14,
  "1 17": 18,
  "58 128": 129,
  "58 130": 131,
  "58 133": 134,
  "58 134": 133,
  "58 135": 136,
  "58 139": 140,
  "58 144": 145,
};

function transport({ protocol, ports }: CommunityIdCase): Layer {
  if (!ports) return raw(protocol, 0, 0, 0, 0, 0, 0, 0, 0);
  const [source, destination] = ports;
  switch (protocol) {
    case 6:
      return tcp({ source, destination });
    case 17:
      return udp({ source, destination });
    case 132:
      return sctp({ source, destination });
    case 1:
      return icmp(source, destination);
    default:
      return icmp6(source, destination);
  }
}

/** The same flow's other direction; undefined for what nothing answers. */
function answerTo(question: CommunityIdCase): CommunityIdCase | undefined {
  const { protocol, source, destination, ports } = question;
  const back = { ...question, source: destination, destination: source };
  if (!ports) return back;
  if (protocol !== 1 && protocol !== 58) return { ...back, ports: [ports[1], ports[0]] };
  const type = ANSWERS[`${protocol} ${ports[0]}`];
  return type === undefined ? undefined : { ...back, ports: [type, 0] };
}

function frameOf(flow: CommunityIdCase): Bytes {
  const ip = flow.source.includes(":") ? ipv6 : ipv4;
  return packet(ethernet(), ip({ source: flow.source, destination: flow.destination }), transport(flow), 20);
}

for (const seed of [0, 1] as const) {
  Deno.test(`replay gives Community IDs as the specification has them, with seed ${seed}`, async () => {
    for (const cases of [SPECIFICATION_BASELINE, CALCULATED]) {
      const frames: WrittenFrame[] = cases.flatMap((flow, i) =>
        [flow, answerTo(flow)].flatMap((way) =>
          way ? [{ timeNs: START_NS + BigInt(i) * 1_000_000n, data: frameOf(way) }] : []
        )
      );
      const { spans, code } = await replay(pcapFile(frames), `span:\n  community_id_seed: ${seed}\n`);
      assert.equal(code, 0);
      const ids = spans.map(({ attributes }) => attributes["flow.community_id"]);
      assert.deepEqual(ids.toSorted(), cases.map((flow) => flow.ids[seed]).toSorted());
    }
  });
}

// one capture in many forms

const CONVERSATION: WrittenFrame[] = written([
  ...tcpSession(path4("10.1.0.7", "192.0.2.5", { out: [], back: [] })),
  ...tcpSession(path6("2001:db8:1::7", "2001:db8:2::5", { out: [], back: [] }), 40_002, 400),
  ...udpExchange(path4("10.1.0.7", "192.0.2.53", { out: [], back: [] }), 1_000),
  ...pings(path6("2001:db8:1::7", "2001:db8:2::5", { out: [], back: [] }), 6, 1_500),
]);

/** The conversation's packets behind a link header, or none. */
function behind(link: (ethertype: number) => Layer | undefined): WrittenFrame[] {
  return CONVERSATION.map((frame) => {
    const header = link(frame.data[0]! >> 4 === 4 ? 0x0800 : 0x86dd);
    return header ? { ...frame, data: packet(header, frame.data) } : frame;
  });
}

const ON_ETHERNET = behind((ethertype) => ethernet({ ethertype }));
const COOKED = behind((ethertype) => linuxCooked({ ethertype }));
/** Of the second format: what the first has, in other places. */
const COOKED2 = COOKED.map((frame) => ({
  ...frame,
  data: concat(
    frame.data.slice(14, 16),
    new Uint8Array(6),
    Uint8Array.of(0, 1, 0, 6),
    frame.data.slice(6, 14),
    frame.data.slice(16),
  ),
}));

const FORMS: Array<[string, Bytes]> = [
  ["big-endian pcap", pcapFile(ON_ETHERNET, { bigEndian: true })],
  ["nanosecond pcap", pcapFile(ON_ETHERNET, { nanoseconds: true })],
  ["Kuznetzov's pcap", pcapFile(ON_ETHERNET, { kuznetzov: true })],
  ["pcapng", pcapngFile(ON_ETHERNET)],
  ["big-endian pcapng", pcapngFile(ON_ETHERNET, { bigEndian: true })],
  ["pcapng of old packet blocks", pcapngFile(ON_ETHERNET, { packets: "old" })],
  ["pcapng in two sections", concat(pcapngFile(ON_ETHERNET.slice(0, 9)), pcapngFile(ON_ETHERNET.slice(9)))],
  ["cooked pcap", pcapFile(COOKED, { linkType: LINK_TYPE.sll })],
  ["cooked pcapng", pcapngFile(COOKED, { interfaces: [{ linkType: LINK_TYPE.sll }] })],
  ["pcap of the second cooked form", pcapFile(COOKED2, { linkType: LINK_TYPE.sll2 })],
];

Deno.test("replay gives the same spans of one capture in every form", async () => {
  const { stdout, spans } = await replay(pcapFile(ON_ETHERNET));
  assert.equal(spans.length, 4);
  for (const [form, file] of FORMS) {
    const other = await replay(file);
    assert.equal(other.code, 0, other.stderr);
    assert.equal(other.stdout, stdout, form);
  }
});

Deno.test("replay gives the same spans of raw IP, without addresses and the bytes of a link header", async () => {
  const { spans } = await replay(pcapFile(ON_ETHERNET));
  const LINK_BYTES = 14;
  for (const { attributes } of spans) {
    delete attributes["network.interface.mac"];
    for (const [bytes, packets] of [["bytes", "packets"], ["wire_bytes", "frames"]]) {
      for (const prefix of ["flow.", "flow.reverse.", "weir.", "weir.reverse."]) {
        for (const suffix of [".delta", ".total"]) {
          const name = `${prefix}${bytes}${suffix}`;
          if (attributes[name] === undefined) continue;
          attributes[name] = Number(attributes[name]) - LINK_BYTES * Number(attributes[`${prefix}${packets}${suffix}`]);
        }
      }
    }
  }
  const rawForms = [
    pcapFile(CONVERSATION, { linkType: LINK_TYPE.raw }),
    pcapngFile(CONVERSATION, { interfaces: [{ linkType: LINK_TYPE.raw }] }),
    pcapFile(
      CONVERSATION.map((frame) => ({
        ...frame,
        data: concat(Uint8Array.of(frame.data[0]! >> 4 === 4 ? 2 : 30, 0, 0, 0), frame.data),
      })),
      { linkType: LINK_TYPE.null },
    ),
  ];
  for (const file of rawForms) assert.deepEqual((await replay(file)).spans, spans);
});

// books

Deno.test("replay books every packet once, of both directions, with none in flight and none lost", async () => {
  const { books, spans } = await replay(pcapFile(SESSION), "", "--output", "json");
  assertFinalBooks(books);
  assertNothingLost(books);
  const bytes = SESSION.reduce((total, { data }) => total + data.length, 0);
  assert.deepEqual([books.packets.counted, books.bytes.counted, books.packets.duplicate], [SESSION.length, bytes, 0]);
  assert.deepEqual([books.packets.exporters.json!.exported, spans.length], [SESSION.length, 1]);
});

Deno.test("replay --output none hands records to the exporter that counts them", async () => {
  const { books, stdout } = await replay(pcapFile(SESSION), "", "--output", "none");
  assertFinalBooks(books);
  assert.equal(books.packets.exporters.none!.exported, SESSION.length);
  assert.equal(stdout, "");
});

Deno.test("replay --output text writes a header and a line a flow", async () => {
  const { stdout } = await replay(pcapFile(SESSION), "", "--output", "text");
  const lines = stdout.trimEnd().split("\n");
  assert.match(lines[0]!, /^TIME +PROTO +SOURCE/);
  assert.match(lines[1]!, /tcp +10\.1\.0\.7:40001 +192\.0\.2\.5:443 +7\/6 +820B\/3\.15KiB +312\.5ms +12\.0ms/);
  assert.equal(lines.length, 2);
});

Deno.test("replay loses nothing where slots, ring and table are far too small", async () => {
  const flows = 7_919;
  const frames = Array.from({ length: 3 * flows }, (_, i): WrittenFrame => ({
    timeNs: START_NS + BigInt(i) * 10_000n,
    data: packet(
      ethernet(),
      ipv4({ source: `10.1.${(i % flows) >> 8}.${i % flows & 0xff}` }),
      udp({ source: 1_024 + i % flows }),
    ),
  }));
  const limits = "limits:\n  flows_max: 997\n  slots: 512\n  ring_bytes: 65536\n  aggregates_max: 3\n";
  const { books, spans, code } = await replay(pcapFile(frames), limits);
  assert.equal(code, 0);
  assertFinalBooks(books);
  assertNothingLost(books);
  assert.equal(books.packets.handed_out, frames.length);
  assert(spans.some(({ attributes }) => attributes["weir.overflow"] === true), "the table was not too small");
  const sum = spans.reduce(
    (total, { attributes }) =>
      total + Number(attributes["flow.packets.delta"]) + Number(attributes["flow.reverse.packets.delta"]),
    0,
  );
  assert.equal(sum, frames.length);
});

Deno.test("replay ends flows by the recording's time as the configuration says", async () => {
  const frames = [0, 3, 12].map((second): WrittenFrame => ({
    timeNs: START_NS + BigInt(second) * 1_000_000_000n,
    data: packet(...V4.out, udp({ source: 50_001 }), 10),
  }));
  const reasons = async (timeout: string) => {
    const { spans } = await replay(pcapFile(frames), `span:\n  udp_timeout: ${timeout}\n`);
    return spans.map(({ attributes }) => [attributes["flow.packets.delta"], attributes["flow.end_reason"]]);
  };
  assert.deepEqual(await reasons("60s"), [[3, "forced end"]]);
  assert.deepEqual(await reasons("5s"), [[2, "idle timeout"], [1, "forced end"]]);
  assert.deepEqual(await reasons("1s"), [[1, "idle timeout"], [1, "idle timeout"], [1, "forced end"]]);
});

// bad input

Deno.test("replay of a damaged file hands out and books what was before the damage, and fails", async () => {
  const file = pcapFile(SESSION);
  const cutInside = file.slice(0, file.length - 30);
  const { code, stderr, books, spans } = await replay(cutInside);
  assert.equal(code, 1);
  const offset = file.length - 16 - SESSION.at(-1)!.data.length;
  assert.match(stderr, new RegExp(`Cannot read .*/capture on at offset ${offset}: the file ends inside a record`));
  assert.match(stderr, /12 frames before that are counted/);
  assertFinalBooks(books);
  assert.equal(books.packets.counted, 12);
  assert.deepEqual([books.replay.complete, books.replay.offset], [false, offset]);
  assert.equal(spans.length, 1);
});

Deno.test("replay says what a file is that is no capture, and books nothing", async () => {
  const { code, stderr, books } = await replay(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0));
  assert.equal(code, 1);
  assert.match(stderr, /at offset 0: no pcap or pcapng file: it looks like gzip: gunzip it first/);
  assertFinalBooks(books);
  assert.equal(books.packets.seen, 0);
});

Deno.test("replay says which device a frame passed, where the capture does", async () => {
  const cooked = COOKED2.map((frame) => ({ ...frame, data: patch(frame.data, 7, 77) }));
  const { spans } = await replay(pcapFile(cooked, { linkType: LINK_TYPE.sll2 }));
  for (const { attributes } of spans) {
    assert.equal(attributes["network.interface.index"], 77);
    assert.equal(attributes["network.interface.name"], undefined);
  }
});

Deno.test("replay names a link type that it cannot read, where it is first used", async () => {
  const file = pcapngFile([...SESSION, { ...SESSION[0]!, interface: 1 }], { interfaces: [{}, { linkType: 127 }] });
  const { code, stderr, books } = await replay(file);
  assert.equal(code, 1);
  assert.match(stderr, /link type 127 \(IEEE 802\.11 with radiotap header\) is unknown; Ethernet, raw IP/);
  assert.equal(books.packets.counted, SESSION.length);
});

Deno.test("replay of a file that is not there exits with 2 and names the nearest", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/session.pcap`, pcapFile(SESSION));
    const wrong = await weir("replay", `${folder}/sesion.pcap`);
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /Cannot read .*\/sesion\.pcap: there is no such file; did you mean ".*\/session\.pcap"\?/,
    );
    const isFolder = await weir("replay", folder);
    assert.equal(isFolder.code, 2);
    assert.match(isFolder.stderr, /it is a directory/);
    const none = await weir("replay");
    assert.equal(none.code, 2);
    assert.match(none.stderr, /without a file/);
  });
});

// standard input, signals

Deno.test("replay - reads standard input as it comes", async () => {
  const child = startReplay("-");
  const file = pcapFile(SESSION);
  const writer = child.stdin.getWriter();
  for (let at = 0; at < file.length; at += 100) await writer.write(file.slice(at, at + 100));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  const { attributes } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(attributes["flow.packets.total"], 7);
});

Deno.test("replay stops at a signal with what was read so far", async () => {
  const child = startReplay("-");
  const writer = child.stdin.getWriter();
  // a flow that ends, then a second of silence: its record shows that the replay got so far
  const later = { timeNs: START_NS + 30_000_000_000n, data: packet(...V4.out, udp({ source: 50_001 }), 10) };
  await writer.write(pcapFile([...SESSION, later]));
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let stdout = (await lines.read()).value ?? "";
  child.kill("SIGINT");
  for (let part = await lines.read(); !part.done; part = await lines.read()) stdout += part.value;
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  await writer.abort().catch(() => "the pipe's reader is gone, as it should be");
  assert.equal(code, 130);
  assert.match(stderr, /Got SIGINT/);
  assert.equal(stdout.trimEnd().split("\n").length, 2);
});

Deno.test("replay that is told to stop waits for a stalled reader no longer than it may, and books what was lost", async () => {
  await inFolder(async (folder) => {
    const flows = 5_003;
    const frames = Array.from({ length: flows }, (_, i): WrittenFrame => ({
      timeNs: START_NS + BigInt(i) * 1_000n,
      data: packet(ethernet(), ipv4(), udp({ source: 1_024 + i }), 10),
    }));
    await Deno.writeFile(`${folder}/flows.pcap`, pcapFile(frames));
    await Deno.writeTextFile(`${folder}/weir.yaml`, "shutdown_timeout: 1s\n");
    const books = `${folder}/books.json`;
    const child = startReplay(`${folder}/flows.pcap`, "--config", `${folder}/weir.yaml`, "--books", books);
    const stdout = child.stdout.getReader();
    await stdout.read(); // it hands out, and then nobody reads on
    child.kill("SIGTERM");
    const { code } = await child.status;
    await Promise.all([stdout.cancel(), child.stderr.cancel(), child.stdin.close()]);
    assert.equal(code, 143);
    const written = readBooksFile(books);
    assertFinalBooks(written);
    const { exported, lost_export } = written.packets.exporters.json!;
    assert.equal(exported + lost_export.unknown! + lost_export.deadline!, flows);
  });
});

function startReplay(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...startCommand(), "replay", "--output", "json", ...args],
    cwd: new URL("../../", import.meta.url).pathname,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
