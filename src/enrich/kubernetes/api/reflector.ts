/**
 * Follows one kind of objects: lists them, then hears of every change. A list comes as a stream where the API server
 * has that (WatchList), else by pages. Whatever breaks is tried again, for as long as it takes.
 */
import { UsageError } from "../../../errors.ts";
import { LIST_PAGE_OBJECTS, OBJECT_BYTES_MAX } from "../../../limits.ts";
import type { Counters, KindCounts, WatchErrorReason } from "../counters.ts";
import { type Kind, pathOf } from "../kinds.ts";
import type { WatchScope } from "../object_filter.ts";
import type { RawObject } from "../raw_object.ts";
import type { ApiClient } from "./api_client.ts";
import { ApiError, errorOfStatus } from "./api_error.ts";
import { ItemSplitter } from "./item_splitter.ts";
import { LineSplitter } from "./line_splitter.ts";
import { parseWithoutManagedFields } from "./managed_fields.ts";
import type { Pacer } from "./pacer.ts";

/** Where objects go. */
export interface ObjectSink {
  put(kind: Kind, raw: RawObject): void;
  delete(kind: Kind, raw: RawObject): void;
  /** A list begins; its number is wanted at its end. */
  beginList(): number;
  /** What was in no list since is gone. */
  endList(kind: Kind, list: number): void;
}

export type ReflectorState =
  /** Has not been answered yet. */
  | "starting"
  | "listing"
  | "watching"
  /** Not permitted. */
  | "forbidden"
  /** The API server does not serve the kind. */
  | "missing"
  /** No answer, none that makes sense, or one that takes nobody's credentials. */
  | "unreachable";

export interface ReflectorOptions {
  kind: Kind;
  scope: WatchScope;
  /** Objects are wanted whole, not only their metadata. */
  isWhole: boolean;
  client: ApiClient;
  sink: ObjectSink;
  pacer: Pacer;
  counters: Counters;
  timing: ReflectorTiming;
  /** The state, or why it is so, is another one. */
  changed(reflector: Reflector): void;
}

export interface ReflectorTiming {
  nowMs(): number;
  /** Between 0 and 1. */
  random(): number;
  /** Ends early when the signal comes. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The API server ends a watch after so long, by its own choice a little later. */
const WATCH_S_LEAST = 300;
const WATCH_S_MORE = 300;
/** A version that the API server refuses so often is given up, and everything listed again. */
const ATTEMPTS_WITH_VERSION = 3;
const ATTEMPTS_COUNTED_MAX = 16;
const RETRY_FIRST_MS = 800;
const RETRY_LAST_MS = 30_000;
/** Of what will hardly change by itself. */
const RETRY_REFUSED_LAST_MS = 60_000;
/** A watch that ends sooner was no watch: a retry waits longer each time. */
const WATCH_MS_LEAST = 5_000;
/** All nodes are told at once that they are too late: they come back one after the other. */
const RELIST_JITTER_MS = 5_000;
/**
 * How long a busy watch is left to gather news. It is busy when nothing was waiting to be read and yet something came
 * soon.
 */
const GATHER_MS = 200;
const BUSY_MS = 200;
/** Between two such pauses: where reading is slow for other reasons, news must not pile up. */
const READ_MS_LEAST = 25;
/** What was waiting to be read comes sooner. */
const NOTHING_WAITED_MS = 5;
/** Bookmarks come every minute. */
const SILENT_MS_MAX = 180_000;
/** As a list's version: whatever the API server has in its cache, however old. */
const ANY_VERSION = "0";
/** As a list's version: what is newest, though the API server must ask etcd for it. */
const NEWEST_VERSION = "";
const INITIAL_END = "k8s.io/initial-events-end";
const METADATA_ONLY = "g=meta.k8s.io;v=v1";

interface WatchEvent {
  type?: string;
  object?: RawObject;
}

class Silence extends Error {
  override readonly name = "Silence";
}

class Garbage extends Error {
  override readonly name = "Garbage";
}

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #decoder = new TextDecoder();
  readonly #counts: KindCounts;
  readonly kind: Kind;
  #state: ReflectorState = "starting";
  #detail = "";
  #hasList = false;
  #streamsLists = true;
  /** Where a watch goes on from; "": a list comes first. */
  #resourceVersion = "";
  /** A list by pages is to be no older: an API server that lags must not bring back what is gone. */
  #listVersion = ANY_VERSION;
  /** The list that a stream's first events make up; undefined: it is complete. */
  #list: number | undefined;
  #attempts = 0;
  /** Attempts that may have failed for their version. */
  #refusals = 0;
  /** When the list or watch under way began. */
  #beganMs: number;
  /** When the watch under way was answered; Infinity: not yet. */
  #answeredMs = Infinity;
  #lastByteMs: number;
  readonly #stopping = new AbortController();
  #request = new AbortController();

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.#counts = options.counters.of(options.kind.name);
    this.#beganMs = this.#lastByteMs = options.timing.nowMs();
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Why it is in this state, for people; "" when there is nothing to say. */
  get detail(): string {
    return this.#detail;
  }

