/** The agent itself, run as people run it: started, waited for, stopped; its records and books read. */
import assert from "node:assert/strict";

const BOOKS = "/tmp/books.json";
const START_MS = 60_000;
const MEASURES = ["frames", "packets", "bytes", "wire_bytes"] as const;
type Measure = typeof MEASURES[number];

interface Terms {
  seen: number;
  counted: number;
  duplicate: number;
  assumed_duplicate: number;
  handed_out: number;
  in_slots: number;
  in_ring: number;
  held: number;
  overflow_held: number;
  lost: Record<string, number>;
  exporters: Record<string, { queued: number; exported: number }>;
}

export type BooksFile = Record<Measure, Terms> & { closed: boolean };

/** What a direction of a flow came to, over all its records. */
export interface Sum {
  packets: number;
  bytes: number;
}

interface Span {
  spanId: string;
  attributes: Record<string, string | number>;
}

export interface Capture {
  log: string;
  books: BooksFile;
  spans: Span[];
  /** Ids of the spans that reached a receiver. */
  received: string[];
}

/** A receiver of OTLP in JSON that remembers what it got. */
class Receiver {
  readonly spanIds: string[] = [];
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { resourceSpans } = await request.json();
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) this.spanIds.push(...spans.map(({ spanId }: Span) => spanId));
    }
    return Response.json({});
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async close(): Promise<void> {
    await this.#server.shutdown();
  }
}

export class AgentRun {
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<string>;
  readonly #receiver = new Receiver();
  readonly #watching = Promise.withResolvers<void>();
  #log = "";

  constructor(deno: readonly string[], interfaces: readonly string[]) {
    const args = [
      ...deno.slice(1),
      "src/main.ts",
      "run",
      ...interfaces.flatMap((name) => ["--interface", name]),
      ...["--output", "json", "--books", BOOKS, "--socket", "/tmp/weir.sock"],
      ...["--otlp", this.#receiver.url, "--otlp-protocol", "http_json"],
      ...["--health-port", "0", "--metrics-port", "0", "--log-level", "info"],
    ];
    this.#process = new Deno.Command(deno[0]!, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    this.#output = new Response(this.#process.stdout).text();
    this.#follow();
  }

  async #follow(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log += text;
      if (/Watching \d+ of/.test(this.#log)) this.#watching.resolve();
    }
    this.#watching.reject(new Error(`the agent ended:\n${this.#log}`));
  }

  /** Resolves when all devices are attached. */
  async attached(): Promise<void> {
    const timer = setTimeout(() => this.#watching.reject(new Error(`no start:\n${this.#log}`)), START_MS);
    await this.#watching.promise.finally(() => clearTimeout(timer));
  }

  async stop(): Promise<Capture> {
    this.#process.kill("SIGINT");
    const [{ code }, output] = await Promise.all([this.#process.status, this.#output]);
    assert.equal(code, 0, `exit code ${code}:\n${this.#log}`);
    await this.#receiver.close();
    return {
      log: this.#log,
      books: JSON.parse(Deno.readTextFileSync(BOOKS)),
      spans: output.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line)),
      received: this.#receiver.spanIds,
    };
  }
}

/** The books are closed, nothing is in flight or lost, and the records come to what was counted, at both receivers. */
export function checkBooks({ books, spans, received }: Capture): void {
  assert.deepEqual(received.toSorted(), spans.map(({ spanId }) => spanId).toSorted(), "spans that the receiver has");
  assert.equal(books.closed, true, JSON.stringify(books));
  for (const measure of MEASURES) {
    const terms = books[measure];
    for (const term of ["in_slots", "in_ring", "held", "overflow_held"] as const) {
      assert.equal(terms[term], 0, `${term} in ${measure}`);
    }
    assert.deepEqual(Object.values(terms.lost).filter(Boolean), [], `lost in ${measure}`);
    for (const name of ["json", "otlp"]) {
      assert.equal(terms.exporters[name]!.exported, terms.counted, `${name} exported in ${measure}`);
    }
  }
  for (const measure of ["packets", "bytes"] as const) {
    const sum = spans.map((span) => total(span, measure)).reduce((a, b) => a + b, 0);
    assert.equal(sum, books[measure].counted, `sum of the spans' ${measure}`);
  }
}

/** The prefixes of a span's attributes by direction: what the source sent, what it got. */
const DIRECTIONS = [["forward", "flow."], ["reverse", "flow.reverse."]] as const;

function counts({ attributes }: Span, direction: string): boolean {
  const counted = attributes["weir.counted"];
  return counted === "both" || counted === direction;
}

/** What a span adds to the totals. */
function total(span: Span, measure: "packets" | "bytes"): number {
  return DIRECTIONS.filter(([direction]) => counts(span, direction))
    .map(([, prefix]) => span.attributes[`${prefix}${measure}.delta`] as number)
    .reduce((a, b) => a + b, 0);
}

/** What passed from one end to the other, by transport, over all records: counted directions only. */
export function passed(spans: Span[], transport: string, from: string, to: string): Sum {
  const sum: Sum = { packets: 0, bytes: 0 };
  for (const span of spans) {
    const { attributes } = span;
    if (attributes["network.transport"] !== transport) continue;
    const ends = [attributes["source.address"], attributes["destination.address"]];
    for (const [direction, prefix] of DIRECTIONS) {
      const [sender, receiver] = direction === "forward" ? ends : ends.toReversed();
      if (sender !== from || receiver !== to || !counts(span, direction)) continue;
      sum.packets += attributes[`${prefix}packets.delta`] as number;
      sum.bytes += attributes[`${prefix}bytes.delta`] as number;
    }
  }
  return sum;
}

/** Flows and books on few lines, for whoever has to find out. */
export function describe({ spans, books, log }: Capture): string {
  const flows = spans.map(({ attributes: a }) =>
    [
      a["network.transport"],
      `${a["source.address"]}:${a["source.port"]} > ${a["destination.address"]}:${a["destination.port"]}`,
      `${a["flow.packets.delta"]}/${a["flow.reverse.packets.delta"]} packets`,
      `${a["flow.bytes.delta"]}/${a["flow.reverse.bytes.delta"]} bytes`,
      `counted ${a["weir.counted"]}`,
      `at ${a["network.interface.name"]} and ${a["weir.interfaces"] ?? "nowhere else"}`,
      a["weir.vlan.id"] ? `VLAN ${a["weir.vlan.id"]}` : "",
    ].join(" ")
  );
  return [...flows, JSON.stringify(books.packets), log].join("\n");
}
