/**
 * Every layout is written in its own language, once: in C (read here from BTF), in AssemblyScript (read from the
 * compiler's offsets) and in TypeScript. Field by field, they must agree.
 */
import assert from "node:assert/strict";
import { DeviceFlag, type TableDevice, writeDeviceTable } from "../src/capture/device_table.ts";
import type { Kernel } from "../src/capture/kernel.ts";
import { NODE_ENTRIES } from "../src/capture/address_tree.ts";
import { encodeKnobs, KNOBS_BYTES, TUNNEL_PORTS, Withhold } from "../src/capture/knobs.ts";
import { readStrays, WITHHELD_PLACES } from "../src/capture/strays.ts";
import { BOOKS_BYTES, EVENTS, EVENTS_AT, MALFORMED, MALFORMED_AT, TERMS } from "../src/collect/kernel_books.ts";
import * as words from "../src/collector_words.ts";
import { FLOW_CLASSES, FLOW_DIRECTIONS } from "../src/count/flow_classes.ts";
import * as trace from "../src/capture/trace/trace_layout.ts";
import * as table from "../src/count/table_layout.ts";
import { REASON_FORCED } from "../src/count/table.ts";
import { Ends } from "../src/filter_keys.ts";
import { HOOKS } from "../src/flow.ts";
import * as record from "../src/flow_record.ts";
import * as limits from "../src/limits.ts";
import * as plan from "../src/memory_plan.ts";
import { SAMPLING_MULTIPLIERS } from "../src/sampling.ts";
import { AssemblyLayout } from "./support/assembly_layout.ts";
import { Btf, type Field } from "./support/btf.ts";
import { tableDevice } from "./support/device.ts";
import { SLOT_OFFSETS } from "./support/slot_view.ts";

const btf = Btf.read(new URL("../.output/layout.bpf.o", import.meta.url));
const assembly = await AssemblyLayout.read();

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const upperSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
const offsets = (fields: Field[]) => Object.fromEntries(fields.map(({ name, offset }) => [name, offset]));

/** struct slot with its key's fields in their place; without `words`, which are the key once more, and holes. */
function slotFields(): Field[] {
  return btf.fields("slot").flatMap((field) =>
    field.name !== "key"
      ? [field]
      : btf.fields("flow_key").map((inner) => ({ ...inner, offset: field.offset + inner.offset }))
  ).filter(({ name }) => name !== "words" && name !== "reserved");
}

/** The C field behind an AssemblyScript one that may be a part of it: source0 and source1 are source. */
function joinParts(parts: Field[], names: Set<string>): Field[] {
  const joined: Field[] = [];
  for (const part of parts) {
    const whole = names.has(part.name) ? part.name : part.name.replace(/\d$/, "");
    const last = joined.at(-1);
    if (last?.name === whole && last.offset + last.bytes === part.offset) last.bytes += part.bytes;
    else joined.push({ ...part, name: whole });
  }
  return joined;
}

/** Sorted by place: a missing, an additional and a moved field all show. */
function assertNoGaps(fields: Field[], size: number): void {
  let end = 0;
  for (const { name, offset, bytes } of fields) {
    assert.equal(offset, end, `${name} begins where the field before it ends`);
    end = offset + bytes;
  }
  assert.equal(end, size, "the last field ends with the structure");
}

Deno.test("struct slot is the same in C, in the table and in the tests' view", () => {
  const inC = slotFields();
  const names = new Set(inC.map(({ name }) => camel(name)));
  const inTable = joinParts(assembly.fields("slot.ts", "Slot"), names).filter(({ name }) => name !== "keyReserved");
  assert.deepEqual(inTable, inC.map((field) => ({ ...field, name: camel(field.name) })));
  assert.deepEqual({ ...SLOT_OFFSETS }, offsets(inC));
  assert.equal(btf.size("slot"), assembly.number("SLOT_BYTES"));
  assert.equal(btf.size("slot"), limits.SLOT_BYTES);
  assert.equal(btf.size("slot_set"), limits.SLOT_BYTES * plan.SLOT_WAYS);
});

