/** rtnetlink's link messages (include/uapi/linux/if_link.h), built and read. Pure: bytes in, devices out. */
import type { Device } from "./device.ts";
import {
  type Attribute,
  attributes,
  messages,
  type NetlinkEnd,
  type NetlinkMessage,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HEADER_BYTES,
  request,
  text,
  uint32,
} from "./netlink.ts";

const IFINFOMSG_BYTES = 16;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const IFF_UP = 1;
const AF_UNSPEC = 0;

const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_LINK_NETNSID = 37;
const IFLA_XDP = 43;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_VLAN_ID = 1;
const IFLA_VXLAN_LINK = 3;
const IFLA_XDP_PROG_ID = 4;

/** Multicast group of link changes, as a bit mask for bind(). */
export const RTNLGRP_LINK_MASK = 1;

export type LinkMessage =
  | { type: "new"; device: Device }
  | { type: "gone"; ifindex: number }
  | NetlinkEnd;

/** A request for one device, or for all of them when ifindex is 0. */
export function linkRequest(ifindex: number, sequence: number): Uint8Array<ArrayBuffer> {
  const flags = ifindex ? NLM_F_REQUEST : NLM_F_REQUEST | NLM_F_DUMP;
  const view = request(RTM_GETLINK, flags, sequence, IFINFOMSG_BYTES);
  view.setInt32(NLMSG_HEADER_BYTES + 4, ifindex, true);
  return new Uint8Array(view.buffer);
}

/** Reads a datagram's messages. Those of other types are passed over. */
export function* readLinkMessages(datagram: Uint8Array): Generator<LinkMessage> {
  for (const message of messages(datagram)) {
    const link = "view" in message ? readLink(message) : message;
    if (link) yield link;
  }
}

function readLink({ type, view, body, end }: NetlinkMessage): LinkMessage | undefined {
  if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return undefined;
  // a bridge speaks of its ports under another family: that a port left is not that the device is gone
  if (body + IFINFOMSG_BYTES > end || view.getUint8(body) !== AF_UNSPEC) return undefined;
  if (type === RTM_DELLINK) return { type: "gone", ifindex: view.getInt32(body + 4, true) };
  return { type: "new", device: readDevice(view, body, end) };
}

function readDevice(view: DataView, body: number, end: number): Device {
  const device: Device = {
    ifindex: view.getInt32(body + 4, true),
    name: "",
    hardwareType: view.getUint16(body + 2, true),
    up: (view.getUint32(body + 8, true) & IFF_UP) !== 0,
    kind: "",
    master: 0,
    link: 0,
    linkElsewhere: false,
    vlan: 0,
    xdpProgramId: 0,
    counters: { rxPackets: 0n, rxBytes: 0n, rxDropped: 0n, txPackets: 0n, txBytes: 0n },
  };
  let infoData: Attribute | undefined;
  for (const attribute of attributes(view, body + IFINFOMSG_BYTES, end)) {
    switch (attribute.type) {
      case IFLA_IFNAME:
        device.name = text(view, attribute);
        break;
      case IFLA_LINK:
        device.link = uint32(view, attribute);
        break;
      case IFLA_MASTER:
        device.master = uint32(view, attribute);
        break;
      case IFLA_LINK_NETNSID:
        device.linkElsewhere = true;
        break;
      case IFLA_STATS64:
        readCounters(view, attribute, device);
        break;
      case IFLA_LINKINFO:
        for (const info of attributes(view, attribute.at, attribute.end)) {
          if (info.type === IFLA_INFO_KIND) device.kind = text(view, info);
          if (info.type === IFLA_INFO_DATA) infoData = info;
        }
        break;
      case IFLA_XDP:
        for (const xdp of attributes(view, attribute.at, attribute.end)) {
          if (xdp.type === IFLA_XDP_PROG_ID) device.xdpProgramId = uint32(view, xdp);
        }
        break;
    }
  }
  if (infoData) readKindData(view, infoData, device);
  // a device that is its own link has nothing below it
  if (device.link === device.ifindex) device.link = 0;
  return device;
}

function readKindData(view: DataView, data: Attribute, device: Device): void {
  for (const attribute of attributes(view, data.at, data.end)) {
    if (device.kind === "vlan" && attribute.type === IFLA_VLAN_ID && attribute.at + 2 <= attribute.end) {
      device.vlan = view.getUint16(attribute.at, true);
    }
    if (device.kind === "vxlan" && attribute.type === IFLA_VXLAN_LINK && !device.link) {
      device.link = uint32(view, attribute);
    }
  }
}

function readCounters(view: DataView, { at, end }: Attribute, device: Device): void {
  if (at + 56 > end) return;
  device.counters = {
    rxPackets: view.getBigUint64(at, true),
    txPackets: view.getBigUint64(at + 8, true),
    rxBytes: view.getBigUint64(at + 16, true),
    txBytes: view.getBigUint64(at + 24, true),
    rxDropped: view.getBigUint64(at + 48, true),
  };
}
