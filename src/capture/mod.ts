/**
 * Stage 2 of 7, capture: load the kernel program, put it on devices, keep it there.
 *
 * In: settings, network devices; or capture files. Out: slots, ring and books, mapped into the shared memory; the
 * device table.
 * Drops: none; what the program itself lets go is in its books.
 */
export { Capture, type CaptureOptions } from "./capture.ts";
export { Attacher, type AttachMode } from "./attach.ts";
export { cleanLeftovers, type Leftover } from "./leftovers.ts";
export type { AuditLine } from "./audit.ts";
export { chooseInterfaces, type InterfaceChoice, isLiteral } from "./interfaces.ts";
export type { Kernel, KernelFeatures } from "./kernel.ts";
export { kernelFilter } from "./kernel_filter.ts";
export { openLibbpf } from "./libbpf.ts";
export { type Links, openLinks } from "./links.ts";
export { type NetworkNamespace, openNamespace, ownNamespace } from "./namespace.ts";
export { missing, probeRequirements, type Requirement, thisMachine } from "./requirements.ts";
export { writeDeviceTable } from "./device_table.ts";
export { REPLAY_HASH_MULTIPLIERS, TUNNEL_PORTS } from "./knobs.ts";
export { CaptureFileError } from "./pcap/capture_file_error.ts";
export { CaptureReader } from "./pcap/capture_reader.ts";
export { isReadable, LinkLayer, linkTypeName } from "./pcap/link_layer.ts";
export type { RecordedFrame } from "./pcap/recorded_frame.ts";
export { type FlowProgram, loadProgram } from "./program.ts";
export { type RecordedDevice, RecordedDevices } from "./recorded_devices.ts";
export { Replayer, type ReplayFrame } from "./replay.ts";
export { readAllStrays, type Stray } from "./strays.ts";
export type { WatchedDevice } from "./watcher.ts";