Deno.test("a packet trace's constants, counts and records lie where the kernel program has them", () => {
  const said = (name: string) =>
    Object.fromEntries(
      btf.fields(name).filter(({ name }) => name !== "reserved").map((f) => [camel(f.name), f.offset]),
    );
  assert.deepEqual(said("trace_knobs"), { ...trace.TRACE_KNOBS });
  assert.deepEqual(said("trace_state"), { ...trace.TRACE_STATE });
  assert.deepEqual(said("trace_packet"), { ...trace.TRACE_PACKET });
  assert.equal(btf.size("trace_knobs"), trace.TRACE_KNOBS_BYTES);
  assert.equal(btf.size("trace_state"), trace.TRACE_STATE_BYTES);
  assert.equal(btf.size("trace_packet"), trace.TRACE_PACKET_BYTES);
  assert.deepEqual(btf.enumeration("trace_by", "TRACE_BY_"), { ...trace.TRACE_BY });
});

Deno.test("flags of a slot's key and its hooks have the same numbers in C, the table and TypeScript", () => {
  assert.deepEqual(btf.enumeration("key_flag", "KEY_"), assembly.numbers("KEY_"));
  assert.deepEqual(
    btf.enumeration("hook", "HOOK_"),
    { ...Object.fromEntries(HOOKS.map((hook, i) => [hook.toUpperCase(), i])), COUNT: HOOKS.length },
  );
  // the table takes the flag for the hook's number
  assert.equal(assembly.number("KEY_EGRESS"), HOOKS.indexOf("egress"));
});

Deno.test("reasons have the numbers in the kernel program by which user space names them", () => {
  const numbered = (names: readonly string[]) => Object.fromEntries(names.map((name, i) => [name.toUpperCase(), i]));
  const { COUNT: termCount, ...terms } = btf.enumeration("term", "TERM_");
  assert.deepEqual(terms, numbered(TERMS));
  assert.equal(termCount, TERMS.length);
  const { COUNT: eventCount, ...events } = btf.enumeration("event", "EVENT_");
  assert.deepEqual(events, numbered(EVENTS));
  assert.equal(eventCount, EVENTS.length);
  const { COUNT: malformedCount, ...malformed } = btf.enumeration("malformed", "MALFORMED_");
  const { "": none, ...named } = numbered(MALFORMED);
  assert.deepEqual(malformed, named);
  assert.equal(btf.enumeration("malformed").PARSED, none);
  assert.equal(btf.fields("books").find(({ name }) => name === "malformed")!.bytes, malformedCount! * 8);
});

Deno.test("struct cpu_area and its books are where user space reads them", () => {
  assert.deepEqual(offsets(btf.fields("cpu_area")), {
    books: 0,
    marks: plan.MARKS_AT,
    tick: plan.MARKS_AT + plan.MARK_GROUPS,
    tick_ns: plan.MARKS_AT + plan.MARK_GROUPS + 8,
    scratch: plan.MARKS_AT + plan.MARK_GROUPS + 16,
    heartbeat_ns: plan.HEARTBEAT_AT,
    withheld_moves: plan.WITHHELD_MOVES_AT,
    reserved: plan.WITHHELD_MOVES_AT + 8,
    withheld: plan.WITHHELD_AT,
  });
  const withheld = btf.size("stray_key") + btf.size("stray");
  assert.equal(btf.size("withheld"), withheld, "a key, and a value behind it");
  assert.equal(plan.CPU_AREA_BYTES - plan.WITHHELD_AT, WITHHELD_PLACES * withheld);
  assert.equal(btf.size("cpu_area"), plan.CPU_AREA_BYTES);
  assert.equal(btf.size("books"), BOOKS_BYTES);
  assert.deepEqual(offsets(btf.fields("books")), {
    terms: 0,
    malformed: MALFORMED_AT,
    events: EVENTS_AT,
    reserved: EVENTS_AT + EVENTS.length * 8,
  });
});

Deno.test("struct measures is the same in C and in the table", () => {
  const inTable = assembly.fields("books.ts", "Measures");
  assert.deepEqual(inTable, btf.fields("measures").map((field) => ({ ...field, name: camel(field.name) })));
  assert.equal(assembly.number("MEASURES_BYTES"), btf.size("measures"));
  assert.equal(table.MEASURES_BYTES, btf.size("measures"));
  assertNoGaps(inTable, table.MEASURES_BYTES);
});

