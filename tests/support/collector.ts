/** The real OpenTelemetry Collector in a namespace: it takes OTLP and writes every span to a file. */
import type { AttributeValue } from "../../src/attribute_sets.ts";
import type { FlowSpan } from "../../src/export/span.ts";
import type { CertifiedKey } from "./certificates.ts";
import { type Namespace, until } from "./network_lab.ts";
import { decodeJsonRequest } from "./otlp_decoder.ts";
import { collectorCommand } from "./tools/collector.ts";

export const COLLECTOR_ADDRESS = "127.0.0.1";
export const GRPC_PORT = 4317;
export const HTTP_PORT = 4318;

export interface CollectorOptions {
  namespace: Namespace;
  /** Where it listens; default: loopback. */
  address?: string;
  /** What it shows; plain text where there is none. */
  certified?: CertifiedKey;
  /** A file of the authorities whose clients it lets in. */
  clientAuthorities?: string;
  /** A file with the tokens that it takes, one a line. It is read again when it changes. */
  tokensFile?: string;
}

export class Collector implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "weirtest-otelcol-" });
  readonly #options: CollectorOptions;
  #child: Deno.ChildProcess | undefined;
  #log = "";
  #reading: Promise<void> | undefined;

  private constructor(options: CollectorOptions) {
    this.#options = options;
  }

  static async start(options: CollectorOptions): Promise<Collector> {
    const collector = new Collector(options);
    await collector.start();
    return collector;
  }

  get #spansPath(): string {
    return `${this.folder}/spans.jsonl`;
  }

  /** Starts it, or starts it again: spans are appended to those from before. */
  async start(changed: Partial<CollectorOptions> = {}): Promise<void> {
    Object.assign(this.#options, changed);
    const config = `${this.folder}/config.yaml`;
    Deno.writeTextFileSync(config, JSON.stringify(this.#config()));
    this.#log = "";
    this.#child = new Deno.Command("nsenter", {
      args: [`--net=${this.#options.namespace.path}`, await collectorCommand(), "--config", config],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#collect(this.#child.stderr);
    await until("the collector to be ready", () => this.#log.includes("Everything is ready")).catch((error) => {
      throw new Error(`${error.message}\n${this.#log}`);
    });
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#log += text;
  }

  /** Of YAML, which JSON is. */
  #config(): unknown {
    const { address = COLLECTOR_ADDRESS, certified, clientAuthorities, tokensFile } = this.#options;
    const common = {
      ...(certified
        ? {
          tls: {
            cert_file: certified.cert,
            key_file: certified.key,
            ...(clientAuthorities ? { client_ca_file: clientAuthorities } : {}),
          },
        }
        : {}),
      ...(tokensFile ? { auth: { authenticator: "bearertokenauth" } } : {}),
    };
    return {
      ...(tokensFile ? { extensions: { bearertokenauth: { filename: tokensFile } } } : {}),
      receivers: {
        otlp: {
          protocols: {
            grpc: { endpoint: `${address}:${GRPC_PORT}`, ...common },
            http: { endpoint: `${address}:${HTTP_PORT}`, ...common },
          },
        },
      },
      exporters: { file: { path: this.#spansPath, append: true, flush_interval: "100ms" } },
      service: {
        ...(tokensFile ? { extensions: ["bearertokenauth"] } : {}),
        telemetry: { metrics: { level: "none" } },
        pipelines: { traces: { receivers: ["otlp"], exporters: ["file"] } },
      },
    };
  }

  /** Every span that it wrote so far, in order; one that came twice is there twice. */
  spans(): FlowSpan[] {
    return this.requests().flatMap(({ spans }) => spans);
  }

  /** Every span that it wrote, without holding all of them. */
  async eachSpan(look: (span: FlowSpan) => void): Promise<void> {
    const file = await Deno.open(this.#spansPath);
    let rest = "";
    for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) for (const span of decodeJsonRequest(line).spans) look(span);
    }
  }

  /** The resource that came with the newest spans. */
  resource(): Record<string, AttributeValue> {
    return this.requests().at(-1)?.resource ?? {};
  }

  /** Every request that it wrote so far: a resource, and its spans. */
  requests(): ReturnType<typeof decodeJsonRequest>[] {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#spansPath);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return []; // nothing came yet
      throw error;
    }
    // the last line may be half written
    return text.split("\n").slice(0, -1).map(decodeJsonRequest);
  }

  /** Ends it: by SIGTERM it writes what it has first. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    this.#child?.kill(signal);
    await this.#child?.status;
    await this.#reading;
    this.#child = undefined;
  }

  /** Lets it stand still, or go on. */
  pause(isPaused: boolean): void {
    this.#child?.kill(isPaused ? "SIGSTOP" : "SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    Deno.removeSync(this.folder, { recursive: true });
  }
}
