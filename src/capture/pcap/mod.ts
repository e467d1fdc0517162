/** Recorded traffic, loaded only by who replays it: capture files, and their frames through the program. */
export { type RecordedDevice, RecordedDevices } from "../recorded_devices.ts";
export { Replayer, type ReplayFrame } from "../replay.ts";
export { CaptureFileError } from "./capture_file_error.ts";
export { CaptureReader } from "./capture_reader.ts";
export { isReadable, LinkLayer, linkTypeName } from "./link_layer.ts";
export type { RecordedFrame } from "./recorded_frame.ts";
