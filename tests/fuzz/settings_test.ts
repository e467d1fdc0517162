/** Files that are damaged, and keys that hold anything: each gets settings or problems with places, in weir's words. */
import { ok } from "node:assert/strict";
import { composeSettings } from "../../src/settings/compose_settings.ts";
import { SettingsError } from "../../src/settings/document/problem.ts";
import { formatOfName } from "../../src/settings/read_configuration.ts";
import { settingsSchema } from "../../src/settings/schema/schema.ts";
import { leaves } from "../../src/settings/schema/view.ts";
import { SPELLINGS } from "../../src/settings/spelling/spellings.ts";
import { type Random, randomTest } from "../support/random.ts";

const FILES = new URL("../support/configurations/", import.meta.url);
const DAMAGED = 997;
const STRANGE = 1_999;
/** Words of libraries, and of a value where there is none. */
const FOREIGN_REGEXP =
  /Invalid (?:type|key|value|length|format)|Expected|\breceived\b|undefined|\[object|NaN|TypeError/;

/** Reads a file; whatever is wrong with it has to be said well. */
async function judge(name: string, text: string): Promise<boolean> {
  try {
    await composeSettings({ name, text, format: formatOfName(name) }, {});
    return true;
  } catch (error) {
    ok(error instanceof SettingsError, `${error instanceof Error ? error.stack : error}\n${text}`);
    const lines = text.split("\n").length;
    for (const { origin, message } of error.problems) {
      ok(origin.kind === "file", `${message} has no place in\n${text}`);
      const { line, column } = origin.source.place(origin.offset);
      ok(line >= 1 && line <= lines && column >= 1, `${message} is placed at ${line}:${column} of\n${text}`);
      ok(!FOREIGN_REGEXP.test(message.replaceAll(/".*?"/gs, "")), `${message}\n${text}`);
    }
    ok(error.problems.length > 0);
    return false;
  }
}

randomTest("composeSettings() takes a damaged file or says what is wrong with it", async (random) => {
  const names = [...Deno.readDirSync(FILES)].map(({ name }) => name);
  let refused = 0;
  for (let i = 0; i < DAMAGED; i++) {
    const name = random.pick(names);
    if (!await judge(name, damage(await Deno.readTextFile(new URL(name, FILES)), random))) refused++;
  }
  ok(refused > DAMAGED / 3, `${refused} of ${DAMAGED} were refused`);
});

/** A piece is lost, comes twice, or changes places with another. */
function damage(text: string, random: Random): string {
  const [at, other] = [random.below(text.length), random.below(text.length)];
  const size = 1 + random.below(random.oneIn(3) ? 40 : 3);
  const piece = text.slice(other, other + size);
  return text.slice(0, at) + (random.oneIn(2) ? piece : "") + text.slice(at + (random.oneIn(2) ? size : 0));
}

randomTest("composeSettings() takes anything for any key or says what is wanted", async (random) => {
  const paths = [
    ...[...leaves(settingsSchema, { inLists: true })].map(({ path }) => path),
    ...SPELLINGS.map(({ from }) => from.split(".")),
  ];
  for (let i = 0; i < STRANGE; i++) {
    const root: Json = {};
    for (let count = 1 + random.below(3); count; count--) put(root, random.pick(paths), anything(random, 0), random);
    await judge("w.json", JSON.stringify(root));
  }
});

type Json = Record<string, unknown>;

/** Puts a value at a path, or at a part of it; now and then in a list. */
function put(root: Json, path: readonly string[], value: unknown, random: Random): void {
  const keys = random.oneIn(5) ? path.slice(0, 1 + random.below(path.length)) : path;
  let at = root;
  for (const key of keys.slice(0, -1)) {
    const before = at[key] ?? {};
    const next = typeof before === "object" && !Array.isArray(before) ? before as Json : {};
    at[key] = random.oneIn(4) ? [next] : next;
    at = next;
  }
  at[keys.at(-1)!] = value;
}

function anything(random: Random, depth: number): unknown {
  const kinds = [
    () =>
      random.pick([
        "",
        "x",
        "10.0.0.0/8",
        "1-2",
        "5s",
        "/(/",
        "eth[",
        "tcp",
        "Pod",
        "a=b",
        "true",
        "$x",
        "é".repeat(300),
      ]),
    () => random.pick([0, 1, -1, 0.5, 1e9, 443, 65_536, 1e300]),
    () => random.oneIn(2),
    () => null,
    () => Array.from({ length: random.below(3) }, () => anything(random, depth + 1)),
    () => ({
      [random.pick(["match", "from", "kind", "enabled", "name", "x", "__proto__x"])]: anything(random, depth + 1),
    }),
  ];
  return random.pick(depth < 3 ? kinds : kinds.slice(0, 4))();
}
