/** Follows all kinds that are wanted, says what is wrong with each, and whether enough is known to begin. */
import { log } from "../../../log.ts";
import type { Counters } from "../counters.ts";
import type { Kind, KindName } from "../kinds.ts";
import type { ObjectFilter } from "../object_filter.ts";
import type { ApiClient } from "./api_client.ts";
import { Pacer } from "./pacer.ts";
import { type ObjectSink, Reflector, type ReflectorState, type ReflectorTiming } from "./reflector.ts";
import { troubleOf, WatchReport } from "./watch_report.ts";

export interface ClusterWatchOptions {
  filter: ObjectFilter;
  needsWhole: (kind: Kind) => boolean;
  client: ApiClient;
  sink: ObjectSink;
  counters: Counters;
  timing: ReflectorTiming;
}

/** What is known of one kind. */
export interface KindStatus {
  kind: KindName;
  state: ReflectorState;
  /** A whole list has come, sooner or later. */
  hasList: boolean;
  /** What is wrong and what would mend it; "" when nothing is. */
  detail: string;
  /** How long ago the API server last sent something, ms. */
  silentMs: number;
}

/** Longer than this without a pause, and a flow that waits to be exported would notice. */
const TURN_MS = 4;

export class ClusterWatch {
  readonly #reflectors: readonly Reflector[];
  readonly #timing: ReflectorTiming;
  readonly #client: ApiClient;
  readonly #report = new WatchReport((level, message) => log[level](message));
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ClusterWatchOptions) {
    const { filter, needsWhole, timing, client } = options;
    this.#timing = timing;
    this.#client = client;
    const pacer = new Pacer(TURN_MS);
    this.#reflectors = filter.kinds().map((kind) =>
      new Reflector({
        ...options,
        kind,
        scope: filter.scopeOf(kind),
        isWhole: needsWhole(kind),
        pacer,
        changed: (reflector) => this.#report.changed(reflector),
      })
    );
  }

  start(): void {
    this.#running = Promise.all(this.#reflectors.map((reflector) => reflector.run()));
  }

  /** Rejects when following breaks in a way that cannot be mended. */
  get running(): Promise<unknown> {
    return this.#running;
  }

  async close(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.stop();
    await this.#running;
    this.#report.flush();
    this.#client.close();
  }

  /** To be called every few seconds: leaves connections that have died without a word. */
  checkSilence(): void {
    const silent = this.#reflectors.filter((reflector) => reflector.checkSilence());
    if (silent.length) this.#client.reconnect();
  }

  status(): KindStatus[] {
    return this.#reflectors.map((reflector) => ({
      kind: reflector.kind.name,
      state: reflector.state,
      hasList: reflector.hasList,
      detail: detailOf(reflector),
      silentMs: Math.max(0, Math.round(this.#timing.nowMs() - reflector.lastByteMs)),
    }));
  }
}

/** What is wrong with a kind, and what would mend it. */
function detailOf(reflector: Reflector): string {
  const { state } = reflector;
  const isTrouble = state === "forbidden" || state === "missing" || state === "unreachable";
  return isTrouble ? troubleOf(state, [reflector]) : "";
}