  /** Whether it has had a whole list. */
  get hasList(): boolean {
    return this.#hasList;
  }

  /** When the API server last sent something, monotonic ms. */
  get lastByteMs(): number {
    return this.#lastByteMs;
  }

  /** Runs until {@linkcode stop}. */
  async run(): Promise<void> {
    const { timing } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const waitMs = await this.#attempt();
      if (waitMs > 0) await timing.wait(waitMs, this.#stopping.signal);
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.#request.abort();
  }

  /** One list or watch, to its end. Returns how long to wait before the next. */
  async #attempt(): Promise<number> {
    const { signal } = this.#request = new AbortController();
    this.#beganMs = this.#options.timing.nowMs();
    this.#answeredMs = Infinity;
    this.#list = undefined; // half a list is none: it begins anew
    try {
      if (this.#resourceVersion === "" && !this.#streamsLists) await this.#listByPages(signal);
      await this.#watch(signal);
      return this.#afterEnd();
    } catch (error) {
      if (this.#stopping.signal.aborted) return 0;
      this.#forgetAttempts();
      return this.#afterError(signal.aborted ? signal.reason : error);
    }
  }

  /** Breaks off a request that nothing has come from for too long: its connection may be gone without a word. */
  checkSilence(): boolean {
    // silence from before the request, as of an outage, is not the request's
    const silentMs = this.#options.timing.nowMs() - Math.max(this.#beganMs, this.#lastByteMs);
    const isOpen = this.#state === "watching" || this.#state === "listing";
    if (!isOpen || silentMs < SILENT_MS_MAX) return false;
    this.#request.abort(new Silence(`nothing came for ${Math.round(silentMs / 1_000)} s`));
    return true;
  }

  /** A watch ended as it should, or too soon. */
  #afterEnd(): number {
    return this.#forgetAttempts() ? 0 : this.#backoffMs(RETRY_LAST_MS);
  }

  /** What went well for a while is tried again as if for the first time. Whether it did. */
  #forgetAttempts(): boolean {
    const wentWell = this.#options.timing.nowMs() - this.#answeredMs >= WATCH_MS_LEAST;
    if (wentWell) this.#attempts = this.#refusals = 0;
    return wentWell;
  }

  #backoffMs(lastMs: number): number {
    const ms = Math.min(lastMs, RETRY_FIRST_MS * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, ATTEMPTS_COUNTED_MAX);
    return ms * (0.5 + this.#options.timing.random());
  }

  /** What to do about an error: how long to wait. */
  #afterError(error: unknown): number {
    const { timing } = this.#options;
    const reason = reasonOf(error);
    const message = messageOf(error);
    if (reason === "refused" && this.#streamsLists && this.#resourceVersion === "" && isUnknownQuery(error)) {
      this.#streamsLists = false; // an older API server
      return 0;
    }
    this.#counts.errors[reason]++;
    switch (reason) {
      case "expired":
        // too old to watch from is new enough for a list; where that has expired, too, the version is "" already
        this.#listAgain(this.#resourceVersion);
        return Math.max(timing.random() * RELIST_JITTER_MS, this.#backoffMs(RETRY_LAST_MS));
      case "forbidden":
        this.#become("forbidden", message);
        return this.#backoffMs(RETRY_REFUSED_LAST_MS);
      case "missing":
        this.#become("missing", message);
        return this.#backoffMs(RETRY_REFUSED_LAST_MS);
      case "silent":
      case "unreachable":
        // the next request is not to go into a connection that is dead
        this.#options.client.reconnect();
        break;
      case "garbage":
        this.#listAgain(NEWEST_VERSION);
        break;
      case "refused":
        if (this.#givesUpVersion(error)) this.#listAgain(NEWEST_VERSION);
    }
    this.#become("unreachable", message);
    const backoffMs = this.#backoffMs(RETRY_LAST_MS); // an attempt counts, whatever it is answered
    const askedMs = error instanceof ApiError ? error.retryAfterMs : undefined;
    return askedMs === undefined ? backoffMs : Math.min(RETRY_REFUSED_LAST_MS, Math.max(RETRY_FIRST_MS, askedMs));
  }

  #listAgain(version: string): void {
    this.#resourceVersion = "";
    this.#listVersion = version;
  }

