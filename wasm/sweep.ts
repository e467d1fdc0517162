// What is due: flows that were silent too long end, flows that go on too long are reported. A cycle over the pool is
// cut into steps, so that no step keeps the ring waiting.

import { countFlow, restartCensus, tellCensus } from "./census";
import * as e from "./entry";
import { Entry } from "./entry";
import { endFlow } from "./flows";
import { clocks, settings } from "./memory_map";
import { handOut, pendingPackets } from "./out";
import { entryAt, highWaterMark } from "./pool";
import { REASON_ACTIVE, REASON_END, REASON_IDLE } from "./record";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "./slot";
import { KIND_AGGREGATE, KIND_FRAGMENT } from "./tuple";

const MS: u64 = 1_000_000;

let cursor: u32 = 0;

export function configureSweep(): void {
  rewind();
}

/**
 * Looks at no more than `entriesMost` entries and hands out no more than `recordsMost` records. Returns 1 when the
 * cycle over the pool is complete, 2 when the out ring refused and the step ended early, else 0.
 */
export function sweep(entriesMost: u32, recordsMost: u32): u32 {
  const nowNs = clocks().nowNs;
  let records: u32 = 0;
  const end = min<u32>(highWaterMark(), cursor + entriesMost);
  while (cursor < end && records < recordsMost) {
    const entry = entryAt(cursor);
    if (entry.state & e.LIVE) {
      const reason = due(entry, nowNs);
      if (reason) {
        if (!handOut(entry, reason)) return 2;
        records++;
      }
      if (!reason || reason == REASON_ACTIVE) countFlow(entry);
      else endFlow(cursor);
    }
    cursor++;
  }
  if (cursor < highWaterMark()) return 0;
  cursor = 0;
  tellCensus();
  return 1;
}

/** Ends every flow for `reason`, as sweep() does. Returns 1 when none is left. */
export function flush(reason: u8, recordsMost: u32): u32 {
  let records: u32 = 0;
  for (; cursor < highWaterMark() && records < recordsMost; cursor++) {
    const entry = entryAt(cursor);
    if (!(entry.state & e.LIVE)) continue;
    if (!handOut(entry, hasEnded(entry) ? REASON_END : reason)) return 2;
    endFlow(cursor);
    records++;
  }
  if (cursor < highWaterMark()) return 0;
  cursor = 0;
  return 1;
}

/** Begins the next cycle at the pool's start. */
export function rewind(): void {
  cursor = 0;
  restartCensus();
}

/** Both ends said farewell, or one did and the other was never heard, or somebody broke off. */
@inline function hasEnded(entry: Entry): bool {
  const state = entry.state;
  if (state & (e.RESET | e.DETACHED)) return true;
  if (!(state & (e.FIN_0 | e.FIN_1))) return false;
  const both = (state & (e.FIN_0 | e.FIN_1)) == (e.FIN_0 | e.FIN_1);
  return both || (state & e.FIN_0 ? entry.packets1 == 0 : entry.packets0 == 0);
}

function due(entry: Entry, nowNs: u64): u8 {
  if (entry.state & e.DETACHED) return REASON_END;
  const silentNs = <i64>(nowNs - entry.lastSeenNs);
  const ended = entry.protocol == PROTOCOL_TCP && hasEnded(entry);
  if (silentNs > 0 && <u64>silentNs >= timeoutMs(entry, ended) * MS) return ended ? REASON_END : REASON_IDLE;
  const ageNs = <i64>(nowNs - entry.startNs);
  if (ageNs <= 0 || <u64>ageNs < settings().maxRecordIntervalMs * MS) return 0;
  const sinceMs = <u32>(nowNs / MS) - entry.handedMs;
  if (<i32>sinceMs < <i32>settings().maxRecordIntervalMs) return 0;
  return pendingPackets(entry, 0) | pendingPackets(entry, 1) ? REASON_ACTIVE : 0;
}

@inline function timeoutMs(entry: Entry, ended: bool): u64 {
  const s = settings();
  if (entry.kind & (KIND_AGGREGATE | KIND_FRAGMENT)) return s.genericTimeoutMs;
  switch (entry.protocol) {
    case PROTOCOL_TCP:
      if (!ended) return s.tcpTimeoutMs;
      return entry.state & e.RESET ? s.tcpRstTimeoutMs : s.tcpFinTimeoutMs;
    case PROTOCOL_UDP:
      return s.udpTimeoutMs;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return s.icmpTimeoutMs;
    default:
      return s.genericTimeoutMs;
  }
}
