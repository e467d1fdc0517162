/** The counting rule in plain words, written apart from the device table's flags: what the books call a sighting. */
import type { TableDevice } from "../../src/capture/device_table.ts";
import type { Sighting } from "./slot_writer.ts";

export type Verdict = "counted" | "duplicate";

/** For hosts of loopback, physical devices, bridges and their ports. */
export function verdictOf(devices: readonly TableDevice[], sighting: Sighting): Verdict {
  const find = (ifindex: number) => devices.find((device) => device.ifindex === ifindex);
  const portsOf = (ifindex: number) => devices.filter(({ master }) => master === ifindex);
  const allPortsAttached = (ifindex: number) =>
    portsOf(ifindex).length > 0 && portsOf(ifindex).every(({ attached }) => attached);
  const device = find(sighting.ifindex ?? 0);
  const isLoopback = device?.name === "lo";
  if (sighting.hook !== "egress") {
    return isLoopback || allPortsAttached(sighting.ifindex ?? 0) ? "duplicate" : "counted";
  }
  if (isLoopback) return "counted";
  const bridge = device?.master ? find(device.master) : undefined;
  const ingress = find(sighting.ingressIfindex ?? 0);
  if (ingress && (ingress.attached || allPortsAttached(ingress.ifindex))) return "duplicate";
  const isBridged = ingress && bridge && ingress.master === bridge.ifindex;
  return bridge?.attached && !isBridged ? "duplicate" : "counted";
}
