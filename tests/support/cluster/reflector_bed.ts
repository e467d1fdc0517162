/** A reflector that follows an API server which says what the test tells it to, in time that passes when it is told. */
import type { Access } from "../../../src/enrich/kubernetes/api/access.ts";
import { ApiClient } from "../../../src/enrich/kubernetes/api/api_client.ts";
import { Pacer } from "../../../src/enrich/kubernetes/api/pacer.ts";
import { type ObjectSink, Reflector, type ReflectorTiming } from "../../../src/enrich/kubernetes/api/reflector.ts";
import { Counters } from "../../../src/enrich/kubernetes/counters.ts";
import { type Kind, type KindName, kindOf } from "../../../src/enrich/kubernetes/kinds.ts";
import type { WatchScope } from "../../../src/enrich/kubernetes/object_filter.ts";
import type { RawObject } from "../../../src/enrich/kubernetes/raw_object.ts";
import { until } from "../network_lab.ts";
import { ScriptedApi } from "./scripted_api.ts";

/** Keeps names by uid, as a store would. */
class NameSink implements ObjectSink {
  readonly names = new Map<string, { name: string; round: number }>();
  #round = 0;
  refuse: Error | undefined;

  put(_kind: Kind, { metadata }: RawObject): void {
    if (metadata?.name === "bad") throw this.refuse;
    this.names.set(metadata!.uid!, { name: metadata!.name!, round: this.#round });
  }

  delete(_kind: Kind, { metadata }: RawObject): void {
    this.names.delete(metadata!.uid!);
  }

  beginList(): number {
    return ++this.#round;
  }

  endList(_kind: Kind, list: number): void {
    for (const [uid, { round }] of this.names) if (round < list) this.names.delete(uid);
  }

  get all(): string[] {
    return [...this.names.values()].map(({ name }) => name).sort();
  }
}

class CountingClient extends ApiClient {
  reconnects = 0;

  override reconnect(): void {
    this.reconnects++;
    super.reconnect();
  }
}

export class ReflectorBed implements AsyncDisposable {
  readonly api = new ScriptedApi();
  readonly sink = new NameSink();
  readonly counters = new Counters();
  readonly client: CountingClient;
  readonly reflector: Reflector;
  readonly states: string[] = [];
  /** How long it waited, ms; the waits themselves take no time. */
  readonly waits: number[] = [];
  nowMs = 0;
  refusals = 0;
  readonly #running: Promise<void>;

  constructor(options: { kind?: KindName; scope?: WatchScope; isWhole?: boolean } = {}) {
    const timing: ReflectorTiming = {
      nowMs: () => this.nowMs,
      random: () => 0.5,
      wait: (ms) => {
        this.waits.push(ms);
        this.nowMs += ms;
        return Promise.resolve();
      },
    };
    const access: Access = {
      server: this.api.url,
      origin: "the test",
      credentials: () =>
        Promise.resolve({
          headers: { authorization: `Bearer ${this.refusals}` },
          tls: { ca: undefined, cert: undefined, key: undefined, serverName: undefined, insecure: false },
        }),
      refused: () => this.refusals++,
    };
    this.client = new CountingClient(access);
    this.reflector = new Reflector({
      kind: kindOf(options.kind ?? "Pod")!,
      scope: options.scope ?? {},
      isWhole: options.isWhole ?? true,
      client: this.client,
      sink: this.sink,
      pacer: new Pacer(4),
      counters: this.counters,
      timing,
      changed: ({ state, detail }) => this.states.push(detail ? `${state}: ${detail}` : state),
    });
    this.#running = this.reflector.run();
  }

  headers(): (string | null)[] {
    return this.api.headers.map((headers) => headers.get("authorization"));
  }

  get counts() {
    return this.counters.of(this.reflector.kind.name);
  }

  async untilNames(...names: string[]): Promise<void> {
    await until(`${names} (there are ${this.sink.all})`, () => String(this.sink.all) === String(names));
  }

  async untilRequests(count: number): Promise<void> {
    await until(`request ${count}`, () => this.api.requests.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reflector.stop();
    await this.#running;
    await this.api[Symbol.asyncDispose]();
  }
}

export function named(name: string, resourceVersion = "1"): RawObject {
  return { metadata: { name, uid: `uid-${name}`, resourceVersion } };
}
