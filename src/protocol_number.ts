/** IP protocols as people write them. */
import { UsageError } from "./errors.ts";
import { protocolName } from "./names.ts";

const PROTOCOL_MOST = 255;
const SHOWN_MAX = 40;

/** Of a name in any case, or of a number as text. Throws UsageError. */
export function protocolNumber(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= PROTOCOL_MOST) return Number(text);
  for (let number = 0; number <= PROTOCOL_MOST; number++) {
    if (protocolName(number) === text.toLowerCase()) return number;
  }
  const shown = text.slice(0, SHOWN_MAX);
  throw new UsageError(`Cannot use protocol ${shown}: write tcp, udp, icmp, icmpv6, sctp or a number from 0 to 255`);
}
