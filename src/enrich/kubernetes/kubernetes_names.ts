/** Names from a Kubernetes cluster: follows it, knows who had which address when, and calls flows' ends accordingly. */
import type { AttributeSets, FlowNames } from "../../attribute_sets.ts";
import type { FlowRecord } from "../../flow_record.ts";
import type { OwnAddress } from "../kind.ts";
import type { Access } from "./api/access.ts";
import { ApiClient } from "./api/api_client.ts";
import { ClusterWatch, type KindStatus } from "./api/cluster_watch.ts";
import { findAccess } from "./api/find_access.ts";
import type { ReflectorTiming } from "./api/reflector.ts";
import type { Counters } from "./counters.ts";
import type { Explanation, FlowQuestion } from "./explainer.ts";
import { FlowNaming } from "./flow_naming.ts";
import { type KindName, KINDS } from "./kinds.ts";
import type { KubernetesOptions } from "./options.ts";

export interface KubernetesNamesParts {
  options: KubernetesOptions;
  sets: AttributeSets;
  /** Of the host that flows are seen on; without it, its addresses are those of its Node. */
  isOwn?: OwnAddress;
  /** Instead of what the machine has. */
  access?: Access;
  /** Environment variables. */
  env?: (name: string) => string | undefined;
  timing?: ReflectorTiming;
}

export interface Readiness {
  /** All lists are in, or are not to be waited for any longer. */
  isReady: boolean;
  /** One line for people. */
  detail: string;
  kinds: KindStatus[];
}

/** How many of what is held. */
export interface KubernetesSizes {
  /** Objects by kind, those that are gone and remembered included. */
  objects: Array<{ kind: KindName; count: number }>;
  goneObjects: number;
  addresses: number;
  claims: number;
  attributeSets: number;
}

const SILENCE_CHECK_MS = 10_000;
const FORGET_MS = 60_000;

export class KubernetesNames {
  readonly #naming: FlowNaming;
  readonly #watch: ClusterWatch;
  readonly #options: KubernetesOptions;
  readonly #timing: ReflectorTiming;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #startedMs = Infinity;
  #isReady = false;
  /** Where the cluster's address and credentials come from, for people. */
  readonly origin: string;

  private constructor(parts: KubernetesNamesParts, access: Access) {
    const { options, sets, isOwn, timing = systemTiming } = parts;
    this.#options = options;
    this.#timing = timing;
    this.origin = access.origin;
    this.#naming = new FlowNaming(options, sets, Date.now, isOwn);
    this.#watch = new ClusterWatch({
      filter: this.#naming.filter,
      needsWhole: (kind) => this.#naming.needsWhole(kind),
      client: new ApiClient(access),
      sink: this.#naming.store,
      counters: this.#naming.counters,
      timing,
    });
  }

  /**
   * Finds the cluster and reads the options. Throws {@linkcode UsageError} for what cannot be set,
   * {@linkcode EnvironmentError} where there is no cluster.
   */
  static async open(parts: KubernetesNamesParts): Promise<KubernetesNames> {
    const { options, env = (name) => Deno.env.get(name) } = parts;
    return new KubernetesNames(parts, parts.access ?? await findAccess({ ...options, nowMs: Date.now, env }));
  }

  /** Begins to follow the cluster; does not wait for it. */
  start(): void {
    this.#startedMs = this.#timing.nowMs();
    this.#watch.start();
    this.#timers.push(
      setInterval(() => this.#watch.checkSilence(), SILENCE_CHECK_MS),
      setInterval(() => this.#naming.forget(), FORGET_MS),
    );
  }

  /** Rejects when following breaks by a mistake of weir's own. */
  get failed(): Promise<never> {
    return this.#watch.running.then(() => new Promise<never>(() => {}));
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#watch.close();
  }

  /** uid of the namespace kube-system, which stands for the cluster's; undefined until it is known. */
  get clusterUid(): string | undefined {
    return this.#naming.store.clusterUid;
  }

  /** What a flow's ends and policies are called. Valid until the next call. */
  namesOf(record: FlowRecord): FlowNames {
    return this.#naming.namesOf(record);
  }

  /**
   * Whether waiting a little cannot give a flow a better name: its ends are named, are outside of the cluster, or have
   * waited long enough. Before the first lists are in, nobody is outside.
   */
  isSettled(record: FlowRecord): boolean {
    this.#isReady ||= this.readiness().isReady;
    return this.#isReady ? this.#naming.isSettled(record) : this.#naming.isNamed(record);
  }

  explain(question: FlowQuestion): Explanation {
    return this.#naming.explain(question);
  }

  readiness(): Readiness {
    const kinds = this.#watch.status();
    const missing = kinds.filter(({ state, hasList }) => !hasList && state !== "forbidden" && state !== "missing");
    const off = kinds.filter(({ state }) => state === "forbidden" || state === "missing");
    const isLate = this.#timing.nowMs() - this.#startedMs >= this.#options.syncTimeoutMs;
    const names = (some: KindStatus[]) => some.map(({ kind }) => kind).join(", ");
    const detail = [
      missing.length ? `${isLate ? "goes on without" : "waits for"} lists of ${names(missing)}` : "all lists are in",
      ...(off.length ? [`without ${names(off)}`] : []),
      ...kinds.filter(({ state, hasList }) => hasList && state === "unreachable").map(({ kind, silentMs }) =>
        `${kind} not heard of for ${Math.round(silentMs / 1_000)} s`
      ),
    ].join("; ");
    return { isReady: !missing.length || isLate, detail, kinds };
  }

  get counters(): Counters {
    return this.#naming.counters;
  }

  sizes(): KubernetesSizes {
    const { store } = this.#naming;
    return {
      objects: KINDS.map(({ name }) => ({ kind: name, count: store.count(name) })),
      goneObjects: store.goneCount,
      addresses: store.ledger.index.addressCount,
      claims: store.ledger.index.claimCount,
      attributeSets: this.#naming.setCount,
    };
  }
}

const systemTiming: ReflectorTiming = {
  nowMs: () => performance.now(),
  random: Math.random,
  wait(ms, signal) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  },
};
