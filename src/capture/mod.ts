/**
 * Stage 2 of 7, capture: load the kernel program, put it on devices, keep it there.
 *
 * In: settings, network devices; or capture files. Out: slots, ring and books, mapped into the shared memory; the
 * device table.
 * Drops: none; what the program itself lets go is in its books.
 */
export { Capture, type CaptureOptions, type TraceOptions } from "./capture.ts";
export { Attacher, type AttachMode, type ChainedProgram } from "./attach.ts";
export { AttachTrial, type AttachTrialResult } from "./attach_trial.ts";
export { isBpfFileSystemWritable, readMounts } from "./bpf_file_system.ts";
export { cleanLeftovers, type Leftover } from "./leftovers.ts";
export type { AuditLine } from "./audit.ts";
export { chooseInterfaces, type InterfaceChoice, isLiteral } from "./interfaces.ts";
export type { Kernel, KernelFeatures } from "./kernel.ts";
export { kernelFilter } from "./kernel_filter.ts";
export { openLibbpf } from "./libbpf.ts";
export { type Links, openLinks, withLinks } from "./links.ts";
export { type NetworkNamespace, openNamespace } from "./namespace.ts";
export { type Machine, missing, probeRequirements, type Requirement, thisMachine } from "./requirements.ts";
export type { PacketTrace, TracedPacket } from "./trace/packet_trace.ts";
export { writeDeviceTable } from "./device_table.ts";
export { REPLAY_HASH_MULTIPLIERS, TUNNEL_PORTS } from "./knobs.ts";
export { type FlowProgram, loadProgram } from "./program.ts";
export { readAllStrays, type Stray } from "./strays.ts";
export type { WatchedDevice } from "./watcher.ts";
