/**
 * Stage 2 of 7, capture: load the kernel program, put it on devices, keep it there.
 *
 * In: settings, network devices. Out: slots, ring and books, mapped into the shared memory; the device table.
 * Drops: none; what the program itself lets go is in its books.
 */
export { Capture, type CaptureOptions } from "./capture.ts";
export { Attacher, type AttachMode } from "./attach.ts";
export { cleanLeftovers, type Leftover } from "./leftovers.ts";
export type { AuditLine } from "./audit.ts";
export { chooseInterfaces, type InterfaceChoice, isLiteral } from "./interfaces.ts";
export type { Kernel, KernelFeatures } from "./kernel.ts";
export { openLibbpf } from "./libbpf.ts";
export { openLinks } from "./links.ts";
export { type NetworkNamespace, openNamespace, ownNamespace } from "./namespace.ts";
export { missing, probeRequirements, type Requirement, thisMachine } from "./requirements.ts";
export type { Stray } from "./strays.ts";
export type { WatchedDevice } from "./watcher.ts";
