/** A frame for one branch of the parser, and what must become of it. */
import type { ReplayFrame } from "../../src/capture/replay.ts";
import type { Bytes } from "../support/packet.ts";
import type { SlotView } from "../support/slot_view.ts";

export interface ParseRow {
  name: string;
  frame: Bytes;
  /** Fields of the slot; the oracle knows the others. */
  flow?: Partial<SlotView>;
  malformed?: string;
  /** The ethertype of a stray that is not IP. */
  notIp?: number;
  /** Only a replay can say this: frames cut, or shorter than test_run takes, or with another link header. */
  replay?: Partial<ReplayFrame>;
}
