/** Records a second through the table, beside a Map with string keys that reads the same records in the same run. */
import { clockNs } from "../../src/libc.ts";
import { BUCKET_BYTES, createMemory, ENTRY_BYTES, planMemory } from "../../src/memory_plan.ts";
import { openTableLab, type TableLab } from "../support/flow_lab.ts";
import { type BenchOptions, type Figure, median } from "./figure.ts";
import { MapTable } from "./map_table.ts";
import { RingFeed, ROUTER_DEVICES, SIGHTINGS } from "./ring_feed.ts";

const RATIO_LEAST = 20;
const RATIO_AT_FLOWS = 100_000;
const FLOW_BYTES_MOST = 320;
const FLOW_BYTES_AT_FLOWS = 1_000_000;
const PAGE_BYTES = 4_096;
const SEED = 20_261_121;
const SECOND_NS = 1_000_000_000n;
/** CPU time of this thread: other work on the machine does not count. */
export const CLOCK_THREAD_CPUTIME_ID = 3;

interface Bed extends TableLab {
  feed: RingFeed;
  map: MapTable;
  flows: number;
}

async function openBed(flows: number): Promise<Bed> {
  const plan = planMemory({ cpuCount: 2, pageBytes: PAGE_BYTES, flowsMax: Math.max(1_024, flows) });
  const memory = createMemory(plan);
  const lab = await openTableLab(memory, plan);
  lab.useDevices(ROUTER_DEVICES);
  lab.at(SECOND_NS);
  return { ...lab, feed: new RingFeed(memory, plan, SEED), map: new MapTable(memory), flows };
}

function countByMap({ feed, map }: Bed, count: number): void {
  for (let i = 0; i < count; i++) map.count(feed.place(i, count));
}

/** Every flow at each of its points, in both tables. */
function grow(bed: Bed): void {
  for (let sighting = 0; sighting < SIGHTINGS; sighting++) {
    for (let first = 0; first < bed.flows;) {
      const count = Math.min(bed.feed.capacity, bed.flows - first);
      bed.feed.putEach(first, count, sighting, SECOND_NS);
      bed.table.drain(count);
      countByMap(bed, count);
      first += count;
    }
  }
}

/** CPU ns a record. */
function timed(count: number, work: () => void): number {
  const before = clockNs(CLOCK_THREAD_CPUTIME_ID);
  work();
  return Number(clockNs(CLOCK_THREAD_CPUTIME_ID) - before) / count;
}

function flowBytes({ books }: Bed): number {
  const { poolHigh, indexBuckets, indexOverflows, flows } = books.stats();
  return (poolHigh * ENTRY_BYTES + (indexBuckets + indexOverflows) * BUCKET_BYTES) / flows;
}

async function benchAt(flows: number, { smoke, say }: BenchOptions): Promise<Figure[]> {
  say(`${flows} flows`);
  const bed = await openBed(flows);
  grow(bed);
  const count = smoke ? 2_000 : bed.feed.capacity;
  const rounds = smoke ? 3 : 40;
  const table: number[] = [];
  const map: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bed.feed.putRandom(count, flows, 2n * SECOND_NS + BigInt(round));
    let drained = 0;
    table.push(timed(count, () => drained = bed.table.drain(count)));
    if (drained !== count) throw new Error(`The table drained ${drained} of ${count} records`);
    map.push(timed(count, () => countByMap(bed, count)));
  }
  checkAgreement(bed);
  const name = `table, ${flows.toLocaleString("en")} flows`;
  const ratio = median(map) / median(table);
  return [
    {
      name: `${name}, weir`,
      value: 1e3 / median(table),
      unit: "M records/s",
      note: `${median(table).toFixed(1)} ns each`,
    },
    { name: `${name}, Map`, value: 1e3 / median(map), unit: "M records/s", note: `${median(map).toFixed(1)} ns each` },
    {
      name: `${name}, weir / Map`,
      value: ratio,
      unit: "×",
      ...(flows === RATIO_AT_FLOWS ? { least: RATIO_LEAST } : {}),
    },
    {
      name: `${name}, memory`,
      value: flowBytes(bed),
      unit: "B/flow",
      ...(flows === FLOW_BYTES_AT_FLOWS ? { most: FLOW_BYTES_MOST } : {}),
      note: "all fields, two points, index",
    },
  ];
}

/** Both counted the same packets: else the comparison says nothing. */
function checkAgreement({ books, map, flows }: Bed): void {
  let packets = 0;
  let duplicates = 0;
  for (const flow of map.flows.values()) {
    packets += flow.forward.packets + flow.reverse.packets;
    duplicates += flow.duplicates;
  }
  const terms = books.terms();
  const same = Number(terms.counted.packets) === packets && Number(terms.duplicate.packets) === duplicates;
  if (!same || map.flows.size !== flows || books.stats().flows !== flows) {
    throw new Error(`The tables differ: ${terms.counted.packets} packets counted by one, ${packets} by the other`);
  }
}

export async function tableBench(options: BenchOptions): Promise<Figure[]> {
  const sizes = options.smoke ? [100, 1_000] : [1_000, 100_000, 1_000_000];
  const figures: Figure[] = [];
  for (const flows of sizes) figures.push(...await benchAt(flows, options));
  return figures;
}
