import assert from "node:assert/strict";
import { crc32c, internetChecksum } from "./checksum.ts";
import { address, arp, ethernet, hopByHop, ipv4, ipv6, packet, tcp, tcpOptions, udp, vlan } from "./packet.ts";

/** Checked by tcpdump: every checksum correct. */
const FRAMES = [
  {
    what: "UDP over IPv4",
    frame: packet(ethernet(), ipv4(), udp(), "hello"),
    hex: "02000000000202000000000108004500002100000000401166ca0a0000010a0000029c400035000d0b8a68656c6c6f",
  },
  {
    what: "a SYN behind an extension header and a tag",
    frame: packet(ethernet(), vlan(7), ipv6(), hopByHop(), tcp({ flags: "S", options: tcpOptions() }), 5),
    hex: "0200000000020200000000018100000786dd6000000000350040fd000000000000000000000000000001fd00000000000000000000" +
      "000000000206000000000000009c4001bb0000000100000000a002faf0af040000020405b40402080a000000010000000001030307" +
      "0001020304",
  },
  {
    what: "ARP",
    frame: packet(ethernet(), arp()),
    hex: "02000000000202000000000108060001080006040001020000000001" + "0a0000010000000000000a000002",
  },
];

for (const { what, frame, hex } of FRAMES) {
  Deno.test(`packet() builds ${what} byte by byte`, () => assert.equal(frame.toHex(), hex));
}

Deno.test("internetChecksum() and crc32c() give their standards' own examples", () => {
  assert.equal(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)), 0xffff - 0xddf2);
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test("address() reads dotted and shortened addresses", () => {
  assert.equal(address("192.0.2.1").toHex(), "c0000201");
  assert.equal(address("2001:db8::1").toHex(), "20010db8000000000000000000000001");
  assert.equal(address("::").toHex(), "00".repeat(16));
});
