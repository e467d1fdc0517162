/**
 * The settings in force of a running agent, and the way to others: a file that changed, or a key that somebody sets.
 * One change at a time, whole or not at all.
 */
import { log } from "../../log.ts";
import type { Notice } from "../check/notice.ts";
import type { Flag, LoadedSettings } from "../load_settings.ts";
import type { Origins } from "../origins.ts";
import type { Settings } from "../schema/schema.ts";

export interface LiveSettingsOptions {
  /**
   * Everything that says something, once more, with these on top. again: settings whose file's text is to be used, as
   * it was read for them. Throws UsageError.
   */
  load(set: readonly Flag[], again: LoadedSettings | undefined): Promise<LoadedSettings>;
  /** Puts settings in force. Throws UsageError before anything is changed. */
  apply(next: Settings): Promise<void>;
}

/** What became of a change. */
export interface Change {
  /** Keys that changed, by name. */
  changed: string[];
  /** Keys that a restart would change. */
  wantsRestart: string[];
}

/** How reading again went so far. */
export interface ReloadState {
  /** When the settings in force came to be, ms since 1970. */
  sinceMs: number;
  succeeded: number;
  failed: number;
  /** Why the last one failed; undefined: it did not. */
  problem: string | undefined;
  wantsRestart: readonly string[];
}

export class LiveSettings {
  readonly #options: LiveSettingsOptions;
  #loaded: LoadedSettings;
  #settings: Settings;
  /** What was set while it ran, by key: it stays on top. */
  readonly #set = new Map<string, Flag>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #state: ReloadState = {
    sinceMs: Date.now(),
    succeeded: 0,
    failed: 0,
    problem: undefined,
    wantsRestart: [],
  };

  constructor(loaded: LoadedSettings, options: LiveSettingsOptions) {
    this.#loaded = loaded;
    this.#settings = loaded.settings;
    this.#options = options;
  }

  /** Those in force. */
  get settings(): Settings {
    return this.#settings;
  }

  /** Where they were said. */
  get origins(): Origins {
    return this.#loaded.origins;
  }

  /** What they say without effect. */
  get notices(): readonly Notice[] {
    return this.#loaded.notices;
  }

  state(): Readonly<ReloadState> {
    return this.#state;
  }

  /** Reads everything again. why: for the log. What is wrong is logged, and changes nothing. Never rejects. */
  async reload(why: string): Promise<void> {
    await this.#inTurn(async () => {
      try {
        const again = this.#loaded.file?.isReadOnce ? this.#loaded : undefined;
        const change = await this.#change(await this.#options.load(this.#flags(), again));
        this.#state.succeeded++;
        this.#state.problem = undefined;
        report(why, change);
      } catch (error) {
        // nobody waits for it, and an agent that counts does not end for a change that could not be made
        const problem = error instanceof Error ? error.message : String(error);
        this.#state.failed++;
        this.#state.problem = problem;
        log.error("Settings were not taken over ({why}), the old ones go on: {problem}", { why, problem });
      }
    });
  }

  /** Sets keys of a running agent. Throws UsageError where one is unknown, wrong, or cannot change now. */
  async set(values: ReadonlyMap<string, string>): Promise<Change> {
    return await this.#inTurn(async () => {
      const { checkLiveKey } = await import("./settable.ts");
      for (const key of values.keys()) checkLiveKey(key);
      const flags = [...values].map(([path, value]): Flag => ({ flag: "config set", path, value, isText: true }));
      const change = await this.#change(await this.#options.load([...this.#flags(), ...flags], this.#loaded));
      for (const flag of flags) this.#set.set(flag.path, flag);
      report("config set", change);
      return change;
    });
  }

  #flags(): Flag[] {
    return [...this.#set.values()];
  }

  async #change(next: LoadedSettings): Promise<Change> {
    const { changesOf } = await import("./changes.ts");
    const { live, fixed, inForce } = changesOf(this.#settings, next.settings);
    if (live.length) await this.#options.apply(inForce);
    this.#settings = inForce;
    this.#loaded = next;
    if (live.length) this.#state.sinceMs = Date.now();
    this.#state.wantsRestart = fixed;
    return { changed: live, wantsRestart: fixed };
  }

  /** One at a time; what failed for one is not the next one's. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

function report(why: string, { changed, wantsRestart }: Change): void {
  if (changed.length) log.info("Took settings over ({why}): {keys}", { why, keys: changed.join(", ") });
  else if (!wantsRestart.length) log.info("Read settings again ({why}): nothing changed", { why });
  if (wantsRestart.length) log.warn("A restart would change {keys}", { keys: wantsRestart.join(", ") });
}
