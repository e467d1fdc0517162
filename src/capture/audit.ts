/**
 * The auditor: what the hooks saw against what the devices themselves counted. Where they differ by nature, the cause
 * has a name.
 */
import type { Amount } from "../books.ts";
import type { Hook } from "../flow.ts";
import { countsLikeHooks, type Device, type DeviceCounters, isLoopback } from "./device.ts";
import type { WatchedDevice } from "./watcher.ts";

const LINK_HEADER_BYTES = 14n;
const TAG_BYTES = 4n;

/** Frames and bytes of strays on a device's ingress hook. */
export interface StrayTotal {
  frames: bigint;
  bytes: bigint;
}

export interface AuditLine {
  interface: string;
  ifindex: number;
  /** What weir's ingress hook saw. */
  frames: bigint;
  bytes: bigint;
  /** What the device counted meanwhile: between the two, because counters and hooks are not read at one moment. */
  deviceFramesLeast: bigint;
  deviceFramesMost: bigint;
  deviceBytesLeast: bigint;
  deviceBytesMost: bigint;
  /** equal, differs, or explained: they differ, and the cause is known. */
  verdict: "equal" | "differs" | "explained";
  cause: string;
}

/** Compares one device. now: its counters, read before and after weir's own were, or at detach. */
export function auditDevice(
  watched: WatchedDevice,
  taken: Record<Hook, Pick<Amount, "frames" | "bytes">>,
  strays: StrayTotal,
  now: { before: DeviceCounters; after: DeviceCounters },
): AuditLine | undefined {
  const { device, attachedAt } = watched;
  if (!attachedAt) return undefined;
  const frames = taken.ingress.frames + strays.frames;
  const bytes = taken.ingress.bytes + strays.bytes;
  const line: AuditLine = {
    interface: device.name,
    ifindex: device.ifindex,
    frames,
    bytes,
    deviceFramesLeast: now.before.rxPackets - attachedAt.after.rxPackets,
    deviceFramesMost: now.after.rxPackets - attachedAt.before.rxPackets,
    deviceBytesLeast: now.before.rxBytes - attachedAt.after.rxBytes,
    deviceBytesMost: now.after.rxBytes - attachedAt.before.rxBytes,
    verdict: "equal",
    cause: "",
  };
  const framesAgree = within(frames, line.deviceFramesLeast, line.deviceFramesMost);
  // Loopback, bridges and VLAN devices count a frame when its link header is off already.
  const bytesAgree = within(bytes, line.deviceBytesLeast, line.deviceBytesMost) ||
    within(bytes - frames * LINK_HEADER_BYTES, line.deviceBytesLeast, line.deviceBytesMost);
  if (framesAgree && bytesAgree) return line;
  line.cause = framesAgree && isTags(frames, bytes, line)
    ? "VLAN tags: the device counts their 4 bytes, the kernel keeps them beside the frames that weir sees"
    : causeOf(watched, frames, line);
  line.verdict = line.cause ? "explained" : "differs";
  return line;
}

function within(value: bigint, least: bigint, most: bigint): boolean {
  return value >= least && value <= most;
}

/** Whether some of the frames, each 4 bytes longer, make up for what the hook did not see. */
function isTags(frames: bigint, bytes: bigint, line: AuditLine): boolean {
  const least = line.deviceBytesLeast - bytes;
  const most = line.deviceBytesMost - bytes;
  const tags = (most > TAG_BYTES * frames ? TAG_BYTES * frames : most) / TAG_BYTES;
  return tags > 0n && tags * TAG_BYTES >= least;
}

function causeOf(watched: WatchedDevice, frames: bigint, line: AuditLine): string {
  const { device, others, removed } = watched;
  const front = others.find(({ hook, inFront }) => hook === "ingress" && inFront);
  if (frames < line.deviceFramesLeast) {
    if (removed.includes("ingress")) return "somebody took weir's program off the ingress hook";
    if (device.xdpProgramId) return `XDP program ${device.xdpProgramId} takes packets before tc sees them`;
    if (front) return `program "${front.name}" (id ${front.id}) in front on the ingress hook ends the chain`;
  }
  return countsLikeHooks(device) || isLoopback(device) ? "" : hardwareCause(device);
}

function hardwareCause(device: Device): string {
  return `${device.name} is hardware: it counts what it received before offloads (LRO, GRO) put frames together`;
}
