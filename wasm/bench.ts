// Never instantiated by the agent: lets tests/bench/community_id.ts measure, and tests/wasm/sha1_test.ts try, what is
// one part of many in the table.

import { communityId } from "./community_id";
import { Entry, ENTRY_BYTES } from "./entry";

export { sha1 } from "./sha1";

const DIGEST_BYTES: usize = 20;

/** Writes the Community IDs of `count` entries, one behind the other from `entries` on, to `digests`. */
export function communityIds(entries: usize, count: u32, digests: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    communityId(changetype<Entry>(entries + <usize>i * ENTRY_BYTES), digests + <usize>i * DIGEST_BYTES);
  }
}
