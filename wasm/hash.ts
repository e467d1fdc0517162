// The hash of a flow's identity, by which the index finds it. Multipliers are secret: nobody outside can fill one
// bucket.

import { settings } from "./memory_map";

@inline export function hashIdentity(
  low0: u64, low1: u64, high0: u64, high1: u64, portsDomain: u64, protocolKind: u64,
): u64 {
  const s = settings();
  let sum = (low0 * s.hash0 + low1 * s.hash1) + (high0 * s.hash2 + rotl<u64>(high1, 31) * s.hash1) +
    (rotl<u64>(portsDomain, 17) * s.hash0 + rotl<u64>(protocolKind, 41) * s.hash2);
  sum ^= sum >> 32;
  sum *= s.hash0;
  return sum ^ (sum >> 29);
}
