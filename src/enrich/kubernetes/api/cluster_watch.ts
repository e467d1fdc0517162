/** Follows all kinds that are wanted, says what is wrong with each, and whether enough is known to begin. */
import { log } from "../../../log.ts";
import type { Counters } from "../counters.ts";
import { type Kind, type KindName, roleRule } from "../kinds.ts";
import type { ObjectFilter } from "../object_filter.ts";
import type { ApiClient } from "./api_client.ts";
import { Pacer } from "./pacer.ts";
import { type ObjectSink, Reflector, type ReflectorState, type ReflectorTiming } from "./reflector.ts";

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
        changed: (reflector) => this.#report(reflector),
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

  #report(reflector: Reflector): void {
    const { kind, state, hasList } = reflector;
    switch (state) {
      case "watching":
        log.debug(`Watching ${kind.resource}`);
        break;
      case "missing":
        if (kind.optional) log.debug(detailOf(reflector));
        else log.warn(detailOf(reflector));
        break;
      case "forbidden":
        log.warn(detailOf(reflector));
        break;
      case "unreachable":
        log.warn(`${detailOf(reflector)}${hasList ? "; names go on with what was known" : ""}`);
    }
  }
}

/** What is wrong with a kind, and what would mend it. */
function detailOf({ kind, state, detail }: Reflector): string {
  switch (state) {
    case "forbidden":
      return `Cannot watch ${kind.resource}: ${detail}; add to weir's ClusterRole:\n${roleRule(kind)}`;
    case "missing":
      return `Cannot watch ${kind.resource}: the API server does not serve ${kind.group || "core"}/${kind.version}; ` +
        `names do without them until it does`;
    case "unreachable":
      return `Cannot watch ${kind.resource}: ${detail}`;
    default:
      return "";
  }
}
