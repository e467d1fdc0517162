/** The layer that the environment lays over a file. */
import type { Notice } from "../check/notice.ts";
import type { Origin } from "../document/origin.ts";
import type { Problem } from "../document/problem.ts";
import {
  copyGroup,
  type Entry,
  entryAt,
  type Group,
  group,
  type List,
  scalar,
  setAt,
  type Tree,
} from "../document/tree.ts";
import { nearest } from "../nearest.ts";
import { settingsSchema } from "../schema/schema.ts";
import { FOREIGN_VARIABLES, OTHER_VARIABLES, OTLP_PATH, receiverKeys, settableKeys, variableName } from "./names.ts";
import { settingVariables } from "./mentions_settings.ts";

export interface EnvironmentLayer {
  tree: Group;
  problems: Problem[];
  notices: Notice[];
}

const SLIPS_MAX = 3;

/** What variables say, laid over `below`: receivers that it has can be meant by name. */
export function layEnvironment(below: Group, variables: ReadonlyMap<string, string>): EnvironmentLayer {
  const reader = new EnvironmentReader(settingVariables(variables), below);
  reader.foreign();
  reader.keys();
  reader.receivers();
  reader.unknown();
  return reader;
}

class EnvironmentReader implements EnvironmentLayer {
  readonly problems: Problem[] = [];
  readonly notices: Notice[] = [];
  readonly tree: Group;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #below: Group;
  readonly #known = new Set([...Object.keys(OTHER_VARIABLES), ...Object.keys(FOREIGN_VARIABLES)]);

  constructor(variables: ReadonlyMap<string, string>, below: Group) {
    this.#variables = variables;
    this.#below = below;
    this.tree = group(variableOrigin("the environment"));
  }

  foreign(): void {
    for (const [name, { to, change, notice }] of Object.entries(FOREIGN_VARIABLES)) {
      const value = this.#variables.get(name);
      if (value === undefined) continue;
      const origin = variableOrigin(name);
      if (notice) this.notices.push({ origin, path: name, message: `${name} has no effect: ${notice}` });
      const changed = change ? change(value) : value;
      if (to && changed !== undefined) setAt(this.tree, to.split("."), entryOf(name, changed));
    }
  }

  keys(): void {
    for (const path of settableKeys()) {
      const entry = this.#take(variableName(path));
      if (entry) setAt(this.tree, path, entry);
    }
  }

  /** A variable without a receiver's name is about all of them; where there is none it makes one. */
  receivers(): void {
    const before = entryAt(this.#below, OTLP_PATH)?.value;
    const receivers = before?.kind === "list" ? before.items : [];
    const common = this.#receiver(variableName(OTLP_PATH));
    const changed = receivers.map((receiver) => {
      if (receiver.kind !== "group") return receiver;
      const name = entryAt(receiver, ["name"])?.value;
      const own = name?.kind === "scalar" ? this.#receiver(variableName([...OTLP_PATH, String(name.value)])) : [];
      return withKeys(receiver, [...common, ...own]);
    });
    if (!receivers.length && common.length) changed.push(withKeys(group(common[0]![1].origin), common));
    if (changed.some((receiver, i) => receiver !== receivers[i])) {
      const origin = before?.origin ?? this.tree.origin;
      setAt(this.tree, OTLP_PATH, { origin, value: { kind: "list", items: changed, origin } satisfies List });
    }
  }

  #receiver(prefix: string): Array<[string[], Entry]> {
    return receiverKeys().flatMap((path) => {
      const entry = this.#take(`${prefix}_${variableName(path).slice("WEIR_".length)}`);
      return entry ? [[path, entry] as [string[], Entry]] : [];
    });
  }

  #take(name: string): Entry | undefined {
    this.#known.add(name);
    const value = this.#variables.get(name);
    return value === undefined ? undefined : entryOf(name, value);
  }

  /** A slip in a name would change nothing, silently. */
  unknown(): void {
    const groups = Object.keys(settingsSchema.entries).map((key) => `${variableName([key])}_`);
    const names = [...this.#known].filter((name) => name.startsWith("WEIR_"));
    for (const name of this.#variables.keys()) {
      if (this.#known.has(name)) continue;
      const origin = variableOrigin(name);
      const near = nearest(name, names, SLIPS_MAX);
      const isOurs = name.startsWith("WEIR_") &&
        (near !== undefined || groups.some((prefix) => name.startsWith(prefix)));
      if (isOurs) {
        this.problems.push({ origin, message: `no key has that name${near ? `: did you mean ${near}?` : ""}` });
      } else {
        this.notices.push({ origin, path: name, message: `${name} has no effect: no key has that name` });
      }
    }
  }
}

function variableOrigin(variable: string): Origin {
  return { kind: "environment", variable };
}

function entryOf(name: string, value: string): Entry {
  const origin = variableOrigin(name);
  return { origin, value: scalar(value, origin, true) };
}

function withKeys(receiver: Group, keys: Array<[string[], Entry]>): Tree {
  if (!keys.length) return receiver;
  const copy = copyGroup(receiver);
  for (const [path, entry] of keys) setAt(copy, path, entry);
  return copy;
}
