/** IP addresses from text. */
import { isIPv4, isIPv6 } from "node:net";

/** The 16 bytes of an address's text, IPv4 mapped into IPv6; undefined where it is none. No zones, no prefixes. */
export function parseAddress(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (isIPv4(text)) return Uint8Array.of(...Array(10).fill(0), 0xff, 0xff, ...text.split(".").map(Number));
  if (!isIPv6(text) || text.includes("%")) return undefined;
  // the URL parser writes it in groups of hexadecimal digits alone
  const [head = "", tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const groups = (part = "") => part ? part.split(":").map((group) => Number.parseInt(group, 16)) : [];
  const [front, back] = [groups(head), groups(tail)];
  const words = [...front, ...Array(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}