Deno.test("struct knobs is what encodeKnobs() lays out", () => {
  const memory = plan.planMemory({ cpuCount: 3, pageBytes: 4096, slots: 3 * 4096, ringBytes: 1 << 20 });
  const knobs = encodeKnobs(memory, { idleGapMs: 1_013, vxlanPorts: [1_019, 1_021], genevePort: 1_031 });
  const view = new DataView(knobs.buffer);
  const at = offsets(btf.fields("knobs"));
  assert.equal(btf.size("knobs"), KNOBS_BYTES);
  assert.equal(knobs.length, KNOBS_BYTES);
  assert.deepEqual(Object.keys(at), [
    "hash_multipliers",
    "idle_gap_ns",
    "sets_per_cpu",
    "hash_shift",
    "mark_shift",
    "ring_wake_bytes",
    "tunnel_ports",
    "filter_protocols",
    "sampling_multipliers",
    "sampling_threshold",
    "withhold",
    "filter_versions",
    "filter_icmp",
    "reserved",
  ]);
  for (let i = 0; i < 7; i++) assert.equal(view.getBigUint64(at.hash_multipliers! + i * 8, true) & 1n, 1n, "odd");
  assert.equal(view.getBigUint64(at.idle_gap_ns!, true), 1_013_000_000n);
  assert.equal(view.getUint32(at.sets_per_cpu!, true), 2_048);
  assert.equal(view.getUint32(at.hash_shift!, true), 64 - 11);
  assert.equal(view.getUint32(at.mark_shift!, true), 2);
  assert.equal(view.getUint32(at.ring_wake_bytes!, true), 1 << 18);
  const ports = [0, 1, 2, 3].map((i) => view.getUint16(at.tunnel_ports! + i * 2, true));
  assert.deepEqual(ports, [1_019, 1_021, 0, 1_031]);
});

Deno.test("struct knobs, ports and nodes hold a filter and sampling as the program reads them", () => {
  const memory = plan.planMemory({ cpuCount: 3, pageBytes: 4096, slots: 3 * 4096, ringBytes: 1 << 20 });
  const filter = {
    withhold: Withhold.PORTS | Withhold.ADDRESSES,
    protocols: [2n, 3n, 5n, 7n],
    versions: 2,
    icmpEnds: 1,
    ports: new Uint8Array(),
    addresses: undefined,
    devicePasses: undefined,
  };
  const multipliers = [11n, 13n, 17n, 19n, 23n];
  const sampling = { rate: 0.5, keepFailures: false, multipliers, threshold: 1n << 31n };
  const options = { idleGapMs: 0, ...TUNNEL_PORTS, filter };
  const view = new DataView(encodeKnobs(memory, { ...options, sampling }).buffer);
  const at = offsets(btf.fields("knobs"));
  const longs = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => view.getBigUint64(from + i * 8, true));
  assert.deepEqual(longs(at.filter_protocols!, 4), filter.protocols);
  assert.deepEqual(longs(at.sampling_multipliers!, SAMPLING_MULTIPLIERS), multipliers);
  assert.deepEqual(longs(at.sampling_threshold!, 1), [1n << 31n]);
  const flags = btf.enumeration("withhold", "WITHHOLD_");
  assert.equal(view.getUint32(at.withhold!, true), flags.PORTS! | flags.ADDRESSES! | flags.SAMPLED_OUT!);
  assert.equal(view.getUint8(at.filter_versions!), btf.enumeration("filter_version", "FILTER_").IPV6);
  assert.equal(view.getUint8(at.filter_icmp!), btf.enumeration("ends", "END_").SOURCE);
  const { FILTERED: _, ...known } = flags;
  assert.deepEqual({ ...Withhold }, known);
  assert.deepEqual({ ...Ends }, btf.enumeration("ends", "END_"));
  assert.equal(btf.size("filter_node"), NODE_ENTRIES * 4);
  // with failures to keep, nothing is left out before its flow has ended
  const late = new DataView(encodeKnobs(memory, { ...options, sampling: { ...sampling, keepFailures: true } }).buffer);
  assert.equal(late.getUint32(at.withhold!, true) & flags.SAMPLED_OUT!, 0);
});

