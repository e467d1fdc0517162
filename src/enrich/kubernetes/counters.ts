/** What happens to objects and lookups, counted: for metrics, and so that nothing is dropped without a number. */
import type { KindName } from "./kinds.ts";

/** What a watch says; lists count as "listed". */
export type EventType = "added" | "modified" | "deleted" | "bookmark" | "listed";

/** Why an object was not taken in. */
export type RefusalReason = "no_uid" | "not_selected" | "unreadable" | "too_long";

/** Why a watch broke off. */
export type WatchErrorReason =
  | "unauthorized"
  | "forbidden"
  | "missing"
  | "expired"
  | "refused"
  | "unreachable"
  | "silent"
  | "garbage";

/** Why an end of a flow has no name. */
export type UnnamedReason = "outside" | "unknown" | "other_time" | "other_port" | "ambiguous";

/** Why a label or annotation that a rule takes is no attribute. */
export type UnextractedReason = "no_name" | "long_name" | "built_in_name" | "other_value";

export interface KindCounts {
  events: Record<EventType, number>;
  /** Objects that said nothing new of what is kept. */
  unchanged: number;
  refused: Record<RefusalReason, number>;
  errors: Record<WatchErrorReason, number>;
  /** Lists that were begun, the first one included. */
  lists: number;
}

export class Counters {
  readonly #kinds = new Map<KindName, KindCounts>();
  readonly unnamed: Record<UnnamedReason, number> = {
    outside: 0,
    unknown: 0,
    other_time: 0,
    other_port: 0,
    ambiguous: 0,
  };
  named = 0;
  /** Counted when names are made, which is once for many flows. other_value: the name has another one already. */
  readonly unextracted: Record<UnextractedReason, number> = {
    no_name: 0,
    long_name: 0,
    built_in_name: 0,
    other_value: 0,
  };

  of(kind: KindName): KindCounts {
    let counts = this.#kinds.get(kind);
    if (!counts) {
      counts = {
        events: { added: 0, modified: 0, deleted: 0, bookmark: 0, listed: 0 },
        unchanged: 0,
        refused: { no_uid: 0, not_selected: 0, unreadable: 0, too_long: 0 },
        errors: {
          unauthorized: 0,
          forbidden: 0,
          missing: 0,
          expired: 0,
          refused: 0,
          unreachable: 0,
          silent: 0,
          garbage: 0,
        },
        lists: 0,
      };
      this.#kinds.set(kind, counts);
    }
    return counts;
  }

  kinds(): ReadonlyMap<KindName, KindCounts> {
    return this.#kinds;
  }

  unchanged(kind: KindName): void {
    this.of(kind).unchanged++;
  }

  refused(kind: KindName, reason: RefusalReason): void {
    this.of(kind).refused[reason]++;
  }
}
