// Trace and span ids that two nodes, and two attempts to send, compute alike.

import { Entry, SEQUENCE_KNOWN } from "./entry";
import { settings } from "./memory_map";
import { sha1 } from "./sha1";

const MESSAGE: usize = memory.data(80);
const DIGEST: usize = memory.data(24);
const TUPLE_BYTES: u32 = 40; // addresses, ports, protocol, kind; neither VLAN nor domain: nodes name those differently

function writeTuple(entry: Entry): void {
  store<u64>(MESSAGE, settings().domain0);
  store<u64>(MESSAGE, settings().domain1, 8);
  store<u64>(MESSAGE, entry.low0, 16);
  store<u64>(MESSAGE, entry.low1, 24);
  store<u64>(MESSAGE, entry.high0, 32);
  store<u64>(MESSAGE, entry.high1, 40);
  store<u32>(MESSAGE, entry.ports, 48);
  store<u32>(MESSAGE, <u32>entry.protocol | (<u32>entry.kind << 8), 52);
}

/** The fixed window of time that a flow without a sequence number belongs to; each tuple's windows begin elsewhere. */
function timeWindow(startUnixS: u32): u32 {
  const seconds = settings().traceIdTimeoutS;
  sha1(MESSAGE, 16 + TUPLE_BYTES, DIGEST);
  return (startUnixS + load<u32>(DIGEST) % seconds) / seconds;
}

/** 16 bytes: hash(domain, tuple, protocol, the initiator's initial sequence number, or else a window of time). */
export function traceId(entry: Entry, startUnixNs: u64, to: usize): void {
  writeTuple(entry);
  const known = (entry.state & SEQUENCE_KNOWN) != 0;
  const discriminator = known ? entry.sequenceOrIcmp : timeWindow(<u32>(startUnixNs / 1_000_000_000));
  store<u32>(MESSAGE, known ? 1 : 2, 56);
  store<u32>(MESSAGE, discriminator, 60);
  sha1(MESSAGE, 64, DIGEST);
  store<u64>(to, load<u64>(DIGEST));
  store<u64>(to, load<u64>(DIGEST, 8), 8);
}

/** 8 bytes: hash(trace id, node, start, number of the record; domain, where one tuple can be two flows at once). */
export function spanId(traceId: usize, startUnixNs: u64, record: u32, domain: u32, to: usize): void {
  store<u64>(MESSAGE, load<u64>(traceId));
  store<u64>(MESSAGE, load<u64>(traceId, 8), 8);
  store<u64>(MESSAGE, settings().node0, 16);
  store<u64>(MESSAGE, settings().node1, 24);
  store<u64>(MESSAGE, startUnixNs, 32);
  store<u32>(MESSAGE, record, 40);
  store<u32>(MESSAGE, domain, 44);
  sha1(MESSAGE, domain ? 48 : 44, DIGEST);
  store<u64>(to, load<u64>(DIGEST));
}