Deno.test("struct stray is what readStrays() reads", () => {
  const key = new DataView(new ArrayBuffer(btf.size("stray_key")));
  const value = new DataView(new ArrayBuffer(btf.size("stray")));
  const at = { ...offsets(btf.fields("stray_key")), ...offsets(btf.fields("stray")) };
  key.setUint32(at.ifindex!, 37, true);
  key.setUint16(at.ethertype!, 0x88cc, true);
  key.setUint8(at.hook!, 1);
  value.setBigUint64(at.frames!, 41n, true);
  value.setBigUint64(at.bytes!, 43n, true);
  let sizes: number[] = [];
  const kernel = {
    readMap: (_fd: number, keyBytes: number, valueBytes: number) => {
      sizes = [keyBytes, valueBytes];
      return [{ key, value }];
    },
  } as unknown as Kernel;
  // every term in which a frame can end without a flow has its name
  for (const [number, term] of TERMS.entries()) {
    if (term === "seen" || term === "accounted") continue;
    key.setUint8(at.term!, number);
    assert.deepEqual(readStrays(kernel, 3), [{
      ifindex: 37,
      hook: "egress",
      term,
      ethertype: 0x88cc,
      ethertypeName: term === "filtered" || term === "sampled_out" ? "ip" : "lldp",
      frames: 41n,
      bytes: 43n,
    }]);
  }
  assert.deepEqual(sizes, [btf.size("stray_key"), btf.size("stray")]);
});

Deno.test("the control page is where table and TypeScript both look", () => {
  assert.equal(plan.CONTROL, assembly.number("CONTROL"));
  assert.deepEqual(
    {
      OUT_PRODUCED: table.OUT_PRODUCED,
      OUT_CONSUMED: table.OUT_CONSUMED,
      BROKEN: table.BROKEN,
      DEVICES: table.DEVICES,
    },
    (({ FENCE: _, ...others }) => others)(assembly.numbers("CONTROL_")),
  );
  for (const name of ["SETTINGS", "CLOCKS", "BOOKS", "AUDIT", "STATS", "CENSUS"] as const) {
    assert.equal(table[name], assembly.number(name), name);
  }
  const settings = assembly.fields("memory_map.ts", "Settings");
  assert.deepEqual(
    settings.map(({ name, bytes }) => [name, bytes]),
    [
      ...table.SETTINGS_WORDS.map((name) => [name, 4]),
      ...table.SETTINGS_LONGS.map((name) => [name, 8]),
    ],
  );
  assert.equal(table.SETTINGS + settings.find(({ name }) => name === "hash0")!.offset, table.SETTINGS_LONGS_AT);
  assert.deepEqual(offsets(assembly.fields("memory_map.ts", "Clocks")), {
    nowNs: table.NOW_NS - table.CLOCKS,
    wallOffsetNs: table.WALL_OFFSET_NS - table.CLOCKS,
    anchor: table.ANCHOR - table.CLOCKS,
  });
});

Deno.test("the books of the table are where TypeScript reads them", () => {
  const terms = (names: readonly string[]) => Object.fromEntries(names.map((name, i) => [name.toUpperCase(), i]));
  assert.deepEqual(assembly.numbers("TERM_"), terms(table.HOOK_TERMS));
  assert.equal(assembly.number("HOOK_TERMS"), table.HOOK_TERMS.length);
  for (const [i, name] of table.TABLE_TERMS.entries()) {
    assert.equal(assembly.number(name.toUpperCase()), table.TABLE_TERMS_AT + i * table.MEASURES_BYTES, name);
  }
  for (const [i, name] of table.AUDIT_TERMS.entries()) {
    assert.equal(assembly.number(name.toUpperCase()), table.AUDIT + i * table.MEASURES_BYTES, name);
  }
  assert.deepEqual(
    assembly.numbers("STAT_"),
    Object.fromEntries(table.STAT_NAMES.map((name, i) => [upperSnake(name), table.STATS + i * 8])),
  );
  assert.equal(plan.INTERFACE_BOOKS_BYTES, assembly.number("INTERFACE_BOOKS_BYTES"));
  assert.deepEqual(
    assembly.numbers("CLASS_"),
    Object.fromEntries(FLOW_CLASSES.map((name, i) => [name.toUpperCase(), i])),
  );
  assert.deepEqual(
    (({ DIRECTIONS: _, ...directions }) => directions)(assembly.numbers("FLOW_")),
    Object.fromEntries(FLOW_DIRECTIONS.map((name, i) => [name.toUpperCase(), i])),
  );
  assert.deepEqual(Object.values(assembly.numbers("Invariant.")).map(String), Object.keys(table.INVARIANTS));
});

