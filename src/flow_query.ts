/** A flow that somebody asks for, as a tuple or a Community ID, and whether a record is of it. */
import { UsageError } from "./errors.ts";
import type { FlowRecord } from "./flow_record.ts";
import { PORT_MOST } from "./limits.ts";
import { parseAddress } from "./parse_address.ts";
import { protocolNumber } from "./protocol_number.ts";

/** One end. */
export interface QueryEnd {
  address: string;
  /** 16 bytes, IPv4 mapped. */
  bytes: Uint8Array;
  /** undefined: any. */
  port: number | undefined;
}

export interface FlowQuery {
  /** Both ends, in the order in which they were said; undefined: the Community ID says which flow. */
  ends: readonly [QueryEnd, QueryEnd] | undefined;
  /** Its number; undefined: any. */
  protocol: number | undefined;
  /** 20 bytes. */
  communityId: Uint8Array | undefined;
}

const COMMUNITY_ID_REGEXP = /^1:([A-Za-z0-9+/]{27}=)$/;
const END_REGEXP = /^(?:\[([^\]]+)\]|([^[\]:]+)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/;
/** An address, brackets and a port take less. Matching takes the cube of the length. */
const END_LENGTH_MAX = 64;
const WANTED =
  "wanted are a Community ID, or two ends and perhaps a protocol: 10.0.0.1:443 10.0.0.2 tcp, [fd00::1]:443";

/** Reads "10.0.0.1:51000 10.0.0.2:443 tcp" or "1:…=". Throws UsageError. */
export function parseFlowQuery(text: string): FlowQuery {
  const words = text.split(/[\s,]+/).filter((word) => word && word !== "->" && word !== "→" && word !== "-");
  const digest = COMMUNITY_ID_REGEXP.exec(words[0] ?? "")?.[1];
  if (digest && words.length === 1) {
    return { ends: undefined, protocol: undefined, communityId: Uint8Array.fromBase64(digest) };
  }
  if (words.length < 2 || words.length > 3) throw new UsageError(`Cannot look for "${text.slice(0, 100)}": ${WANTED}`);
  const [source, destination, protocol] = words as [string, string, string | undefined];
  const ends = [parseEnd(source), parseEnd(destination)] as const;
  return { ends, protocol: protocol === undefined ? undefined : protocolNumber(protocol), communityId: undefined };
}

function parseEnd(text: string): QueryEnd {
  const [, bracketed, plain, colons, portText] = text.length > END_LENGTH_MAX ? [] : END_REGEXP.exec(text) ?? [];
  const address = bracketed ?? plain ?? colons;
  // without brackets a colon may belong to an IPv6 address: then there is no port
  const whole = colons === undefined ? undefined : parseAddress(text);
  const bytes = whole ?? (address === undefined ? undefined : parseAddress(address));
  const port = portText === undefined || whole ? undefined : Number(portText);
  if (!bytes || port !== undefined && port > PORT_MOST) {
    throw new UsageError(`Cannot look for "${text.slice(0, 100)}": it is no address with a port; ${WANTED}`);
  }
  return { address: whole ? text : address!, bytes, port };
}

/** Whether a record is of the flow, whichever end began it. */
export function isAskedFor(record: FlowRecord, { ends, protocol, communityId }: FlowQuery): boolean {
  if (record.isAggregate) return false;
  if (communityId) return isSame(record.communityId, communityId);
  if (protocol !== undefined && record.protocol !== protocol) return false;
  const [first, second] = ends!;
  return isBetween(record, first, second) || isBetween(record, second, first);
}

function isBetween(record: FlowRecord, source: QueryEnd, destination: QueryEnd): boolean {
  return isSame(record.sourceAddress, source.bytes) && isSame(record.destinationAddress, destination.bytes) &&
    (source.port ?? record.sourcePort) === record.sourcePort &&
    (destination.port ?? record.destinationPort) === record.destinationPort;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
