// The table's ABI: all that the host may call. README.md says what each does and who owns what until when.

import { configureFlows, beginRound } from "./flows";
import { configureIndex } from "./index_table";
import { configureOverflow } from "./overflow";
import { configurePool } from "./pool";
import { configureSweep } from "./sweep";

export { audit } from "./audit";
export { drain } from "./drain";
export { scan } from "./scan";
export { snapshot, snapshotNext } from "./snapshot";
export { flush, rewind, sweep } from "./sweep";
export { beginRound };

/** Once, after the host wrote the settings block. */
export function configure(): void {
  configurePool();
  configureIndex();
  configureOverflow();
  configureFlows();
  configureSweep();
}
