/** rtnetlink's traffic filters (include/uapi/linux/pkt_cls.h), asked for and read. Pure: bytes in, filters out. */
import type { Hook } from "../flow.ts";

import {
  attributes,
  messages,
  type NetlinkEnd,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HEADER_BYTES,
  request,
  text,
  uint32,
} from "./netlink.ts";

const TCMSG_BYTES = 20;
const RTM_NEWTFILTER = 44;
const RTM_GETTFILTER = 46;
/** The two halves of a clsact qdisc, as parents of their filters. */
const PARENT: Record<Hook, number> = { ingress: 0xfffffff2, egress: 0xfffffff3 };
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_BPF_NAME = 7;
const TCA_BPF_ID = 11;

/** A filter on a clsact hook. */
export interface TcFilter {
  handle: number;
  priority: number;
  /** "bpf", "flower", "matchall" … */
  kind: string;
  /** bpf only: the name its owner gave, often file:[section]. */
  name: string;
  /** bpf only: the program's id; 0 else. */
  programId: number;
}

export type FilterMessage = { type: "filter"; filter: TcFilter } | NetlinkEnd;

export function filterRequest(ifindex: number, hook: Hook, sequence: number): Uint8Array<ArrayBuffer> {
  const view = request(RTM_GETTFILTER, NLM_F_REQUEST | NLM_F_DUMP, sequence, TCMSG_BYTES);
  view.setInt32(NLMSG_HEADER_BYTES + 4, ifindex, true);
  view.setUint32(NLMSG_HEADER_BYTES + 12, PARENT[hook], true);
  return new Uint8Array(view.buffer);
}

/** Reads a datagram's messages. A filter without a handle is its chain's head, no filter. */
export function* readFilterMessages(datagram: Uint8Array): Generator<FilterMessage> {
  for (const message of messages(datagram)) {
    if (!("view" in message)) {
      yield message;
    } else if (message.type === RTM_NEWTFILTER && message.body + TCMSG_BYTES <= message.end) {
      const filter = readFilter(message.view, message.body, message.end);
      if (filter.handle) yield { type: "filter", filter };
    }
  }
}

function readFilter(view: DataView, body: number, end: number): TcFilter {
  const filter: TcFilter = {
    handle: view.getUint32(body + 8, true),
    priority: view.getUint32(body + 16, true) >>> 16,
    kind: "",
    name: "",
    programId: 0,
  };
  for (const attribute of attributes(view, body + TCMSG_BYTES, end)) {
    if (attribute.type === TCA_KIND) filter.kind = text(view, attribute);
    if (attribute.type !== TCA_OPTIONS || filter.kind !== "bpf") continue;
    for (const option of attributes(view, attribute.at, attribute.end)) {
      if (option.type === TCA_BPF_NAME) filter.name = text(view, option);
      if (option.type === TCA_BPF_ID) filter.programId = uint32(view, option);
    }
  }
  return filter;
}
