/**
 * Traffic of known size: so many packets of so many flows into a device, at a rate, and exactly what went.
 *
 *     deno run -A tests/support/generator.ts --interface veth0 --flows 1000 --packets 1000000 --rate 200000 --json
 *
 * Frames go to a MAC address that nobody has, unless one is given: the receiving host drops them after its hooks.
 */
import { correct, FlowFrames, type FlowFramesOptions, type FlowTuple, HEADER_STRIDE_BYTES } from "./flow_frames.ts";
import { addressOf, RawSocket } from "./raw_io.ts";

export interface TrafficOptions extends Partial<FlowFramesOptions> {
  interface: string;
  /** The namespace that the device is in: a name of `ip netns`, or a path. */
  namespace?: string | undefined;
  packets: number;
  /** Packets a second; 0: as fast as can be. */
  rate?: number;
  /** round: one flow after the other; random: any, by chance. */
  order?: "round" | "random";
  seed?: number;
  qdiscBypass?: boolean;
}

export interface SentFlow extends FlowTuple {
  frames: number;
  packets: number;
  bytes: number;
}

export interface Sent {
  frames: number;
  packets: number;
  bytes: number;
  /** Tries that the device refused, as a queue behind it was full. Made again; an egress hook saw both. */
  refused: number;
  elapsedMs: number;
  packetsPerSecond: number;
  flows: SentFlow[];
}

const MESSAGE_BYTES = 64; // struct mmsghdr
const VECTOR_BYTES = 16; // struct iovec
const BATCH = 128;
const HIGH_WORD = 2 ** 32;
const YIELD_MS = 4;

/** Sends, and yields to others meanwhile. */
export async function generate(options: TrafficOptions): Promise<Sent> {
  const { version = 4, flows = 1, rate = 0, packets } = options;
  const frames = new FlowFrames({
    protocol: "udp",
    frameBytes: [version === 4 ? 60 : 80],
    sourceMac: "02:00:00:00:77:01",
    destinationMac: "02:00:00:00:77:02",
    source: version === 4 ? "10.77.0.1" : "fd77::1",
    destination: version === 4 ? "198.18.0.1" : "fd78::1",
    destinationPort: 4_242,
    sourcePort: 10_000,
    ...options,
    version,
    flows,
  });
  using socket = new RawSocket(options);
  const batch = new Batch(
    frames,
    options.order === "random" ? randomFlows(flows, options.seed ?? 1) : roundFlows(flows),
  );
  const startedMs = performance.now();
  let sent = 0;
  let refused = 0;
  let yieldedMs = startedMs;
  while (sent < packets) {
    const nowMs = performance.now();
    const due = rate ? Math.min(packets, Math.ceil((nowMs - startedMs) / 1000 * rate)) : packets;
    const wanted = Math.min(BATCH, due - sent);
    if (wanted <= 0 || nowMs - yieldedMs > YIELD_MS) {
      await new Promise((resolve) => setTimeout(resolve, wanted <= 0 ? 1 : 0));
      yieldedMs = performance.now();
      continue;
    }
    const went = batch.send(socket, wanted);
    sent += went;
    if (went < wanted) refused++;
  }
  const elapsedMs = performance.now() - startedMs;
  return { ...batch.total(), refused, elapsedMs, packetsPerSecond: Math.round(sent / elapsedMs * 1000) };
}

/** Messages for sendmmsg(2): each a header of its own flow and the payload that all share. */
class Batch {
  readonly #frames: FlowFrames;
  readonly #nextFlow: () => number;
  readonly #counts: Uint32Array;
  readonly #messages = new Uint32Array(BATCH * MESSAGE_BYTES / 4);
  readonly #vectors = new Uint32Array(BATCH * 2 * VECTOR_BYTES / 4);
  /** Copies of headers, where every packet's is another: sequence numbers. */
  readonly #copies = new Uint8Array(BATCH * HEADER_STRIDE_BYTES);
  readonly #flows = new Uint32Array(BATCH);
  readonly #messagesAddress: number;
  readonly #headersAddress: number;
  /** Messages made and not sent yet lie at the front. */
  #made = 0;

