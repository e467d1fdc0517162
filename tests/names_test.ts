import assert from "node:assert/strict";
import { icmpCodeName, icmpTypeName } from "../src/icmp_names.ts";
import { dscpName, ecnName, endReasonName, protocolName, tcpFlagNames } from "../src/names.ts";
import { connectionState } from "../src/tcp_state.ts";

Deno.test("protocolName() has IANA's names in lower case, and numbers for the rest", () => {
  const names = [0, 1, 2, 6, 17, 41, 47, 50, 51, 58, 89, 132, 253, 255].map(protocolName);
  assert.deepEqual(
    names,
    "hopopt icmp igmp tcp udp ipv6 gre esp ah icmpv6 ospf sctp protocol-253 protocol-255".split(" "),
  );
  const all = Array.from({ length: 256 }, (_, number) => protocolName(number));
  assert.equal(new Set(all).size, 256, "no name for two protocols");
});

Deno.test("dscpName() and ecnName() know every code point with a name", () => {
  const names = Array.from({ length: 64 }, (_, dscp) => dscpName(dscp)).filter((name) => name !== undefined);
  assert.deepEqual(
    names,
    ("df le cs1 af11 af12 af13 cs2 af21 af22 af23 cs3 af31 af32 af33 cs4 af41 af42 af43 cs5 voice nqb ef cs6 cs7")
      .split(" "),
  );
  assert.deepEqual([0, 1, 2, 3, 7].map(ecnName), ["non-ect", "ect1", "ect0", "ce", "ce"]);
});

Deno.test("tcpFlagNames() lists flags from the lowest bit up", () => {
  assert.deepEqual(tcpFlagNames(0xff), ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]);
  assert.deepEqual(tcpFlagNames(0x12), ["syn", "ack"]);
  assert.deepEqual(tcpFlagNames(0), []);
});

Deno.test("endReasonName() has IPFIX's words, and none for a flow that goes on", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(endReasonName), [
    undefined,
    "idle timeout",
    "active timeout",
    "end of Flow detected",
    "forced end",
    "lack of resources",
    undefined,
  ]);
});

Deno.test("icmpTypeName() and icmpCodeName() keep ICMP and ICMPv6 apart", () => {
  assert.equal(icmpTypeName(1, 8), "echo_request");
  assert.equal(icmpTypeName(58, 128), "echo_request");
  assert.equal(icmpTypeName(1, 128), undefined);
  assert.equal(icmpTypeName(58, 8), undefined);
  assert.equal(icmpTypeName(1, 3), "destination_unreachable");
  assert.equal(icmpTypeName(58, 3), "time_exceeded");
  assert.equal(icmpTypeName(58, 143), "mldv2_multicast_listener_report");
  assert.equal(icmpCodeName(1, 3, 15), "precedence_cutoff_in_effect");
  assert.equal(icmpCodeName(58, 1, 4), "port_unreachable");
  assert.equal(icmpCodeName(1, 3, 16), undefined);
  assert.equal(icmpCodeName(1, 8, 0), "", "a type of one code");
  assert.equal(icmpCodeName(1, 8, 1), undefined);
  assert.equal(icmpCodeName(1, 99, 0), undefined);
  for (const protocol of [1, 58]) {
    for (let type = 0; type < 256; type++) {
      assert.match(icmpTypeName(protocol, type) ?? "none", /^[a-z0-9_]+$/);
      for (let code = 0; code < 256; code++) assert.match(icmpCodeName(protocol, type, code) ?? "none", /^[a-z0-9_]*$/);
    }
  }
});

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

Deno.test("connectionState() is the initiator's, as far as flags tell it", () => {
  const states: Array<[string, number, number, boolean]> = [
    ["syn_sent", SYN, 0, false],
    ["syn_sent", SYN, 0, true],
    ["syn_received", SYN, SYN | ACK, false],
    ["established", SYN | ACK, SYN | ACK, false],
    ["established", ACK, ACK, false],
    ["established", ACK, 0, false],
    ["fin_wait_1", SYN | ACK | FIN, SYN, false],
    ["fin_wait_2", SYN | ACK | FIN, SYN | ACK, false],
    ["close_wait", SYN | ACK, SYN | ACK | FIN, false],
    ["time_wait", ACK | FIN, ACK | FIN, false],
    ["closed", ACK | FIN, ACK | FIN, true],
    ["closed", SYN, RST | ACK, false],
    ["closed", ACK | RST, ACK, false],
  ];
  for (const [state, forward, reverse, hasEnded] of states) {
    assert.equal(connectionState(forward, reverse, hasEnded), state, `${forward} ${reverse} ${hasEnded}`);
  }
});