  /** A version from the future, as after a backup was restored, is refused for ever. */
  #givesUpVersion(error: unknown): boolean {
    if (!(error instanceof ApiError) || error.isBusy) return false; // busy with any: a list would be more work
    if (this.#resourceVersion === "" && this.#listVersion === ANY_VERSION) return false; // there is none to give up
    if (error.isVersionTooLarge) return true;
    if (++this.#refusals <= ATTEMPTS_WITH_VERSION) return false;
    this.#refusals = 0;
    return true;
  }

  #become(state: ReflectorState, detail = ""): void {
    if (this.#state === state && this.#detail === detail) return;
    this.#state = state;
    this.#detail = detail;
    this.#options.changed(this);
  }

  #path(query: Record<string, string>): string {
    const { kind, scope } = this.#options;
    const parameters = new URLSearchParams(query);
    if (scope.labelSelector) parameters.set("labelSelector", scope.labelSelector);
    return `${pathOf(kind, scope.namespace)}?${parameters}`;
  }

  #accept(form: "PartialObjectMetadata" | "PartialObjectMetadataList"): string {
    return this.#options.isWhole ? "application/json" : `application/json;as=${form};${METADATA_ONLY},application/json`;
  }

  async #listByPages(signal: AbortSignal): Promise<void> {
    const { client, sink, pacer, timing } = this.#options;
    this.#counts.lists++;
    this.#become("listing");
    const list = sink.beginList();
    let version: string | undefined;
    let page = firstPage(this.#listVersion);
    for (;;) {
      const accept = this.#accept("PartialObjectMetadataList");
      const splitter = new ItemSplitter(OBJECT_BYTES_MAX);
      for await (const chunk of await client.get(this.#path(page), accept, signal)) {
        pacer.begin();
        for (const item of splitter.split(chunk)) {
          this.#counts.events.listed++;
          this.#give("put", this.#read(item));
          if (pacer.isOver) await pacer.next();
        }
        this.#lastByteMs = timing.nowMs();
      }
      this.#countTooLong(splitter);
      const { resourceVersion, continue: next } = this.#end(splitter).metadata ?? {};
      version ??= resourceVersion; // changes since the first page are news
      if (!next) break;
      page = { limit: String(LIST_PAGE_OBJECTS), continue: next };
    }
    sink.endList(this.kind, list);
    this.#resourceVersion = version ?? "0";
    this.#hasList = true;
  }

  #end(splitter: ItemSplitter) {
    try {
      return splitter.end();
    } catch (cause) {
      throw new Garbage("a list that is not whole", { cause });
    }
  }

  /** Without a version to watch from, the stream begins with the list. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, timing, pacer } = this.#options;
    const seconds = Math.round(WATCH_S_LEAST + WATCH_S_MORE * timing.random());
    const query: Record<string, string> = {
      watch: "true",
      allowWatchBookmarks: "true",
      timeoutSeconds: String(seconds),
    };
    const isList = this.#resourceVersion === "";
    if (isList) Object.assign(query, { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" });
    else query.resourceVersion = this.#resourceVersion;
    const body = await client.get(this.#path(query), this.#accept("PartialObjectMetadata"), signal);
    if (isList) this.#beginList();
    this.#become(isList && !this.#hasList ? "listing" : "watching");
    const splitter = new LineSplitter(OBJECT_BYTES_MAX);
    let gatheredMs = -Infinity;
    let askedMs = this.#lastByteMs = this.#answeredMs = timing.nowMs();
    for await (const chunk of body) {
      const cameMs = this.#lastByteMs = timing.nowMs();
      pacer.begin();
      for (const line of splitter.split(chunk)) {
        this.#take(this.#read(line));
        if (pacer.isOver) await pacer.next();
      }
      if (splitter.tooLong) this.#countTooLong(splitter);
      const waitedMs = cameMs - askedMs;
      const isBusy = waitedMs >= NOTHING_WAITED_MS && waitedMs < BUSY_MS;
      if (isBusy && this.#list === undefined && cameMs - gatheredMs >= READ_MS_LEAST) {
        // waking for each piece would cost more than the news in it
        await timing.wait(GATHER_MS, signal);
        gatheredMs = timing.nowMs();
      }
      askedMs = timing.nowMs();
    }
    if (this.#list !== undefined) throw new Garbage("the stream ended before the list was whole");
  }

  #beginList(): void {
    this.#counts.lists++;
    this.#list = this.#options.sink.beginList();
  }

  #countTooLong(splitter: { tooLong: number }): void {
    for (; splitter.tooLong > 0; splitter.tooLong--) this.#counts.refused.too_long++;
  }

  #read(bytes: Uint8Array): object {
    let value: unknown;
    try {
      value = parseWithoutManagedFields(this.#decoder.decode(bytes));
    } catch (cause) {
      throw new Garbage("something that is no JSON", { cause });
    }
    if (value === null || typeof value !== "object") throw new Garbage("something that is no object");
    return value;
  }

  #take({ type, object }: WatchEvent): void {
    if (object === null || typeof object !== "object") throw new Garbage("an event of nothing");
    const version = object.metadata?.resourceVersion;
    switch (type) {
      case "ADDED":
      case "MODIFIED":
        this.#counts.events[type === "ADDED" ? "added" : "modified"]++;
        this.#give("put", object);
        break;
      case "DELETED":
        this.#counts.events.deleted++;
        this.#give("delete", object);
        break;
      case "BOOKMARK":
        this.#counts.events.bookmark++;
        if (object.metadata?.annotations?.[INITIAL_END] === "true") this.#endList();
        break;
      case "ERROR":
        throw errorOfStatus(object);
      default:
        throw new Garbage(`an event of type "${String(type).slice(0, 40)}"`);
    }
    if (version && this.#list === undefined) this.#resourceVersion = version;
  }

  /** An object that makes no sense is counted and passed over: the others do. */
  #give(how: "put" | "delete", object: RawObject): void {
    const { sink } = this.#options;
    try {
      sink[how](this.kind, object);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof UsageError)) throw error;
      this.#counts.refused.unreadable++;
    }
  }

  #endList(): void {
    if (this.#list === undefined) return;
    this.#options.sink.endList(this.kind, this.#list);
    this.#list = undefined;
    this.#hasList = true;
    this.#become("watching");
  }
}

/**
 * A list that is to be no older than a version comes from the API server's cache only without a limit, as a whole: all
 * nodes ask for it at once when an API server was restarted, and etcd is not to read everything for each.
 */
function firstPage(resourceVersion: string): Record<string, string> {
  const limit = String(LIST_PAGE_OBJECTS);
  if (resourceVersion === NEWEST_VERSION) return { limit };
  return resourceVersion === ANY_VERSION ? { limit, resourceVersion } : { resourceVersion };
}

function isUnknownQuery(error: unknown): boolean {
  return error instanceof ApiError && error.isUnknownQuery;
}

/** What went wrong, with what is behind it: fetch says no more than that it failed. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hasMore = error instanceof TypeError && error.cause instanceof Error;
  return hasMore ? `${error.message}: ${messageOf(error.cause)}` : error.message;
}

function reasonOf(error: unknown): WatchErrorReason {
  if (error instanceof Silence) return "silent";
  if (error instanceof Garbage) return "garbage";
  if (!(error instanceof ApiError)) return "unreachable";
  if (error.isExpired) return "expired";
  if (error.status === 401) return "unauthorized";
  if (error.status === 403) return "forbidden";
  return error.status === 404 ? "missing" : "refused";
}
