/** Network namespaces with devices and addresses, gone when the test is over, however it ends. */
import { within } from "./raw_io.ts";

const PREFIX = "weirtest";
const FOLDER = "/run/netns";

/** Runs a command to its end. Returns what it wrote; throws with what it complained of. */
export function run(command: string, args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args }).outputSync();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  throw new Error(`${command} ${args.join(" ")}: ${text.decode(stderr).trim() || text.decode(stdout).trim()}`);
}

export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get path(): string {
    return `${FOLDER}/${this.name}`;
  }

  /** ip(8), here; words between spaces. */
  ip(words: string): string {
    return run("ip", ["-n", this.name, ...words.split(" ")]);
  }

  /** tc(8), here; words between spaces. */
  tc(words: string): string {
    return run("tc", ["-n", this.name, ...words.split(" ")]);
  }

  /** bridge(8), here; words between spaces. */
  bridge(words: string): string {
    return run("bridge", ["-n", this.name, ...words.split(" ")]);
  }

  /** A ruleset of nft(8), here. */
  nft(rules: string): void {
    run("nsenter", [`--net=${this.path}`, "nft", rules]);
  }

  /** Runs `work`, which must not await, with this thread here. Sockets that it opens stay here. */
  within<T>(work: () => T): T {
    return within(this.name, work);
  }

  /** A file below /proc that tells of the namespace of who reads it. */
  read(path: string): string {
    return this.within(() => Deno.readTextFileSync(path));
  }

  /** A setting below /proc/sys/net. */
  set(setting: string, value: string | number): void {
    this.within(() => Deno.writeTextFileSync(`/proc/sys/net/${setting}`, `${value}`));
  }

  /** A counter of /proc/net/snmp: "Tcp", "OutSegs". */
  snmp(group: string, counter: string): number {
    const lines = this.read("/proc/thread-self/net/snmp").split("\n").filter((line) => line.startsWith(`${group}: `));
    const place = lines[0]!.split(" ").indexOf(counter);
    return Number(lines[1]!.split(" ")[place]);
  }

  link(
    device: string,
  ): { ifindex: number; mac: string; stats: Record<"rx" | "tx", { packets: number; bytes: number }> } {
    const [link] = JSON.parse(this.ip(`-s -j link show dev ${device}`));
    return { ifindex: link.ifindex, mac: link.address, stats: link.stats64 };
  }
}

let count = 0;

export class NetworkLab implements Disposable {
  readonly #namespaces: Namespace[] = [];

  constructor() {
    sweep();
  }

  /** A namespace with loopback up. ipv6: else it has none, and so none of its chatter. */
  namespace(label: string, options: { ipv6?: boolean } = {}): Namespace {
    const namespace = new Namespace(`${PREFIX}-${Deno.pid}-${++count}-${label}`);
    run("ip", ["netns", "add", namespace.name]);
    this.#namespaces.push(namespace);
    if (!options.ipv6) {
      namespace.set("ipv6/conf/all/disable_ipv6", 1);
      namespace.set("ipv6/conf/default/disable_ipv6", 1);
    }
    namespace.ip("link set dev lo up");
    return namespace;
  }

  /** Joins two namespaces by a veth pair, both ends up. Addresses as 10.0.0.1/24. */
  veth(a: Namespace, nameA: string, b: Namespace, nameB: string, addressA?: string, addressB?: string): void {
    a.ip(`link add name ${nameA} type veth peer name ${nameB} netns ${b.name}`);
    for (const [namespace, name, address] of [[a, nameA, addressA], [b, nameB, addressB]] as const) {
      if (address) namespace.ip(`address add ${address} dev ${name} ${address.includes(":") ? "nodad" : ""}`.trim());
      namespace.ip(`link set dev ${name} up`);
    }
  }

  [Symbol.dispose](): void {
    for (const { name } of this.#namespaces.splice(0)) run("ip", ["netns", "delete", name]);
  }
}

/** Removes the namespaces of test processes that are gone and did not clean up: killed ones. */
function sweep(): void {
  for (const { name } of JSON.parse(run("ip", ["-j", "netns", "list"]) || "[]")) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid && !isRunning(pid)) run("ip", ["netns", "delete", name]);
  }
}

function isRunning(pid: string): boolean {
  try {
    Deno.statSync(`/proc/${pid}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Waits until `look` gives something. Fails, with what was wanted, when it does not in time. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<Exclude<T, undefined | false | null>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found as Exclude<T, undefined | false | null>;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