Deno.test("regions of the control page do not overlap", () => {
  const regions: [string, number, number][] = [
    ["control words", plan.CONTROL, 0x100],
    ["settings", table.SETTINGS, assembly.size("Settings")],
    ["clocks", table.CLOCKS, assembly.size("Clocks")],
    ["books", table.BOOKS, table.TABLE_TERMS_AT - table.BOOKS + table.TABLE_TERMS.length * table.MEASURES_BYTES],
    ["audit", table.AUDIT, table.AUDIT_TERMS.length * table.MEASURES_BYTES],
    ["stats", table.STATS, table.STAT_NAMES.length * 8],
    ["census", table.CENSUS, 4 * FLOW_CLASSES.length * FLOW_DIRECTIONS.length],
    ["collector words", words.COMMAND, words.ROUNDS + 4 - words.COMMAND],
    ["end of page", plan.CONTROL + limits.WASM_PAGE_BYTES, 0],
  ];
  for (const [i, [name, at]] of regions.entries()) {
    const [before, start, bytes] = regions[i - 1] ?? ["", 0, 0];
    assert(start + bytes <= at, `${before} ends before ${name} begins`);
  }
});

Deno.test("a flow record is read as the table writes it", () => {
  const fields = assembly.fields("record.ts", "FlowRecord");
  assertNoGaps(fields, assembly.number("RECORD_BYTES"));
  assert.equal(record.RECORD_BYTES, assembly.number("RECORD_BYTES"));
  const written = offsets(fields);
  for (const [name, offset] of Object.entries(record.RECORD_OFFSETS)) assert.equal(offset, written[name], name);
  // nothing that the table writes is unknown here: second halves and second directions follow from the first
  const known = new Set<string>(Object.keys(record.RECORD_OFFSETS));
  const unknown = fields.map(({ name }) => name).filter((name) =>
    !known.has(name) && !known.has(name.replace(/\d$/, "0")) && !name.startsWith("reserved")
  );
  assert.deepEqual(unknown, []);
  const isBehind = (names: string[], step: number) => {
    for (const name of names) assert.equal(written[`${name}1`]! - written[`${name}0`]!, step, name);
  };
  const step = written.packetsDelta1! - written.packetsDelta0!;
  isBehind(["packetsDelta", "packetsTotal", "bytesDelta", "bytesTotal", "wireBytesDelta", "framesDelta"], step);
  isBehind(["retransmittedPackets", "retransmittedBytes", "outOfOrder", "zeroWindows", "label", "mac"], 4);
  isBehind(["tcpFlags", "ttl"], 1);
  isBehind(["source", "destination", "traceId", "community"], 8);
});

Deno.test("a flow record's facts, kinds and reasons have the same numbers in the table and in TypeScript", () => {
  assert.deepEqual(assembly.numbers("FACT_"), { ...record.Fact });
  assert.equal(assembly.number("KIND_FRAGMENT"), record.KIND_FRAGMENT);
  assert.deepEqual(assembly.numbers("RECORD_"), {
    BYTES: record.RECORD_BYTES,
    FLOW: record.RECORD_FLOW,
    AGGREGATE: record.RECORD_AGGREGATE,
    LIVE: record.RECORD_LIVE,
    QUEUE_AGGREGATE: record.RECORD_QUEUE_AGGREGATE,
  });
  assert.deepEqual(assembly.numbers("QUEUED_"), {
    RECORD_BYTES: record.QUEUED_RECORD_BYTES,
    ...Object.fromEntries(Object.entries(record.QUEUED_OFFSETS).map(([name, offset]) => [upperSnake(name), offset])),
  });
  assert.equal(assembly.number("REASON_FORCED"), REASON_FORCED);
});

Deno.test("an entry has no holes, and its pairs are where the table's constants say", () => {
  const fields = assembly.fields("entry.ts", "Entry");
  assertNoGaps(fields, assembly.number("ENTRY_BYTES"));
  assert.equal(plan.ENTRY_BYTES, assembly.number("ENTRY_BYTES"));
  const at = offsets(fields);
  const counters = ["frames", "packets", "bytes", "wireBytes"];
  for (const [i, name] of counters.entries()) {
    assert.equal(assembly.number(upperSnake(name)), at[`${name}0`], name);
    assert.equal(at[`${name}0`], assembly.number("COUNTERS") + i * 8, `${name} has the slot's order`);
    assert.equal(at[`${name}1`], at[`${name}0`]! + assembly.number("COUNTERS_BYTES"), `${name} of the other direction`);
  }
  const pairs = ["packetsHanded", "bytesHanded", "retransmittedPackets", "retransmittedBytes", "outOfOrder"];
  for (const name of [...pairs, "zeroWindows", "label", "trafficClass", "tcpFlags", "ttl"]) {
    assert.equal(assembly.number(upperSnake(name)), at[`${name}0`], name);
    const { offset, bytes } = fields.find((field) => field.name === `${name}0`)!;
    assert.equal(at[`${name}1`], offset + bytes, `the second direction's ${name} stands behind the first's`);
  }
  assert.equal(assembly.number("INTERFACES"), at.interface0);
  assert.equal(assembly.number("INTERFACES_FURTHER"), at.interface2);
});

