/** Options at the end of pcapng blocks: code 2, length 2, value, padding to 4 bytes; code 0 ends them. */
import type { ByteWindow } from "./byte_window.ts";
import { CaptureFileError } from "./capture_file_error.ts";

const OPTION_HEADER_BYTES = 4;
const END_OF_OPTIONS = 0;

/** Where an option's value begins, or -1 without it; its length stands before. Throws CaptureFileError. */
export function findOption(window: ByteWindow, from: number, to: number, code: number, littleEndian: boolean): number {
  let found = -1;
  for (let at = from; at < to;) {
    if (at + OPTION_HEADER_BYTES > to) {
      throw new CaptureFileError(window.offset + at, `an option is cut off, ${to - at} of 4 bytes of its header`);
    }
    const here = window.u16(at, littleEndian);
    if (here === END_OF_OPTIONS) break;
    const length = window.u16(at + 2, littleEndian);
    const value = at + OPTION_HEADER_BYTES;
    if (value + length > to) {
      throw new CaptureFileError(
        window.offset + at,
        `option ${here} claims ${length} bytes, ${to - value} are left in its block`,
      );
    }
    if (here === code && found < 0) found = value;
    at = value + padded(length);
  }
  return found;
}

/** Length of an option's value, as findOption() found it. */
export function optionLength(window: ByteWindow, value: number, littleEndian: boolean): number {
  return window.u16(value - 2, littleEndian);
}

/** Up to the next multiple of 4. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
