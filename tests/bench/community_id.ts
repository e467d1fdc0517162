/** Community IDs a second, beside the same digest by node:crypto. */
import { createHash } from "node:crypto";
import { SETTINGS } from "../../src/count/table_layout.ts";
import { ENTRY_BYTES } from "../../src/memory_plan.ts";
import { type BenchOptions, type Figure, median } from "./figure.ts";
import { cpuNs } from "./table_bed.ts";

const MEMORY_PAGES = 16;
const ENTRIES = SETTINGS + 0x10000;
const COUNT = 1_000;
const DIGESTS = ENTRIES + COUNT * ENTRY_BYTES;
const DIGEST_BYTES = 20;
const PROTOCOL_TCP = 6;
/** wasm/entry.ts; addresses stand at its beginning. */
const PORTS = 32;
const PROTOCOL = 40;

interface BenchExports {
  communityIds(entries: number, count: number, digests: number): void;
}

/** Endpoints of a flow, low one first. Even ones are IPv4. */
function fillEntry(view: DataView, at: number, flow: number): void {
  for (const [place, net] of [[at, 10], [at + 16, 192]] as const) {
    if (flow & 1) view.setUint32(place, 0x20010db8);
    else view.setUint16(place + 10, 0xffff);
    view.setUint32(place + 12, (net << 24 | flow) >>> 0);
  }
  view.setUint16(at + PORTS, 32_768 + flow, true);
  view.setUint16(at + PORTS + 2, 443, true);
  view.setUint8(at + PROTOCOL, PROTOCOL_TCP);
}

/** What the digest is taken of (Community ID specification). */
function message(view: DataView, at: number, flow: number): Uint8Array {
  const addressBytes = flow & 1 ? 16 : 4;
  const bytes = new Uint8Array(2 + 2 * addressBytes + 2 + 4);
  const part = (from: number) => new Uint8Array(view.buffer, from + 16 - addressBytes, addressBytes).slice();
  bytes.set(part(at), 2);
  bytes.set(part(at + 16), 2 + addressBytes);
  bytes[2 + 2 * addressBytes] = PROTOCOL_TCP;
  const ports = new DataView(bytes.buffer, 4 + 2 * addressBytes);
  ports.setUint16(0, view.getUint16(at + PORTS, true));
  ports.setUint16(2, view.getUint16(at + PORTS + 2, true));
  return bytes;
}

export async function communityIdBench({ smoke, say }: BenchOptions): Promise<Figure[]> {
  const rounds = smoke ? 2 : 200;
  say(`${rounds} rounds of ${COUNT} flows`);
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: 65_536, shared: true });
  const code = Deno.readFileSync(new URL("../../.output/bench.wasm", import.meta.url));
  const { instance } = await WebAssembly.instantiate(code, { env: { memory } });
  const { communityIds } = instance.exports as unknown as BenchExports;
  const view = new DataView(memory.buffer);
  for (let i = 0; i < COUNT; i++) fillEntry(view, ENTRIES + i * ENTRY_BYTES, i);
  const messages = Array.from({ length: COUNT }, (_, i) => message(view, ENTRIES + i * ENTRY_BYTES, i));

  const weir: number[] = [];
  const library: number[] = [];
  let digests: Uint8Array[] = [];
  for (let round = 0; round < rounds; round++) {
    weir.push(cpuNs(() => communityIds(ENTRIES, COUNT, DIGESTS)) / COUNT);
    library.push(cpuNs(() => digests = messages.map((bytes) => createHash("sha1").update(bytes).digest())) / COUNT);
  }
  digests.forEach((digest, i) => {
    const own = new Uint8Array(memory.buffer, DIGESTS + i * DIGEST_BYTES, DIGEST_BYTES);
    if (own.some((byte, at) => byte !== digest[at])) throw new Error(`Community ID of flow ${i} is another one`);
  });
  return [
    { name: "community_id, weir", value: 1e3 / median(weir), unit: "M/s", note: `${median(weir).toFixed(0)} ns each` },
    { name: "community_id, node:crypto", value: 1e3 / median(library), unit: "M/s" },
    { name: "community_id, weir / node:crypto", value: median(library) / median(weir), unit: "×" },
  ];
}
