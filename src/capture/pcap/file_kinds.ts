/** What a file that is no capture looks like, and what to do about it. */

interface Kind {
  magic: readonly number[];
  name: string;
  remedy?: string;
}

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

const KINDS: readonly Kind[] = [
  { magic: [0x1f, 0x8b], name: "gzip", remedy: "gunzip it first, or: zcat FILE | weir replay -" },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], name: "zstd", remedy: "unzstd it first, or: zstdcat FILE | weir replay -" },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: "xz", remedy: "unxz it first, or: xzcat FILE | weir replay -" },
  { magic: ascii("BZh"), name: "bzip2", remedy: "bunzip2 it first, or: bzcat FILE | weir replay -" },
  { magic: [0x04, 0x22, 0x4d, 0x18], name: "lz4", remedy: "unlz4 it first, or: lz4cat FILE | weir replay -" },
  { magic: [0x50, 0x4b, 0x03, 0x04], name: "zip", remedy: "unzip it first" },
  { magic: ascii("snoop\0"), name: "a snoop capture", remedy: "convert it: editcap -F pcapng FILE OUT" },
  { magic: ascii("btsnoop\0"), name: "a Bluetooth capture (btsnoop): it holds no network frames" },
  {
    magic: ascii("GMBU"),
    name: "a Microsoft Network Monitor capture",
    remedy: "convert it: editcap -F pcapng FILE OUT",
  },
  {
    magic: ascii("RTSS"),
    name: "a Microsoft Network Monitor capture",
    remedy: "convert it: editcap -F pcapng FILE OUT",
  },
  { magic: [0x7f, 0x45, 0x4c, 0x46], name: "a program (ELF)" },
];

/** A remark on the first bytes of a file; always says something. */
export function describeFile(start: Uint8Array): string {
  const kind = KINDS.find(({ magic }) => magic.length <= start.length && magic.every((byte, i) => start[i] === byte));
  if (kind) return kind.remedy ? `it looks like ${kind.name}: ${kind.remedy}` : `it looks like ${kind.name}`;
  if (start.length && start.every(isText)) return "it looks like text";
  if (start.every((byte) => byte === 0)) return "it begins with zeros";
  const hex = [...start.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `it begins with the bytes ${hex}`;
}

function isText(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
