/**
 * What netlink messages have in common (include/uapi/linux/netlink.h): headers, attributes, the ends of a dump. Pure.
 */

export const NLMSG_HEADER_BYTES = 16;
export const NLM_F_REQUEST = 0x001;
export const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x010;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const ATTRIBUTE_TYPE_MASK = 0x3fff;

/** One message of a datagram; body and end are offsets into view. */
export interface NetlinkMessage {
  type: number;
  view: DataView;
  body: number;
  end: number;
}

/** A message that says how a request went. */
export type NetlinkEnd = { type: "done"; interrupted: boolean } | { type: "error"; errno: number };

/** The messages of a datagram. What is cut short ends it. */
export function* messages(datagram: Uint8Array): Generator<NetlinkMessage | NetlinkEnd> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  let at = 0;
  while (at + NLMSG_HEADER_BYTES <= view.byteLength) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    const body = at + NLMSG_HEADER_BYTES;
    if (length < NLMSG_HEADER_BYTES || at + length > view.byteLength) return;
    if (type === NLMSG_DONE) {
      yield { type: "done", interrupted: (view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0 };
    } else if (type === NLMSG_ERROR) {
      yield { type: "error", errno: length >= NLMSG_HEADER_BYTES + 4 ? -view.getInt32(body, true) : 0 };
    } else {
      yield { type, view, body, end: at + length };
    }
    at += (length + 3) & ~3;
  }
}

/** A request's header, with room for `bodyBytes` behind it. */
export function request(type: number, flags: number, sequence: number, bodyBytes: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(NLMSG_HEADER_BYTES + bodyBytes));
  view.setUint32(0, view.byteLength, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  return view;
}

/** An attribute's value, from `at` to `end`. */
export interface Attribute {
  type: number;
  at: number;
  end: number;
}

export function* attributes(view: DataView, from: number, end: number): Generator<Attribute> {
  let at = from;
  while (at + 4 <= end) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) return;
    yield { type: view.getUint16(at + 2, true) & ATTRIBUTE_TYPE_MASK, at: at + 4, end: at + length };
    at += (length + 3) & ~3;
  }
}

/** A number of four bytes; 0 where the attribute is shorter. */
export function uint32(view: DataView, { at, end }: Attribute): number {
  return at + 4 <= end ? view.getUint32(at, true) : 0;
}

/** A string that may end with NUL. */
export function text(view: DataView, { at, end }: Attribute): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, end - at);
  const nul = bytes.indexOf(0);
  return new TextDecoder().decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}
