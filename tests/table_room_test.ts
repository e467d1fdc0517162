import { equal, ok } from "node:assert/strict";
import {
  FLOWS_MAX_DEFAULT,
  FLOWS_MAX_FITTED,
  FLOWS_MAX_LEAST,
  RING_BYTES_DEFAULT,
  SLOTS_DEFAULT,
} from "../src/limits.ts";
import { tableRoom } from "../src/table_room.ts";

const MIB = 1024 * 1024;
const OTHER = { slots: SLOTS_DEFAULT, ringBytes: RING_BYTES_DEFAULT, queueRecords: 32_768 };

Deno.test("tableRoom() gives the table what remains of the limit, within what is planned with", () => {
  const rooms = [256, 307, 353].map((mib) => ({ mib, ...tableRoom(mib * MIB, OTHER, undefined) }));
  for (const { mib, flowsMax, plannedBytes, fits } of rooms) {
    ok(fits && plannedBytes <= 0.85 * mib * MIB, `${mib} MiB: ${plannedBytes}`);
    ok(plannedBytes > 0.85 * mib * MIB - 1_000 || flowsMax === FLOWS_MAX_FITTED);
  }
  ok(rooms[0]!.flowsMax < rooms[1]!.flowsMax && rooms[1]!.flowsMax < rooms[2]!.flowsMax);
  ok(rooms[0]!.flowsMax > FLOWS_MAX_DEFAULT, "256 MiB have room for more than the default");
});

Deno.test("tableRoom() never goes below what is useful, and says that it does not fit", () => {
  const { flowsMax, plannedBytes, fits } = tableRoom(97 * MIB, OTHER, undefined);
  equal(flowsMax, FLOWS_MAX_LEAST);
  ok(!fits && plannedBytes > 97 * MIB);
});

Deno.test("tableRoom() takes the number that somebody wants, whether it fits or not", () => {
  equal(tableRoom(997 * MIB, OTHER, 1_009).flowsMax, 1_009);
  const tooMany = tableRoom(307 * MIB, OTHER, 5_000_011);
  equal(tooMany.flowsMax, 5_000_011);
  ok(!tooMany.fits);
  equal(tableRoom(64 * 1024 * MIB, OTHER, undefined).flowsMax, FLOWS_MAX_FITTED);
});
