/** Netlink messages for tests: headers, attributes and nests as the kernel writes them, and as it never would. */

/** An attribute: its type, and its value or what is nested in it. */
export type AttributeSpec = [type: number, value: Uint8Array | string | number | AttributeSpec[]];

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_NEWTFILTER = 44;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

/** One message. length: what its header says instead of the truth. */
export function message(
  type: number,
  body: Uint8Array,
  options: { flags?: number; length?: number } = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 + align(body.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, options.length ?? 16 + body.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, options.flags ?? 0, true);
  bytes.set(body, 16);
  return bytes;
}

/** struct ifinfomsg and its attributes. */
export function linkBody(
  facts: { family?: number; hardwareType?: number; ifindex: number; flags?: number },
  specs: AttributeSpec[] = [],
): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, facts.family ?? 0);
  view.setUint16(2, facts.hardwareType ?? 1, true);
  view.setInt32(4, facts.ifindex, true);
  view.setUint32(8, facts.flags ?? 0, true);
  return concatenate([new Uint8Array(view.buffer), attributeBytes(specs)]);
}

/** struct tcmsg and its attributes. */
export function filterBody(handle: number, priority: number, specs: AttributeSpec[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(20));
  view.setUint32(8, handle, true);
  view.setUint32(16, (priority << 16) >>> 0, true);
  return concatenate([new Uint8Array(view.buffer), attributeBytes(specs)]);
}

export function attributeBytes(specs: AttributeSpec[]): Uint8Array<ArrayBuffer> {
  return concatenate(specs.map(([type, value]) => {
    const content = contentOf(value);
    const bytes = new Uint8Array(align(4 + content.length));
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 4 + content.length, true);
    view.setUint16(2, type, true);
    bytes.set(content, 4);
    return bytes;
  }));
}

/** Numbers are 32 bits wide, texts end with NUL. */
function contentOf(value: AttributeSpec[1]): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return new TextEncoder().encode(`${value}\0`);
  if (typeof value === "number") return new Uint8Array(new Uint32Array([value]).buffer);
  return attributeBytes(value);
}

export function concatenate(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function align(bytes: number): number {
  return (bytes + 3) & ~3;
}
