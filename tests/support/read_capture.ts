/** A capture file's frames, copied out, as a reader that gets it in chunks finds them. */
import { CaptureFileError } from "../../src/capture/pcap/capture_file_error.ts";
import { CaptureReader } from "../../src/capture/pcap/capture_reader.ts";
import type { RecordedFrame } from "../../src/capture/pcap/recorded_frame.ts";

export interface ReadCapture {
  frames: RecordedFrame[];
  /** Why it could not be read on. Anything else that is thrown goes through. */
  error: CaptureFileError | undefined;
}

export function readCapture(file: Uint8Array, chunkBytes = 65_536): ReadCapture {
  const reader = new CaptureReader();
  const frames: RecordedFrame[] = [];
  try {
    for (let at = 0; at < file.length;) {
      const room = reader.room();
      const chunk = file.subarray(at, at + Math.min(chunkBytes, room.length));
      room.set(chunk);
      reader.filled(chunk.length);
      at += chunk.length;
      while (reader.next()) frames.push({ ...reader.frame, data: reader.frame.data.slice() });
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error;
    return { frames, error };
  }
  return { frames, error: undefined };
}
