/** The devices of a network namespace, and word of every change, by netlink. */
import { KernelError } from "../errors.ts";
import {
  clearEventFd,
  closeFd,
  createEventFd,
  EAGAIN,
  EINTR,
  ENOBUFS,
  ENODEV,
  errnoText,
  openNetlinkRoute,
  pollInput,
  receive,
  sendTo,
  signalEventFd,
} from "../libc.ts";
import type { Device } from "./device.ts";
import type { NetworkNamespace } from "./namespace.ts";
import type { Hook } from "../flow.ts";
import { filterRequest, readFilterMessages, type TcFilter } from "./netlink_filter.ts";
import { linkRequest, readLinkMessages, RTNLGRP_LINK_MASK } from "./netlink_link.ts";

export type LinkChange =
  | { type: "new"; device: Device }
  | { type: "gone"; ifindex: number }
  /** Changes were missed, or this is the beginning: these are all devices now. */
  | { type: "all"; devices: Device[] };

export interface Links {
  /** All devices now. */
  list(): Device[];
  /** One device now; undefined when it is gone. */
  read(ifindex: number): Device | undefined;
  /** Filters on a clsact hook; none where there is no clsact. */
  filters(ifindex: number, hook: Hook): TcFilter[];
  /** Every change from here on, until close(). */
  changes(): AsyncGenerator<LinkChange>;
  close(): void;
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const DATAGRAM_BYTES = 64 * 1024;
const DUMP_TRIES = 8;

/** Opens the namespace's netlink. Throws KernelError. */
export function openLinks(namespace: NetworkNamespace): Links {
  return new NetlinkLinks(namespace);
}

/** Asks in a namespace, and no longer than `work`, which must not await. Throws KernelError. */
export function withLinks<T>(namespace: NetworkNamespace, work: (links: Links) => T): T {
  const links = openLinks(namespace);
  try {
    return namespace.within(() => work(links));
  } finally {
    links.close();
  }
}

class NetlinkLinks implements Links {
  readonly #requests: number;
  readonly #events: number;
  readonly #stop = createEventFd();
  readonly #buffer = new Uint8Array(DATAGRAM_BYTES);
  #sequence = 0;
  #closed = false;
  #followed = false;

  constructor(namespace: NetworkNamespace) {
    [this.#requests, this.#events] = namespace.within(() => [
      openNetlinkRoute(0, RECEIVE_BUFFER_BYTES),
      openNetlinkRoute(RTNLGRP_LINK_MASK, RECEIVE_BUFFER_BYTES),
    ]);
  }

  list(): Device[] {
    // A dump during which the list changed says so, and is asked for again.
    for (let tries = 0; tries < DUMP_TRIES; tries++) {
      const devices = this.#dump();
      if (devices) return devices;
    }
    throw new KernelError(`Cannot list network devices: the list changed during each of ${DUMP_TRIES} tries`);
  }

  #dump(): Device[] | undefined {
    sendTo(this.#requests, linkRequest(0, ++this.#sequence));
    const devices: Device[] = [];
    for (;;) {
      const size = receive(this.#requests, this.#buffer);
      if (size === -EINTR) continue;
      if (size < 0) throw new KernelError(`Cannot list network devices: ${errnoText(-size)}`, { errno: -size });
      for (const message of readLinkMessages(this.#buffer.subarray(0, size))) {
        if (message.type === "new") devices.push(message.device);
        if (message.type === "done") return message.interrupted ? undefined : devices;
        if (message.type === "error") {
          throw new KernelError(`Cannot list network devices: ${errnoText(message.errno)}`, { errno: message.errno });
        }
      }
    }
  }

  read(ifindex: number): Device | undefined {
    sendTo(this.#requests, linkRequest(ifindex, ++this.#sequence));
    const size = receive(this.#requests, this.#buffer);
    if (size < 0) {
      throw new KernelError(`Cannot ask about device ${ifindex}: ${errnoText(-size)}`, { errno: -size });
    }
    for (const message of readLinkMessages(this.#buffer.subarray(0, size))) {
      if (message.type === "new") return message.device;
      if (message.type === "error" && message.errno === ENODEV) return undefined;
    }
    return undefined;
  }

  filters(ifindex: number, hook: Hook): TcFilter[] {
    sendTo(this.#requests, filterRequest(ifindex, hook, ++this.#sequence));
    const filters: TcFilter[] = [];
    for (;;) {
      const size = receive(this.#requests, this.#buffer);
      if (size === -EINTR) continue;
      if (size < 0) {
        throw new KernelError(`Cannot list filters of device ${ifindex}: ${errnoText(-size)}`, { errno: -size });
      }
      for (const message of readFilterMessages(this.#buffer.subarray(0, size))) {
        if (message.type === "filter") filters.push(message.filter);
        else return filters; // an error is EINVAL: the device has no clsact, or is gone
      }
    }
  }

  async *changes(): AsyncGenerator<LinkChange> {
    this.#followed = true;
    yield { type: "all", devices: this.list() };
    const buffer = new Uint8Array(DATAGRAM_BYTES);
    while (!this.#closed) {
      await pollInput([this.#events, this.#stop]);
      let missed = false;
      while (!this.#closed) {
        const size = receive(this.#events, buffer);
        if (size === -EINTR) continue;
        if (size === -EAGAIN) break;
        // The kernel had more to say than the socket could hold. It says so once, and drops on without a word until the
        // socket is empty: what lies in it is old by then, so read it away first, then ask for everything.
        if (size === -ENOBUFS) missed = true;
        else if (size < 0) {
          throw new KernelError(`Cannot follow network devices: ${errnoText(-size)}`, { errno: -size });
        }
        if (missed) continue;
        for (const message of readLinkMessages(buffer.subarray(0, size))) {
          if (message.type === "new" || message.type === "gone") yield message;
        }
      }
      if (missed && !this.#closed) yield { type: "all", devices: this.list() };
    }
    clearEventFd(this.#stop);
    this.#closeSockets();
  }

  /** Ends changes(), which then closes the sockets: it may be waiting on them. */
  close(): void {
    this.#closed = true;
    if (this.#followed) signalEventFd(this.#stop);
    else this.#closeSockets();
  }

  #closeSockets(): void {
    closeFd(this.#stop);
    closeFd(this.#events);
    closeFd(this.#requests);
  }
}
