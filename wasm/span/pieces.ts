// Pre-encoded pieces of spans: everything that does not change from flow to flow. The host encodes them once
// (src/export/otlp/span_pieces.ts); here they are copied. A piece begins on 16 bytes, its length stands in the 4
// before.
//
// The table at PIECES holds a pointer for each number below; 0: there is no such piece. Arrays take as many numbers as
// their index has values. src/export/otlp/piece_numbers.ts repeats the numbers.

export const PIECES: usize = 0x10000;

// keys of values that are written here
export const SOURCE_ADDRESS: u32 = 0;
export const DESTINATION_ADDRESS: u32 = 1;
export const MAC: u32 = 2;
export const INTERFACES: u32 = 3;
export const VLAN: u32 = 4;
/** ttl, flow_label, of each side. */
export const TTL: u32 = 5;
export const HANDSHAKE_LATENCY: u32 = 9;
export const RTT_RESPONDER: u32 = 10;
export const RTT_INITIATOR: u32 = 11;

// Blocks: attributes one behind the other, with room for their values. Behind each block's number, that of the places
// in it: an u32 for each value.
/** What is counted of each side, the record's number, both ports, the Community ID; then the same for wide values. */
export const FLOW_NUMBERS: u32 = 12;
/** The same up to the record's number. */
export const AGGREGATE_NUMBERS: u32 = 16;
/** retransmitted packets and bytes, out of order, zero windows, by side. */
export const QUALITY: u32 = 20;

// whole attributes
export const FRAGMENT: u32 = 36;
/** By forward | reverse << 1. */
export const COUNTED: u32 = 40;
/** The span's kind and flow.direction, by kind. */
export const KIND: u32 = 44;
/** By endReason. */
export const END_REASON: u32 = 48;
/** The span's name, network.type and network.transport, by version (0: IPv4) and protocol. */
export const PROTOCOL: u32 = 64;
/** By forward flags | reverse flags << 4 | has ended << 8; flags squeezed by stateFlags(). */
export const STATE: u32 = PROTOCOL + 2 * 256;
/** dscp.id, dscp.name, ecn.id, ecn.name, by side and traffic class. */
export const TRAFFIC_CLASS: u32 = STATE + 512;
/** flags.bits, flags.tags, by side and flags. */
export const TCP_FLAGS: u32 = TRAFFIC_CLASS + 2 * 256;
/** Four bytes of ASCII for each byte value: its decimal digits, and how many in the last. */
export const DECIMAL: u32 = TCP_FLAGS + 2 * 256;
/** weir.overflow and its reason, by FlowRecord.what. */
export const OVERFLOW: u32 = DECIMAL + 1;
/** Of flows that could have been left out; none where every flow is kept. */
export const SAMPLING_RATE: u32 = OVERFLOW + 4;

@inline
export function piece(number: u32): usize {
  return load<u32>(PIECES + (<usize>number << 2));
}

@inline
export function lengthOf(piece: usize): usize {
  return piece ? <usize>load<u32>(piece - 4) : 0;
}

/** Kinds of pieces that come up at run time, by number. Sets are written under the names of their side. */
export const INTERFACE: u32 = 0;
/** An interface's name as an element of weir.interfaces. */
export const ELEMENT: u32 = 1;
export const SOURCE_SET: u32 = 2;
export const DESTINATION_SET: u32 = 3;
export const FLOW_SET: u32 = 4;

/** Behind the table of pieces: for each kind, ids and where their pieces lie. The host empties it. */
const CACHES: usize = PIECES + 0x4000;
const CACHE_BITS: u32 = 10;
const CACHE_MASK: u32 = (1 << CACHE_BITS) - 1;

/** The piece of an interface or a set; 0: nothing is known of it, or id is 0. */
@inline
export function laterPiece(kind: u32, id: u32): usize {
  if (!id) return 0;
  const at = CACHES + (<usize>(kind << CACHE_BITS | id & CACHE_MASK) << 3);
  return load<u32>(at) == id ? <usize>load<u32>(at, 4) : fetchPiece(at, kind, id);
}

function fetchPiece(at: usize, kind: u32, id: u32): usize {
  const piece = hostPiece(kind, id);
  store<u32>(at, id);
  store<u32>(at, piece, 4);
  return piece;
}

// @ts-ignore: decorator
@external("host", "laterPiece")
declare function hostPiece(kind: u32, id: u32): u32;

// @ts-ignore: decorator
@external("host", "icmpPiece")
/** The ICMP attributes of one side. */
export declare function icmpPiece(side: u32, protocol: u32, type: u32, code: u32): u32;