  constructor(frames: FlowFrames, nextFlow: () => number) {
    this.#frames = frames;
    this.#nextFlow = nextFlow;
    this.#counts = new Uint32Array(frames.options.flows);
    this.#messagesAddress = addressOf(new Uint8Array(this.#messages.buffer));
    const vectorsAddress = addressOf(new Uint8Array(this.#vectors.buffer));
    const isTcp = frames.options.protocol === "tcp";
    this.#headersAddress = addressOf(isTcp ? this.#copies : frames.headers);
    const payloadAddress = frames.payload.length ? addressOf(frames.payload) : this.#headersAddress;
    for (let i = 0; i < BATCH; i++) {
      setAddress(this.#messages, i * MESSAGE_BYTES + 16, vectorsAddress + i * 2 * VECTOR_BYTES);
      this.#messages[(i * MESSAGE_BYTES + 24) / 4] = 2;
      const vector = i * 2 * VECTOR_BYTES;
      this.#vectors[(vector + 8) / 4] = frames.headerBytes;
      setAddress(this.#vectors, vector + VECTOR_BYTES, payloadAddress);
    }
  }

  /** Returns how many of so many went. */
  send(socket: RawSocket, wanted: number): number {
    for (; this.#made < wanted; this.#made++) this.#make(this.#made);
    const went = socket.sendMany(this.#messagesAddress, wanted);
    for (let i = 0; i < went; i++) this.#counts[this.#flows[i]!]!++;
    // what did not go, goes first the next time
    const left = this.#flows.slice(went, this.#made);
    this.#made = 0;
    for (const flow of left) this.#make(this.#made++, flow);
    return went;
  }

  #make(i: number, flow = this.#nextFlow()): void {
    const frames = this.#frames;
    this.#flows[i] = flow;
    const vector = i * 2 * VECTOR_BYTES;
    this.#vectors[(vector + VECTOR_BYTES + 8) / 4] = frames.frameBytes(flow) - frames.headerBytes;
    let place = flow;
    if (frames.options.protocol === "tcp") {
      this.#copy(i, flow);
      place = i;
    }
    setAddress(this.#vectors, vector, this.#headersAddress + place * HEADER_STRIDE_BYTES);
  }

  /** A TCP segment goes on where the flow's last one ended. */
  #copy(i: number, flow: number): void {
    const { headers, headerBytes, transportAt, checksumAt } = this.#frames;
    const from = flow * HEADER_STRIDE_BYTES;
    const at = i * HEADER_STRIDE_BYTES;
    this.#copies.set(headers.subarray(from, from + headerBytes), at);
    let number = this.#counts[flow]!;
    for (let before = 0; before < i; before++) if (this.#flows[before] === flow) number++;
    const sequence = number * (this.#frames.frameBytes(flow) - headerBytes) % HIGH_WORD;
    const words = [Math.floor(sequence / 65_536), sequence % 65_536];
    words.forEach((value, index) => {
      const wordAt = at + transportAt + 4 + index * 2;
      correct(this.#copies, at + checksumAt, 0, value);
      this.#copies[wordAt] = value >> 8;
      this.#copies[wordAt + 1] = value & 0xff;
    });
  }

  total(): Pick<Sent, "frames" | "packets" | "bytes" | "flows"> {
    const flows = Array.from(this.#counts, (packets, flow) => ({
      ...this.#frames.tuple(flow),
      frames: packets,
      packets,
      bytes: packets * this.#frames.frameBytes(flow),
    }));
    const sum = (what: "packets" | "bytes") => flows.reduce((total, flow) => total + flow[what], 0);
    return { frames: sum("packets"), packets: sum("packets"), bytes: sum("bytes"), flows };
  }
}

function setAddress(words: Uint32Array, at: number, address: number): void {
  words[at / 4] = address % HIGH_WORD;
  words[at / 4 + 1] = Math.floor(address / HIGH_WORD);
}

function roundFlows(flows: number): () => number {
  let next = 0;
  return () => {
    const flow = next;
    next = next + 1 < flows ? next + 1 : 0;
    return flow;
  };
}

/** Chance that can be repeated (xorshift32). */
function randomFlows(flows: number, seed: number): () => number {
  let state = (seed >>> 0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % flows;
  };
}

const USAGE = `generator.ts --interface NAME --packets COUNT [options]
  --namespace NAME|PATH    where the device is
  --flows COUNT            (1)
  --rate PER_SECOND        (0: as fast as can be)
  --protocol udp|tcp|icmp  (udp)
  --version 4|6            (4)
  --size BYTES[,BYTES…]    of frames (60, with IPv6 80)
  --source, --destination ADDRESS, --source-port, --destination-port PORT,
  --source-mac, --destination-mac ADDRESS
  --order round|random     (round), --seed NUMBER
  --qdisc-bypass           past qdisc and egress hook
  --per-flow               each flow's numbers, too
  --json                   one JSON object (default: a line of text)`;

/** Words of the command line as options. */
function parse(args: string[]): { options: TrafficOptions; json: boolean; perFlow: boolean } {
  const flags = new Set(["qdisc-bypass", "per-flow", "json"]);
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const name = args[i]!.replace(/^--/, "");
    given.set(name, flags.has(name) ? "yes" : args[++i] ?? "");
  }
  const take = <T>(name: string, key: string, read: (text: string) => T) => {
    const text = given.get(name);
    given.delete(name);
    return text === undefined ? {} : { [key]: read(text) };
  };
  const text = (value: string) => value;
  const [json, perFlow] = [given.delete("json"), given.delete("per-flow")];
  const options = {
    ...take("interface", "interface", text),
    ...take("namespace", "namespace", text),
    ...take("flows", "flows", Number),
    ...take("packets", "packets", Number),
    ...take("rate", "rate", Number),
    ...take("protocol", "protocol", text),
    ...take("version", "version", Number),
    ...take("size", "frameBytes", (value) => value.split(",").map(Number)),
    ...take("source", "source", text),
    ...take("destination", "destination", text),
    ...take("source-port", "sourcePort", Number),
    ...take("destination-port", "destinationPort", Number),
    ...take("source-mac", "sourceMac", text),
    ...take("destination-mac", "destinationMac", text),
    ...take("order", "order", text),
    ...take("seed", "seed", Number),
    ...take("qdisc-bypass", "qdiscBypass", () => true),
  } as unknown as TrafficOptions;
  if (given.size || !options.interface || !options.packets) {
    console.error(given.size ? `unknown: ${[...given.keys()].join(", ")}\n${USAGE}` : USAGE);
    Deno.exit(2);
  }
  return { options, json, perFlow };
}

if (import.meta.main) {
  const { options, json, perFlow } = parse(Deno.args);
  const { flows, ...sent } = await generate(options);
  if (json) console.log(JSON.stringify(perFlow ? { ...sent, flows } : sent));
  else console.log(`${sent.packets} packets, ${sent.bytes} bytes, ${sent.packetsPerSecond}/s, ${sent.refused} refused`);
}
