/** What a packet trace is asked for, from a request's query. */
import type { InterfaceChoice } from "../capture/interfaces.ts";
import type { TraceFilter } from "../capture/trace/trace_layout.ts";
import { UsageError } from "../errors.ts";
import {
  PORT_MOST,
  TRACE_DURATION_DEFAULT_MS,
  TRACE_DURATION_MOST_MS,
  TRACE_PACKETS_DEFAULT,
  TRACE_PACKETS_MOST,
  TRACE_PER_SECOND_DEFAULT,
  TRACE_PER_SECOND_MOST,
} from "../limits.ts";
import { namePattern } from "../name_pattern.ts";
import { parseAddress } from "../parse_address.ts";

export interface TraceRequest {
  isChosen: InterfaceChoice;
  filter: TraceFilter;
  packetsMax: number;
  perSecondMax: number;
  durationMs: number;
}

const PROTOCOL_MOST = 255;
const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** Throws UsageError for what cannot be asked. */
export function traceRequest(query: URLSearchParams): TraceRequest {
  const number = (name: string, most: number, least = 1) => wholeIn(query, name, least, most);
  const address = query.get("address");
  const [protocol, port] = [number("protocol", PROTOCOL_MOST, 0), number("port", PORT_MOST)];
  return {
    isChosen: choice(query.getAll("interface")),
    filter: {
      ...(protocol === undefined ? {} : { protocol }),
      ...(port === undefined ? {} : { port }),
      ...(address === null ? {} : { prefix: parsePrefix(address) }),
    },
    packetsMax: number("count", TRACE_PACKETS_MOST) ?? TRACE_PACKETS_DEFAULT,
    perSecondMax: number("rate", TRACE_PER_SECOND_MOST) ?? TRACE_PER_SECOND_DEFAULT,
    durationMs: number("duration_ms", TRACE_DURATION_MOST_MS) ?? TRACE_DURATION_DEFAULT_MS,
  };
}

function wholeIn(query: URLSearchParams, name: string, least: number, most: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`Cannot use ${name} ${text.slice(0, 40)}: write a whole number from ${least} to ${most}`);
}

/** An address, or a prefix as 10.0.0.0/8. Throws UsageError. */
export function parsePrefix(text: string): { address: Uint8Array; bits: number } {
  const [written = "", length, ...rest] = text.split("/");
  const address = parseAddress(written);
  const isIpv4 = !written.includes(":");
  const most = isIpv4 ? IPV4_BITS : IPV6_BITS;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (!address || rest.length || !(bits <= most)) {
    throw new UsageError(`Cannot use address ${text.slice(0, 60)}: write 10.0.0.1, 10.0.0.0/8 or fd00::/8`);
  }
  return { address, bits: isIpv4 ? IPV6_BITS - IPV4_BITS + bits : bits };
}

function choice(patterns: string[]): InterfaceChoice {
  if (!patterns.length) return () => true;
  try {
    const matches = patterns.map((pattern) => namePattern(pattern));
    return (name) => matches.some((isMatch) => isMatch(name));
  } catch (cause) {
    throw new UsageError(`Cannot use interface pattern: ${(cause as Error).message}`, { cause });
  }
}
