/**
 * Recorded link headers → the Ethernet header that the program reads. The lengths that count are those of the frame on
 * its device: what a capture tool put in front (cooked headers, address families) never passed there.
 *
 * - Ethernet (1): as it is, VLAN tags included.
 * - Raw IP (101, 12, 14, 228, 229): no link header, as on L3-only devices.
 * - Linux cooked (113, 276): 14 bytes where the device has Ethernet's header, none else; the sender's address is kept.
 * - BSD loopback (0, 108): none.
 */
import type { ReplayFrame } from "../replay.ts";
import { REPLAY_DATA_BYTES_MAX } from "../replay.ts";
import type { RecordedFrame } from "./recorded_frame.ts";

const ETHERNET_HEADER_BYTES = 14;
const ETHERTYPE_AT = 12;
const SOURCE_AT = 6;
const MAC_BYTES = 6;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

const ETHERNET = 1;
const RAW_IPV4 = 228;
const RAW_IPV6 = 229;
const LINUX_SLL = 113;
const LINUX_SLL2 = 276;
const SLL_BYTES = 16;
const SLL2_BYTES = 20;
const FAMILY_BYTES = 4;

/** Who sent a cooked frame: PACKET_OUTGOING is the recording host. */
const PACKET_OUTGOING = 4;
/** ARPHRD_… of devices whose frames begin with Ethernet's header: Ethernet and loopback. */
const HARDWARE_ETHERNET = new Set([1, 772]);
const FAMILY_IPV4 = 2;
/** AF_INET6 on Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS. */
const FAMILIES_IPV6 = new Set([10, 23, 24, 28, 30]);

type Convert = (layer: LinkLayer, frame: RecordedFrame, into: ReplayFrame) => void;

const CONVERSIONS: Record<number, Convert> = {
  [ETHERNET]: (_, frame, into) => keep(frame, into),
  0: (layer, frame, into) => layer.fromFamily(frame, into),
  108: (layer, frame, into) => layer.fromFamily(frame, into),
  12: (layer, frame, into) => layer.fromRaw(frame, into, versionType(frame.data)),
  14: (layer, frame, into) => layer.fromRaw(frame, into, versionType(frame.data)),
  101: (layer, frame, into) => layer.fromRaw(frame, into, versionType(frame.data)),
  [RAW_IPV4]: (layer, frame, into) => layer.fromRaw(frame, into, ETHERTYPE_IPV4),
  [RAW_IPV6]: (layer, frame, into) => layer.fromRaw(frame, into, ETHERTYPE_IPV6),
  [LINUX_SLL]: (layer, frame, into) => layer.fromCooked(frame, into),
  [LINUX_SLL2]: (layer, frame, into) => layer.fromCooked2(frame, into),
};

/** Names of link types that capture files often have, for messages. */
const NAMES: Record<number, string> = {
  0: "BSD loopback",
  1: "Ethernet",
  6: "Token Ring",
  9: "PPP",
  10: "FDDI",
  50: "PPP in HDLC framing",
  51: "PPPoE",
  101: "raw IP",
  104: "Cisco HDLC",
  105: "IEEE 802.11",
  107: "Frame Relay",
  108: "OpenBSD loopback",
  113: "Linux cooked",
  117: "OpenBSD pflog",
  119: "IEEE 802.11 with Prism header",
  127: "IEEE 802.11 with radiotap header",
  163: "IEEE 802.11 with AVS header",
  187: "Bluetooth HCI",
  189: "Linux USB",
  192: "PPI",
  195: "IEEE 802.15.4",
  201: "Bluetooth HCI with direction",
  220: "Linux USB",
  227: "SocketCAN",
  228: "raw IPv4",
  229: "raw IPv6",
  239: "Linux NFLOG",
  249: "USBPcap",
  251: "Bluetooth Low Energy",
  253: "Linux netlink",
  276: "Linux cooked v2",
};

export function isReadable(linkType: number): boolean {
  return linkType in CONVERSIONS;
}

/** "127 (IEEE 802.11 with radiotap header)" */
export function linkTypeName(linkType: number): string {
  const name = NAMES[linkType];
  return name ? `${linkType} (${name})` : String(linkType);
}

/** Ethernet frames stay where they are; of others, header and data are put together in a place of its own. */
export class LinkLayer {
  readonly #scratch = new Uint8Array(REPLAY_DATA_BYTES_MAX);
  readonly #view = new DataView(this.#scratch.buffer);

