/**
 * Measures weir against baselines in the same run, because ratios last and absolute figures do not.
 *
 *     deno task bench [PART …] [--json FILE] [--smoke] [--check] [--minutes N]
 *
 * Parts: those of PARTS below, all when none is named. The table goes to stdout, progress to stderr. --smoke: a quick
 * run. --check: exit code 1 when a target is missed. --minutes: how long to watch what grows with time (default: 1).
 */
import type { Bench, Figure } from "./figure.ts";
import { reaches } from "./figure.ts";

/** Loaded only when they run: each brings its own libraries. */
const PARTS: Record<string, () => Promise<Bench>> = {
  kernel: async () => (await import("./kernel.ts")).kernelBench,
  filter: async () => (await import("./filter.ts")).filterBench,
  table: async () => (await import("./table.ts")).tableBench,
  steps: async () => (await import("./steps.ts")).stepsBench,
  community_id: async () => (await import("./community_id.ts")).communityIdBench,
  export: async () => (await import("./export.ts")).exportBench,
  export_memory: async () => (await import("./export_memory.ts")).exportMemoryBench,
  outage: async () => (await import("./outage.ts")).outageBench,
  whole_path: async () => (await import("./whole_path.ts")).wholePathBench,
  footprint: async () => (await import("./footprint.ts")).footprintBench,
  kubernetes: async () => (await import("./kubernetes.ts")).kubernetesBench,
};

interface Wanted {
  parts: string[];
  json?: string;
  smoke: boolean;
  check: boolean;
  minutes: number;
}

function parseArguments(args: readonly string[]): Wanted {
  const wanted: Wanted = { parts: [], smoke: false, check: false, minutes: 1 };
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--smoke") wanted.smoke = true;
    else if (word === "--check") wanted.check = true;
    else if (word === "--minutes" && Number(args[i + 1]) > 0) wanted.minutes = Number(args[++i]);
    else if (word === "--json" && args[i + 1]) wanted.json = args[++i]!;
    else if (word in PARTS) wanted.parts.push(word);
    else throw new RangeError(`Unknown argument "${word}": parts are ${Object.keys(PARTS).join(", ")}`);
  }
  if (!wanted.parts.length) wanted.parts = Object.keys(PARTS);
  return wanted;
}

function targetText(figure: Figure): string {
  const reached = reaches(figure);
  if (reached === undefined) return "";
  const bound = figure.most !== undefined ? `≤ ${figure.most}` : `≥ ${figure.least}`;
  return `${bound} ${reached ? "ok" : "MISSED"}`;
}

function valueText({ value, unit }: Figure): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3;
  return `${value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}

function print(figures: readonly Figure[]): void {
  const rows = figures.map((figure) => [figure.name, valueText(figure), targetText(figure), figure.note ?? ""]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const [name, value, target, note] of rows) {
    console.log(
      `${name!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${target!.padEnd(widths[2]!)}  ${note}`.trimEnd(),
    );
  }
}

/** What the figures were taken on. */
function machine() {
  return {
    at: new Date().toISOString(),
    kernel: Deno.osRelease(),
    architecture: Deno.build.arch,
    cpus: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}

const wanted = parseArguments(Deno.args);
const figures: Figure[] = [];
for (const name of wanted.parts) {
  const say = (text: string) => console.error(`bench: ${name}: ${text}`);
  const started = performance.now();
  const bench = await PARTS[name]!();
  figures.push(...await bench({ smoke: wanted.smoke, minutes: wanted.minutes, say }));
  say(`done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
print(figures);
if (wanted.json) {
  const rows = figures.map((figure) => ({ ...figure, reached: reaches(figure) ?? null }));
  Deno.writeTextFileSync(wanted.json, `${JSON.stringify({ ...machine(), figures: rows }, null, 2)}\n`);
}
const missed = figures.filter((figure) => reaches(figure) === false);
if (missed.length) console.error(`bench: ${missed.length} of ${figures.length} figures miss their target`);
if (wanted.check && missed.length) Deno.exitCode = 1;
