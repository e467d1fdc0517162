/** Whether the agent is alive, ready and started: asked of the pipeline each time, never remembered from before. */
import type { Agent } from "../agent.ts";
import type { KubernetesNames } from "../enrich/kubernetes/mod.ts";

/** What tells of names from Kubernetes. */
export type ClusterNames = Pick<
  KubernetesNames,
  "clusterUid" | "counters" | "explain" | "origin" | "readiness" | "sizes"
>;

export interface Check {
  name: string;
  ok: boolean;
  /** What is so, for people. */
  detail: string;
}

/** The collector does a round at least once a second; this long without one, it hangs. */
const ROUND_LATEST_MS = 10_000;

export class Health {
  readonly #agent: Agent;
  readonly #names: ClusterNames | undefined;
  readonly #nowMs: () => number;
  #rounds = -1;
  #roundsChangedMs: number;

  constructor(agent: Agent, names?: ClusterNames, nowMs: () => number = () => performance.now()) {
    this.#agent = agent;
    this.#names = names;
    this.#nowMs = nowMs;
    this.#roundsChangedMs = nowMs();
  }

  /** Restarting would help if this fails: not while it stops, handing its flows out. */
  live(): Check[] {
    if (this.#agent.state === "stopping") return [{ name: "state", ok: true, detail: "stopping" }];
    return [this.#collector()];
  }

  /** It sees traffic, knows whose it is, and hands it on. */
  ready(): Check[] {
    return [this.#state(), this.#collector(), this.#interfaces(), ...this.#kubernetes(), ...this.#exporters()];
  }

  /** It counts, on whatever devices there are: that none is wanted or up may change. */
  started(): Check[] {
    return [this.#collector()];
  }

  #state(): Check {
    const { state } = this.#agent;
    return { name: "state", ok: state === "running", detail: state };
  }

  #collector(): Check {
    const rounds = this.#agent.rounds();
    const now = this.#nowMs();
    if (rounds !== this.#rounds) {
      this.#rounds = rounds;
      this.#roundsChangedMs = now;
    }
    const silentMs = now - this.#roundsChangedMs;
    const ok = this.#agent.isCounting() && silentMs < ROUND_LATEST_MS;
    const detail = this.#agent.isCounting() ? `last round ${Math.round(silentMs)} ms ago` : "does not count";
    return { name: "collector", ok, detail };
  }

  #interfaces(): Check {
    const wanted = this.#agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined);
    const attached = wanted.filter(({ attachment }) => attachment).length;
    const failed = wanted.filter(({ problem }) => problem).length;
    const detail = failed ? `attached to ${attached}, failed on ${failed}` : `attached to ${attached}`;
    return { name: "interfaces", ok: attached > 0, detail };
  }

  #kubernetes(): Check[] {
    if (!this.#names) return [];
    const { isReady, detail } = this.#names.readiness();
    return [{ name: "kubernetes", ok: isReady, detail }];
  }

  #exporters(): Check[] {
    return this.#agent.exporters.map((exporter) => {
      const ok = exporter.isReady();
      return { name: `exporter ${exporter.name}`, ok, detail: ok ? "takes records" : "is blocked" };
    });
  }
}
