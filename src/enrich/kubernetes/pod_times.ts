/** What a pod's status says of the time in which it had its address. */
import type { RawContainerStatus, RawPod } from "./raw_object.ts";
import { timeMs } from "./time.ts";

/**
 * When a pod had its address at the latest: its network was ready, or a container began; undefined: it does not say.
 * The earliest of all counts: the kubelet dates the condition by when it looked. A container that was started again
 * says nothing: it tells of the last time.
 */
export function addressedMs({ status }: RawPod): number | undefined {
  const ready = (status?.conditions ?? []).find(({ type }) => type === "PodReadyToStartContainers");
  let earliestMs = (ready?.status === "True" ? timeMs(ready.lastTransitionTime) : undefined) ?? Infinity;
  for (const container of [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []]) {
    earliestMs = Math.min(earliestMs, firstStartMs(container) ?? Infinity);
  }
  return earliestMs === Infinity ? undefined : earliestMs;
}

function firstStartMs({ restartCount, state }: RawContainerStatus): number | undefined {
  return restartCount ? undefined : timeMs(state?.running?.startedAt ?? state?.terminated?.startedAt);
}

/**
 * When a pod's containers have ended for good; Infinity while they run; 0 when that is not known: not all of them say,
 * as after a node was lost, when the last that anybody heard of them is that they ran.
 */
export function endedMs({ status }: RawPod): number {
  if (status?.phase !== "Succeeded" && status?.phase !== "Failed") return Infinity;
  let lastMs = 0;
  for (const { state } of status.containerStatuses ?? []) {
    const ms = timeMs(state?.terminated?.finishedAt);
    if (ms === undefined) return 0;
    lastMs = Math.max(lastMs, ms);
  }
  return lastMs;
}
