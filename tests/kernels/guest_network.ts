/** The guest's network: a wire from here to a namespace of its own, and devices on top of it at both ends. */
import assert from "node:assert/strict";
import { type Order } from "./guest_traffic.ts";
import type { PeerAnswer } from "./guest_peer.ts";

export const PEER = "peer";
/** The addresses of a wire's two ends. */
export interface Ends {
  here: string;
  there: string;
}

export interface Wire extends Ends {
  device: string;
}

export const WIRE4: Wire = { device: "w0", here: "10.99.0.1", there: "10.99.0.2" };
export const WIRE6: Wire = { device: "w0", here: "fd99::1", there: "fd99::2" };

/** Devices on top of the wire, by what `ip link add` wants at an end. linkBytes: what its frames have before IP. */
export interface Upper extends Wire {
  linkBytes: number;
  kind(local: string, remote: string): string[];
}

const ETHERNET_BYTES = 14;

export const TUNNELS: readonly Upper[] = [
  {
    device: "gn0",
    here: "10.101.0.1",
    there: "10.101.0.2",
    linkBytes: ETHERNET_BYTES,
    kind: (_, remote) => ["type", "geneve", "id", "7", "remote", remote],
  },
  {
    device: "gr0",
    here: "10.102.0.1",
    there: "10.102.0.2",
    linkBytes: 0,
    kind: (local, remote) => ["type", "gre", "local", local, "remote", remote],
  },
  {
    device: "gt0",
    here: "10.103.0.1",
    there: "10.103.0.2",
    linkBytes: ETHERNET_BYTES,
    kind: (local, remote) => ["type", "gretap", "local", local, "remote", remote],
  },
  {
    device: "ip0",
    here: "10.104.0.1",
    there: "10.104.0.2",
    linkBytes: 0,
    kind: (local, remote) => ["type", "ipip", "local", local, "remote", remote],
  },
];

export const VLAN_ID = 100;
export const VLANS: readonly Upper[] = [
  {
    device: "v0",
    here: "10.105.0.1",
    there: "10.105.0.2",
    linkBytes: ETHERNET_BYTES,
    kind: () => ["link", "w0", "type", "vlan", "id", `${VLAN_ID}`],
  },
];
/** Takes all that it gets to nowhere. */
export const DUMMY = { device: "dm0", here: "10.106.0.1", there: "10.106.0.2" };

export function command(...words: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(words[0]!, { args: words.slice(1) }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${words.join(" ")}: ${text(stdout)}${text(stderr)}`);
  return text(stdout);
}

function inPeer(...words: string[]): string[] {
  return ["ip", "netns", "exec", PEER, ...words];
}

/** Quiet at both ends: nobody announces, asks or listens for anything by itself. */
export function openWire(): void {
  command("ip", "netns", "add", PEER);
  const quiet = "for f in default all; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done";
  command("sh", "-c", quiet);
  command(...inPeer("sh", "-c", quiet));
  command("ip", "link", "add", WIRE4.device, "type", "veth", "peer", "name", WIRE4.device, "netns", PEER);
  for (const [prefix, mine] of [[[], "here"], [inPeer(), "there"]] as const) {
    const device = WIRE4.device;
    const settings = `cd /proc/sys/net/ipv6/conf; echo 0 > all/disable_ipv6; echo 0 > ${device}/accept_dad; ` +
      `echo 0 > ${device}/router_solicitations; echo 0 > ${device}/disable_ipv6; echo 1 > default/disable_ipv6`;
    command(...prefix, "sh", "-c", settings);
    command(...prefix, "ip", "address", "add", `${WIRE4[mine]}/24`, "dev", device);
    command(...prefix, "ip", "address", "add", `${WIRE6[mine]}/64`, "dev", device, "nodad");
    command(...prefix, "ip", "link", "set", device, "up");
  }
}

export function openUppers(): void {
  for (const upper of [...TUNNELS, ...VLANS]) {
    addUpper([], upper, WIRE4.here, WIRE4.there, upper.here);
    addUpper(inPeer(), upper, WIRE4.there, WIRE4.here, upper.there);
  }
  command("ip", "link", "add", DUMMY.device, "type", "dummy");
  command("ip", "address", "add", `${DUMMY.here}/24`, "dev", DUMMY.device);
  command("ip", "link", "set", DUMMY.device, "up");
}

function addUpper(prefix: string[], upper: Upper, local: string, remote: string, address: string): void {
  const kind = upper.kind(local, remote);
  const [link, type] = kind[0] === "link" ? [kind.slice(0, 2), kind.slice(2)] : [[], kind];
  command(...prefix, "ip", "link", "add", ...link, "name", upper.device, ...type);
  command(...prefix, "ip", "address", "add", `${address}/24`, "dev", upper.device);
  command(...prefix, "ip", "link", "set", upper.device, "up");
}

/** What a device's own counters say. */
export function deviceBytes(device: string): { received: number; sent: number } {
  const read = (name: string) => Number(Deno.readTextFileSync(`/sys/class/net/${device}/statistics/${name}_bytes`));
  return { received: read("rx"), sent: read("tx") };
}

/** A process at the other end. */
export class Peer {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(deno: readonly string[]) {
    const words = inPeer(...deno, "tests/kernels/guest_peer.ts");
    this.#process = new Deno.Command(words[0]!, {
      args: words.slice(1),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async ready(): Promise<void> {
    assert.equal(await this.#line(), "ready");
  }

  /** Resolves when all of it is sent and answered. */
  async send(order: Order): Promise<PeerAnswer> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
    const answer: PeerAnswer = JSON.parse(await this.#line());
    assert.equal(answer.error, undefined, JSON.stringify(order));
    return answer;
  }

  /** Pings this many times from there; all must be answered. */
  ping(address: string, count: number): void {
    const family = address.includes(":") ? "-6" : "-4";
    const text = command(...inPeer("ping", family, "-c", `${count}`, "-i", "0.05", "-W", "10", address));
    assert.match(text, new RegExp(`${count} packets received`), text);
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#answers.read();
      assert(!done, "the peer went away");
      this.#rest += value;
    }
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
  }
}
