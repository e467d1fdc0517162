/** What people are told about watches: kinds that have the same trouble at about the same time in one line. */
import { type Kind, roleRule } from "../kinds.ts";
import type { ReflectorState } from "./reflector.ts";

/** A kind's watch, as far as it is told about. */
export interface Watched {
  readonly kind: Kind;
  readonly state: ReflectorState;
  /** Why; "" when there is nothing to say. */
  readonly detail: string;
  readonly hasList: boolean;
}

export type Say = (level: "info" | "warn", message: string) => void;

/** An API server that goes away is noticed by all watches within this time, mostly. */
const GATHER_MS = 1_000;

export class WatchReport {
  readonly #say: Say;
  /** Since the last report. */
  readonly #changed = new Set<Watched>();
  /** Of which trouble was told. */
  readonly #inTrouble = new Set<Watched>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(say: Say) {
    this.#say = say;
  }

  changed(watched: Watched): void {
    this.#changed.add(watched);
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Tells what there is to tell, without waiting for more. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const byState = Map.groupBy(this.#changed, ({ state }) => state);
    this.#changed.clear();
    for (const [state, all] of byState) this.#report(state, all);
  }

  #report(state: ReflectorState, all: Watched[]): void {
    // a kind that a cluster need not have is not missed
    const told = state === "missing" ? all.filter(({ kind }) => !kind.optional) : all;
    const isTrouble = state === "forbidden" || state === "missing" || state === "unreachable";
    if (!isTrouble) return this.#reportWell(state, told);
    if (!told.length) return;
    for (const watched of told) this.#inTrouble.add(watched);
    this.#say("warn", troubleOf(state, told));
  }

  #reportWell(state: ReflectorState, all: Watched[]): void {
    const again = all.filter((watched) => state === "watching" && this.#inTrouble.delete(watched));
    if (again.length) this.#say("info", `Watching ${resourcesOf(again)} again`);
  }
}

/** What is wrong, and what would mend it. */
export function troubleOf(state: ReflectorState, all: readonly Watched[]): string {
  const cannot = `Cannot watch ${resourcesOf(all)}: `;
  switch (state) {
    case "forbidden":
      return `${cannot}${all[0]!.detail}; add to weir's ClusterRole:\n${
        all.map(({ kind }) => roleRule(kind)).join("\n")
      }`;
    case "missing": {
      const groups = new Set(all.map(({ kind }) => `${kind.group || "core"}/${kind.version}`));
      return `${cannot}the API server does not serve ${[...groups].join(", ")}; names do without until it does`;
    }
    default:
      return `${cannot}${all[0]!.detail}${
        all.some(({ hasList }) => hasList) ? "; names go on with what was known" : ""
      }`;
  }
}

function resourcesOf(all: readonly Watched[]): string {
  return all.map(({ kind }) => kind.resource).join(", ");
}
