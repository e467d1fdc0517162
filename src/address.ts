/** IP addresses as text. */

const MAPPED_PREFIX_BYTES = 12;

/** Whether 16 bytes are an IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2). */
export function isMapped(address: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (address[i] !== 0) return false;
  return address[10] === 0xff && address[11] === 0xff;
}

/** The text of a 16-byte address: dotted for mapped IPv4, else as RFC 5952 wants it. */
export function addressText(address: Uint8Array): string {
  if (isMapped(address)) {
    const at = MAPPED_PREFIX_BYTES;
    return `${address[at]}.${address[at + 1]}.${address[at + 2]}.${address[at + 3]}`;
  }
  return ipv6Text(address);
}

function ipv6Text(address: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((address[i]! << 8) | address[i + 1]!);
  const { start, length } = longestZeroRun(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}

/** An address prefix as text: "10.1.0.0/16". */
export function prefixText(address: Uint8Array, bits: number): string {
  return `${addressText(address)}/${bits}`;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Six bytes as "aa:bb:cc:dd:ee:ff". */
export function macText(mac: Uint8Array): string {
  return Array.from(mac, (byte) => HEX[byte]).join(":");
}
