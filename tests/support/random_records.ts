/** Records with anything in them that a table could write, and much that it would not. */
import { Fact, RECORD_AGGREGATE, RECORD_BYTES, RECORD_FLOW, RECORD_OFFSETS as AT } from "../../src/flow_record.ts";

/** A generator of numbers from 0 to 1, the same for the same seed (xorshift32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const PROTOCOLS = [1, 6, 17, 58, 132, 47, 0, 255];
const COUNT_BITS = 40;

/** Fills RECORD_BYTES bytes. countBits: how large counts may be; sums of larger ones than the default are not exact. */
export function fillRandomRecord(bytes: Uint8Array, random: () => number, countBits = COUNT_BITS): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(values: readonly T[]) => values[below(values.length)]!;
  for (let i = 0; i < RECORD_BYTES; i++) bytes[i] = below(256);
  const isIpv4 = random() < 0.5;
  view.setUint8(AT.what, random() < 0.1 ? RECORD_AGGREGATE : RECORD_FLOW);
  view.setUint8(AT.endReason, below(6));
  view.setUint8(AT.protocol, oneOf(PROTOCOLS));
  view.setUint8(AT.ipVersion, isIpv4 ? 4 : 6);
  view.setUint8(AT.prefixBits, oneOf([0, 16, 32, 128]));
  view.setUint16(AT.vlan, oneOf([0, 0, 1, 4_095]), true);
  view.setUint8(AT.kind, oneOf([0, 0, 0, 2]));
  for (const offset of [AT.source0, AT.destination0]) fillAddress(bytes.subarray(offset, offset + 16), isIpv4, random);
  for (let offset: number = AT.packetsDelta0; offset < AT.synAckAfterNs; offset += 8) {
    setCount(view, offset, random, countBits);
  }
  for (const offset of [AT.synAckAfterNs, AT.ackAfterNs]) {
    if (random() < 0.3) view.setBigUint64(offset, 0n, true);
    else setCount(view, offset, random, countBits);
  }
  // ns since 1970 have 63 bits for two centuries more
  for (const offset of [AT.startUnixNs, AT.endUnixNs]) bytes[offset + 7]! &= 0x7f;
  if (random() < 0.3) bytes.fill(0, AT.mac0, AT.mac0 + 6);
  const places = below(5);
  for (let place = 0; place < 4; place++) {
    view.setUint16(AT.interface0 + 2 * place, place < places ? 1 + below(9) : 0, true);
  }
  view.setUint32(AT.facts, below(Fact.KEPT_ANYWAY * 2), true);
}

function setCount(view: DataView, offset: number, random: () => number, bits: number): void {
  const value = random() < 0.2 ? 0 : Math.floor(2 ** (random() * bits));
  view.setBigUint64(offset, BigInt(value), true);
}

function fillAddress(address: Uint8Array, isIpv4: boolean, random: () => number): void {
  if (isIpv4) {
    address.fill(0, 0, 10);
    address.fill(0xff, 10, 12);
    return;
  }
  // zero groups in all places, so that every way of shortening comes up
  for (let i = 0; i < 16; i += 2) {
    if (random() < 0.6) address.fill(0, i, i + 2);
    else if (random() < 0.3) address[i] = 0;
  }
}
