// Pre-encoded pieces of spans: everything that does not change from flow to flow. The host encodes them once
// (src/export/otlp/span_pieces.ts); here they are copied. A piece begins on 16 bytes, its length stands in the 4
// before.
//
// The table at PIECES holds a pointer for each number below; 0: there is no such piece. Arrays take as many numbers as
// their index has values. src/export/otlp/piece_numbers.ts repeats the numbers.

export const PIECES: usize = 0x10000;

// keys of values that are written here
export const COMMUNITY_ID: u32 = 0;
export const SOURCE_ADDRESS: u32 = 1;
export const SOURCE_PORT: u32 = 2;
export const DESTINATION_ADDRESS: u32 = 3;
export const DESTINATION_PORT: u32 = 4;
/** packets.delta, packets.total, bytes.delta, bytes.total, of each side. */
export const COUNTS: u32 = 5;
export const MAC: u32 = 13;
export const INTERFACES: u32 = 14;
export const VLAN: u32 = 15;
/** ttl, flow_label, of each side. */
export const TTL: u32 = 16;
export const HANDSHAKE_LATENCY: u32 = 20;
export const RTT_RESPONDER: u32 = 21;
export const RTT_INITIATOR: u32 = 22;
/** retransmitted packets and bytes, out of order, zero windows, of each side. */
export const QUALITY: u32 = 23;
/** frames, wire bytes, of each side. */
export const WEIR_COUNTS: u32 = 31;
export const RECORD_NUMBER: u32 = 35;

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

@inline
export function piece(number: u32): usize {
  return load<u32>(PIECES + (<usize>number << 2));
}

@inline
export function lengthOf(piece: usize): usize {
  return piece ? <usize>load<u32>(piece - 4) : 0;
}

/** Whose attributes a set's are. */
export const SOURCE: u32 = 0;
export const DESTINATION: u32 = 1;
export const FLOW: u32 = 2;

/** The attributes of a set, under the names that its side has; 0: none. */
@inline
export function setPiece(side: u32, id: u32): usize {
  return id ? <usize>setPieceOf(side, id) : 0;
}

// @ts-ignore: decorator
@external("host", "setPiece")
declare function setPieceOf(side: u32, id: u32): u32;

// @ts-ignore: decorator
@external("host", "interfacePiece")
/** network.interface.index and .name of an interface; 0 where it is unknown. Cached by the host. */
export declare function interfacePiece(id: u32): u32;

// @ts-ignore: decorator
@external("host", "interfaceElement")
/** An interface's name as an element of weir.interfaces; 0 where it is unknown. */
export declare function interfaceElement(id: u32): u32;

// @ts-ignore: decorator
@external("host", "icmpPiece")
/** The ICMP attributes of one side. */
export declare function icmpPiece(side: u32, protocol: u32, type: u32, code: u32): u32;
