/** Records a second through the table, beside a Map with string keys that reads the same records in the same run. */
import { BUCKET_BYTES, ENTRY_BYTES } from "../../src/memory_plan.ts";
import { type BenchOptions, type Figure, median } from "./figure.ts";
import { MapTable } from "./map_table.ts";
import { SIGHTINGS } from "./ring_feed.ts";
import { cpuNs, openTableBed, SECOND_NS, type TableBed } from "./table_bed.ts";

const RATIO_LEAST = 20;
const RATIO_AT_FLOWS = 100_000;
/** Batches that one table counts before the other has its turn. */
const TURNS = 4;
const FLOW_BYTES_MOST = 320;
const FLOW_BYTES_AT_FLOWS = 1_000_000;

/** Both tables read the same records, each from a ring of its own: so each may keep its own caches for some rounds. */
interface Bed extends TableBed {
  map: MapTable;
  mapFeed: TableBed["feed"];
  flows: number;
}

function countByMap({ mapFeed, map }: Bed, count: number): void {
  for (let i = 0; i < count; i++) map.count(mapFeed.place(i, count));
}

/** Every flow at each of its points, in both tables. */
function grow(bed: Bed): void {
  for (let sighting = 0; sighting < SIGHTINGS; sighting++) {
    for (let first = 0; first < bed.flows;) {
      const count = Math.min(bed.feed.capacity, bed.flows - first);
      bed.feed.putEach(first, count, sighting, SECOND_NS);
      bed.table.drain(count);
      bed.mapFeed.putEach(first, count, sighting, SECOND_NS);
      countByMap(bed, count);
      first += count;
    }
  }
}

function flowBytes({ books }: Bed): number {
  const { poolHigh, indexBuckets, indexOverflows, flows } = books.stats();
  return (poolHigh * ENTRY_BYTES + (indexBuckets + indexOverflows) * BUCKET_BYTES) / flows;
}

async function benchAt(flows: number, { smoke, say }: BenchOptions): Promise<Figure[]> {
  say(`${flows} flows`);
  const table = await openTableBed(flows);
  const { memory, feed } = await openTableBed(1);
  const bed: Bed = { ...table, map: new MapTable(memory), mapFeed: feed, flows };
  grow(bed);
  const count = smoke ? 2_000 : bed.feed.capacity;
  const rounds = smoke ? 3 : 12;
  const weir: number[] = [];
  const map: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const nowNs = 2n * SECOND_NS + BigInt(round);
    for (let turn = 0; turn < TURNS; turn++) {
      bed.feed.putRandom(count, flows, nowNs);
      let drained = 0;
      weir.push(cpuNs(() => drained = bed.table.drain(count)) / count);
      if (drained !== count) throw new Error(`The table drained ${drained} of ${count} records`);
    }
    for (let turn = 0; turn < TURNS; turn++) {
      bed.mapFeed.putRandom(count, flows, nowNs);
      map.push(cpuNs(() => countByMap(bed, count)) / count);
    }
  }
  checkAgreement(bed);
  const name = `table, ${flows.toLocaleString("en")} flows`;
  const ratio = median(map) / median(weir);
  return [
    {
      name: `${name}, weir`,
      value: 1e3 / median(weir),
      unit: "M records/s",
      note: `${median(weir).toFixed(1)} ns each`,
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
