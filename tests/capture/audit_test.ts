import { equal, match, ok } from "node:assert/strict";
import { auditDevice } from "../../src/capture/audit.ts";
import type { Device, DeviceCounters } from "../../src/capture/device.ts";
import type { WatchedDevice } from "../../src/capture/watcher.ts";
import { tableDevice } from "../support/device.ts";

const FRAME_BYTES = 107n;
/** What the device had counted before weir came. */
const BEFORE = 1_009n;

function counters(frames: bigint, bytes = frames * FRAME_BYTES): DeviceCounters {
  return { rxPackets: frames, rxBytes: bytes, rxDropped: 0n, txPackets: 0n, txBytes: 0n };
}

interface Scene {
  device?: Partial<Device>;
  watched?: Partial<WatchedDevice>;
  /** Frames that weir's ingress hook saw; bytes go with them. */
  seen: bigint;
  seenBytes?: bigint;
  strays?: bigint;
  /** Frames that the device counted since weir came, at the first and the second look. */
  counted: [bigint, bigint];
  /** Bytes of a frame as the device counts them. */
  deviceFrameBytes?: bigint;
}

function audit({ device, watched, seen, seenBytes, strays = 0n, counted, deviceFrameBytes = FRAME_BYTES }: Scene) {
  const at = (frames: bigint) => counters(BEFORE + frames, BEFORE * FRAME_BYTES + frames * deviceFrameBytes);
  const whole: WatchedDevice = {
    device: tableDevice({ ifindex: 7, name: "eth0", kind: "veth", ...device }),
    interfaceId: 1,
    attachedAt: { before: at(0n), after: at(0n) },
    others: [],
    removed: [],
    attempts: 0,
    retryAtMs: 0,
    wasAttached: true,
    ...watched,
  };
  const none = { frames: 0n, bytes: 0n };
  const taken = { ingress: { frames: seen, bytes: seenBytes ?? seen * FRAME_BYTES }, egress: none };
  const stray = { frames: strays, bytes: strays * FRAME_BYTES };
  return auditDevice(whole, taken, stray, { before: at(counted[0]), after: at(counted[1]) });
}

Deno.test("auditDevice() finds what weir saw equal to what the device counted, strays included", () => {
  equal(audit({ seen: 1_013n, counted: [1_013n, 1_013n] })?.verdict, "equal");
  equal(audit({ seen: 1_013n, strays: 17n, counted: [1_030n, 1_030n] })?.verdict, "equal");
  const line = audit({ seen: 1_013n, strays: 17n, counted: [1_013n, 1_013n] });
  equal(line?.verdict, "differs");
  equal(line?.frames, 1_030n);
});

Deno.test("auditDevice() allows for what passed while counters were read, and for nothing more", () => {
  const counted: [bigint, bigint] = [997n, 1_013n];
  for (const seen of [997n, 1_003n, 1_013n]) equal(audit({ seen, counted })?.verdict, "equal", `${seen}`);
  for (const seen of [996n, 1_014n]) equal(audit({ seen, counted })?.verdict, "differs", `${seen}`);
  const attachedAt = { before: counters(BEFORE - 3n), after: counters(BEFORE) };
  equal(audit({ seen: 1_016n, counted: [1_013n, 1_013n], watched: { attachedAt } })?.verdict, "equal");
});

Deno.test("auditDevice() knows devices that count frames without their link header", () => {
  equal(audit({ seen: 1_013n, counted: [1_013n, 1_013n], deviceFrameBytes: FRAME_BYTES - 14n })?.verdict, "equal");
  equal(audit({ seen: 1_013n, counted: [1_013n, 1_013n], deviceFrameBytes: FRAME_BYTES - 13n })?.verdict, "differs");
  equal(audit({ seen: 1_013n, seenBytes: 1n, counted: [1_013n, 1_013n] })?.verdict, "differs");
});

Deno.test("auditDevice() names the program in front, XDP's first, when packets are missing", () => {
  const counted: [bigint, bigint] = [1_013n, 1_013n];
  const front = { hook: "ingress", id: 977, name: "bouncer", inFront: true } as const;
  const behind = { hook: "ingress", id: 971, name: "after", inFront: false } as const;
  const out = { hook: "egress", id: 967, name: "sender", inFront: true } as const;
  const line = audit({ seen: 7n, counted, watched: { others: [out, behind, front] } });
  equal(line?.verdict, "explained");
  match(line!.cause, /program "bouncer" \(id 977\) in front on the ingress hook/);
  equal(audit({ seen: 7n, counted, watched: { others: [out, behind] } })?.verdict, "differs");
  match(audit({ seen: 7n, counted, device: { xdpProgramId: 983 }, watched: { others: [front] } })!.cause, /XDP.*983/);
  equal(
    audit({ seen: 2_003n, counted, watched: { others: [front] } })?.verdict,
    "differs",
    "too many is no one's doing",
  );
});

Deno.test("auditDevice() says that somebody took weir off the hook", () => {
  const line = audit({ seen: 7n, counted: [1_013n, 1_013n], watched: { removed: ["ingress"] } });
  equal(line?.verdict, "explained");
  match(line!.cause, /took weir's program off/);
});

Deno.test("auditDevice() expects hardware to count otherwise, and says why", () => {
  const line = audit({ seen: 7n, counted: [1_013n, 1_013n], device: { kind: "" } });
  equal(line?.verdict, "explained");
  match(line!.cause, /eth0 is hardware/);
});

Deno.test("auditDevice() names VLAN tags where the device counts their bytes, of some frames or of all", () => {
  const counted: [bigint, bigint] = [1_013n, 1_013n];
  for (const tags of [1n, 1_013n]) {
    const line = audit({ seen: 1_013n, seenBytes: 1_013n * FRAME_BYTES - 4n * tags, counted });
    equal(line?.verdict, "explained", `${tags}`);
    match(line?.cause ?? "", /VLAN tags/);
  }
  for (const missing of [2n, 4n * 1_014n]) {
    const line = audit({ seen: 1_013n, seenBytes: 1_013n * FRAME_BYTES - missing, counted });
    equal(line?.verdict, "differs", `${missing}`);
  }
});

Deno.test("auditDevice() has nothing to say of a device that weir was never on", () => {
  const watched = { device: tableDevice({ ifindex: 7 }), interfaceId: 1, others: [], removed: [], attempts: 0 };
  const none = { ingress: { frames: 0n, bytes: 0n }, egress: { frames: 0n, bytes: 0n } };
  const now = { before: counters(1n), after: counters(1n) };
  const line = auditDevice({ ...watched, retryAtMs: 0, wasAttached: false }, none, none.ingress, now);
  ok(line === undefined);
});