Deno.test("shadows, and the bounds that table and TypeScript share, agree", () => {
  assertNoGaps(assembly.fields("shadow.ts", "Shadow"), assembly.number("SHADOW_BYTES"));
  assert.equal(plan.SHADOW_BYTES, assembly.number("SHADOW_BYTES"));
  assert.equal(limits.ANCHORS_MAX, assembly.number("ANCHORS_MAX"));
  assert.equal(limits.INTERFACES_MAX, assembly.number("INTERFACES_MAX"));
  assert.equal(limits.AGGREGATES_OF_LAST_RESORT, assembly.number("AGGREGATES_OF_LAST_RESORT"));
});

Deno.test("the device table is written as the table reads it", () => {
  assert.deepEqual({ ...DeviceFlag }, {
    LOOPBACK: assembly.number("LOOPBACK"),
    COVERED: assembly.number("COVERED"),
    INGRESS_SEEN_BELOW: assembly.number("INGRESS_SEEN_BELOW"),
    INGRESS_ASSUMED_BELOW: assembly.number("INGRESS_ASSUMED_BELOW"),
    EGRESS_SEEN_ABOVE: assembly.number("EGRESS_SEEN_ABOVE"),
    ENDPOINT: assembly.number("ENDPOINT"),
    CARRIES_UDP: assembly.number("CARRIES_UDP"),
    CARRIES_GRE: assembly.number("CARRIES_GRE"),
    CARRIES_IP: assembly.number("CARRIES_IP"),
    CARRIES_ESP: assembly.number("CARRIES_ESP"),
  });
  assert.deepEqual(TUNNEL_PORTS, {
    vxlanPorts: [assembly.number("VXLAN_PORT"), assembly.number("VXLAN_PORT_LINUX")],
    genevePort: assembly.number("GENEVE_PORT"),
  });
  const region = new Uint8Array(plan.DEVICE_TABLE_BYTES);
  const device = (over: Partial<TableDevice>) =>
    tableDevice({ ifindex: 7, name: "lo", hardwareType: 772, interfaceId: 3, ...over });
  const vlanDevice = { ifindex: 11, name: "lo.5", kind: "vlan", link: 7, vlan: 5, interfaceId: 4, hardwareType: 1 };
  writeDeviceTable(region, [device({}), device(vlanDevice)]);
  const view = new DataView(region.buffer);
  const header = offsets(assembly.fields("devices.ts", "DeviceTable"));
  const at = offsets(assembly.fields("devices.ts", "Device"));
  const vlanAt = offsets(assembly.fields("devices.ts", "Vlan"));
  const deviceMask = view.getUint32(header.deviceMask!, true);
  const vlanMask = view.getUint32(header.vlanMask!, true);
  const recordBytes = assembly.size("Device");
  assert.equal(assembly.size("Vlan"), recordBytes);
  const vlans = assembly.size("DeviceTable") + (deviceMask + 1) * recordBytes;
  assert.equal(region.length, vlans + (vlanMask + 1) * recordBytes);
  // the places that the table looks at first
  const hash = (ifindex: number) => Math.imul(ifindex, assembly.number("HASH_MULTIPLIER"));
  const place = assembly.size("DeviceTable") + ((hash(7) >>> 8) & deviceMask) * recordBytes;
  assert.equal(view.getUint32(place + at.ifindex!, true), 7);
  assert.equal(view.getUint32(place + at.flags!, true), DeviceFlag.LOOPBACK | DeviceFlag.COVERED);
  assert.equal(view.getUint16(place + at.interfaceId!, true), 3);
  const vlanHash = hash(7) ^ Math.imul(5, assembly.number("VLAN_MULTIPLIER"));
  const vlanPlace = vlans + ((vlanHash >>> 8) & vlanMask) * recordBytes;
  assert.equal(view.getUint32(vlanPlace + vlanAt.ifindex!, true), 7);
  assert.equal(view.getUint32(vlanPlace + vlanAt.vlan!, true), 5);
  assert.equal(view.getUint32(vlanPlace + vlanAt.flags!, true), assembly.number("VLAN_ATTACHED"));
});
