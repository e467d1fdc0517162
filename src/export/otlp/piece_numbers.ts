/**
 * The numbers of pre-encoded pieces: wasm/span/pieces.ts in TypeScript. Arrays have as many as their index has values.
 */
export const Piece = {
  SOURCE_ADDRESS: 0,
  DESTINATION_ADDRESS: 1,
  MAC: 2,
  INTERFACES: 3,
  VLAN: 4,
  TTL: 5,
  HANDSHAKE_LATENCY: 9,
  RTT_RESPONDER: 10,
  RTT_INITIATOR: 11,
  FLOW_NUMBERS: 12,
  AGGREGATE_NUMBERS: 16,
  QUALITY: 20,
  FRAGMENT: 36,
  COUNTED: 40,
  KIND: 44,
  END_REASON: 48,
  PROTOCOL: 64,
  STATE: 576,
  TRAFFIC_CLASS: 1_088,
  TCP_FLAGS: 1_600,
  DECIMAL: 2_112,
  OVERFLOW: 2_113,
  SAMPLING_RATE: 2_117,
  COUNT: 2_118,
} as const;
