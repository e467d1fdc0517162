/** Whether the program and the oracle say the same of one frame that came first in its flow. */
import assert from "node:assert/strict";
import type { Flow, Verdict } from "./oracle.ts";
import type { Outcome } from "./program_probe.ts";
import type { SlotView } from "./slot_view.ts";

const FLAG_EGRESS = 1;
const FLAG_FRAGMENT = 2;

/** Throws AssertionError where they differ. */
export function assertAgreement(outcome: Outcome, verdict: Verdict): void {
  const { term, malformed, slot } = outcome;
  const said = verdict.term === "malformed" ? verdict : { term: verdict.term };
  assert.deepEqual(malformed === undefined ? { term } : { term, malformed }, said);
  if (verdict.term !== "accounted") {
    assert.equal(slot, undefined, "a stray touches no slot");
    return;
  }
  assert.ok(slot, "a flow has a slot");
  assert.deepEqual(flowOf(slot), expected(verdict.flow, outcome));
}

type Comparable = Omit<Flow, "headerBytes" | "payloadBytes" | "tcp" | "fragment"> & {
  flags: number;
  tcpFlags: number;
  tcpFlagsFirst: number;
  sequenceFirst: number;
  sequenceNext: number;
  acknowledgmentFirst: number;
  zeroWindows: number;
};

function flowOf(slot: SlotView): Comparable {
  const { source, destination, sourcePort, destinationPort, protocol, flags, vlan, vlanInner, ethertype } = slot;
  const { ttl, trafficClass, flowLabel, tcpFlags, tcpFlagsFirst } = slot;
  const { sequenceFirst, sequenceNext, acknowledgmentFirst, zeroWindows } = slot;
  const who = { source, destination, sourcePort, destinationPort, protocol, flags, vlan, vlanInner, ethertype };
  const how = { ttl, trafficClass, flowLabel, tcpFlags, tcpFlagsFirst };
  return { ...who, ...how, sequenceFirst, sequenceNext, acknowledgmentFirst, zeroWindows };
}

function expected(flow: Flow, outcome: Outcome): Comparable {
  const { headerBytes: _header, payloadBytes, tcp, fragment, ...same } = flow;
  const egress = outcome.hook === "egress" ? FLAG_EGRESS : 0;
  return { ...same, flags: egress | (fragment ? FLAG_FRAGMENT : 0), ...tcpFields(tcp, payloadBytes) };
}

const SYN = 2;
const FIN = 1;
const RST = 4;

function tcpFields(tcp: Flow["tcp"], payloadBytes: number) {
  const { flags = 0, sequence = 0, acknowledgment = 0, window = 1 } = tcp ?? {};
  const numbers = payloadBytes + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  return {
    tcpFlags: flags,
    tcpFlagsFirst: flags,
    sequenceFirst: sequence,
    // without TCP the field counts payload and means nothing
    sequenceNext: (sequence + numbers) % 2 ** 32,
    acknowledgmentFirst: acknowledgment,
    zeroWindows: window === 0 && !(flags & (SYN | FIN | RST)) ? 1 : 0,
  };
}
