/**
 * The state of a TCP connection as far as flags tell it: the initiator's state (RFC 9293, 3.3.2), read from what each
 * side has sent so far. The order of segments that two CPUs saw is unknown, so states that only order tells are left
 * out.
 */
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

export function connectionState(forwardFlags: number, reverseFlags: number, hasEnded: boolean): string {
  const both = forwardFlags | reverseFlags;
  if (both & RST) return "closed";
  if (forwardFlags & FIN && reverseFlags & FIN) return hasEnded ? "closed" : "time_wait";
  if (forwardFlags & FIN) return reverseFlags & ACK ? "fin_wait_2" : "fin_wait_1";
  if (reverseFlags & FIN) return "close_wait";
  if (forwardFlags & SYN && !(reverseFlags & SYN)) return reverseFlags & ACK ? "established" : "syn_sent";
  if (reverseFlags & SYN && !(forwardFlags & ACK)) return "syn_received";
  return "established";
}