  /** Fills data and lengths of `into` from a frame of a link type that is readable. */
  convert(frame: RecordedFrame, into: ReplayFrame): void {
    CONVERSIONS[frame.interface.linkType]!(this, frame, into);
  }

  fromRaw(frame: RecordedFrame, into: ReplayFrame, ethertype: number): void {
    this.#put(frame, into, 0, ethertype, 0);
    into.withoutMacs = true;
  }

  fromFamily(frame: RecordedFrame, into: ReplayFrame): void {
    const { data } = frame;
    if (data.length < FAMILY_BYTES) return cutShort(frame, into);
    // in the byte order of the recording host, which nothing tells; families are small
    const family = data[0]! | data[1]! << 8 | data[2]! << 16 | data[3]! << 24 || 0;
    const swapped = data[3]! | data[2]! << 8 | data[1]! << 16 | data[0]! << 24 || 0;
    const either = Math.min(family >>> 0, swapped >>> 0);
    const ethertype = either === FAMILY_IPV4 ? ETHERTYPE_IPV4 : FAMILIES_IPV6.has(either) ? ETHERTYPE_IPV6 : 0;
    this.#put(frame, into, FAMILY_BYTES, ethertype, 0);
    into.withoutMacs = true;
  }

  fromCooked(frame: RecordedFrame, into: ReplayFrame): void {
    const { data } = frame;
    if (data.length < SLL_BYTES) return cutShort(frame, into);
    const ethernet = HARDWARE_ETHERNET.has(data[2]! << 8 | data[3]!);
    this.#put(frame, into, SLL_BYTES, data[14]! << 8 | data[15]!, ethernet ? ETHERNET_HEADER_BYTES : 0);
    this.#putSource(into, data, 6, ethernet && (data[4]! << 8 | data[5]!) === MAC_BYTES);
    if ((data[0]! << 8 | data[1]!) === PACKET_OUTGOING) into.hook = "egress";
  }

  fromCooked2(frame: RecordedFrame, into: ReplayFrame): void {
    const { data } = frame;
    if (data.length < SLL2_BYTES) return cutShort(frame, into);
    const ethernet = HARDWARE_ETHERNET.has(data[8]! << 8 | data[9]!);
    this.#put(frame, into, SLL2_BYTES, data[0]! << 8 | data[1]!, ethernet ? ETHERNET_HEADER_BYTES : 0);
    this.#putSource(into, data, 12, ethernet && data[11] === MAC_BYTES);
    if (data[10] === PACKET_OUTGOING) into.hook = "egress";
    frame.ifindex = (data[4]! << 24 | data[5]! << 16 | data[6]! << 8 | data[7]!) >>> 0;
  }

  /**
   * An Ethernet header, then what follows the first `header` bytes. linkBytes: of the header that passed on the device.
   */
  #put(frame: RecordedFrame, into: ReplayFrame, header: number, ethertype: number, linkBytes: number): void {
    const kept = Math.min(frame.data.length, header + REPLAY_DATA_BYTES_MAX - ETHERNET_HEADER_BYTES);
    this.#scratch.fill(0, 0, ETHERTYPE_AT);
    this.#view.setUint16(ETHERTYPE_AT, ethertype);
    this.#scratch.set(frame.data.subarray(header, kept), ETHERNET_HEADER_BYTES);
    into.data = this.#scratch.subarray(0, ETHERNET_HEADER_BYTES + kept - header);
    into.frameBytes = frame.frameBytes - header + linkBytes;
    into.linkBytes = linkBytes;
  }

  #putSource(into: ReplayFrame, data: Uint8Array, at: number, known: boolean): void {
    into.withoutMacs = !known;
    if (known) this.#scratch.set(data.subarray(at, at + MAC_BYTES), SOURCE_AT);
  }
}

function keep(frame: RecordedFrame, into: ReplayFrame): void {
  into.data = frame.data;
  into.frameBytes = frame.frameBytes;
  into.linkBytes = ETHERNET_HEADER_BYTES;
  into.withoutMacs = false;
}

/** Too little for its own link header: too little for the program's, too, so that it is counted as that. */
function cutShort(frame: RecordedFrame, into: ReplayFrame): void {
  keep(frame, into);
  into.data = frame.data.subarray(0, ETHERNET_HEADER_BYTES - 1);
  into.withoutMacs = true;
}

function versionType(data: Uint8Array): number {
  return (data[0] ?? 0) >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
}
