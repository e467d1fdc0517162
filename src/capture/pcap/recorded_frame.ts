/** What capture files hold, in the terms that all of their formats share. */

/** A point at which frames were recorded. */
export interface RecordedInterface {
  /** Place in its section of the file. */
  readonly index: number;
  readonly name: string | undefined;
  /** LINKTYPE_… number: how its frames begin. */
  readonly linkType: number;
}

/** A frame as recorded. The reader fills the same one again and again: data is valid until it reads on. */
export interface RecordedFrame {
  /** What was kept of it, from the link header on. */
  data: Uint8Array;
  /** Its length when it passed; data may hold less. */
  frameBytes: number;
  /** Since 1970: 0 to {@linkcode TIME_NS_MAX}. */
  timeNs: bigint;
  interface: RecordedInterface;
  /** ifindex of the device, where the format keeps one beside the interface; 0: unknown. */
  ifindex: number;
  /** The recording host sent it. */
  outgoing: boolean;
}

/** The year 2116; a file that says later is taken to mean this. */
export const TIME_NS_MAX = 1n << 62n;

/** Longest frame that a file may hold: what tcpdump and Wireshark allow. A longer one is a broken file. */
export const CAPTURED_BYTES_MAX = 262_144;

/** Reads one format out of a window of bytes. */
export interface FrameReader {
  /** Fills {@linkcode frame} with the next one; false: more bytes are needed first. Throws CaptureFileError. */
  next(): boolean;
  /** The file is over. Throws CaptureFileError when it ends inside something. */
  end(): void;
  readonly frame: RecordedFrame;
}

export function emptyFrame(): RecordedFrame {
  return {
    data: new Uint8Array(),
    frameBytes: 0,
    timeNs: 0n,
    interface: { index: 0, name: undefined, linkType: 0 },
    ifindex: 0,
    outgoing: false,
  };
}

/** Puts a time into the bounds that everything behind relies on. */
export function boundTime(timeNs: bigint): bigint {
  if (timeNs < 0n) return 0n;
  return timeNs > TIME_NS_MAX ? TIME_NS_MAX : timeNs;
}
