/** Prometheus' text format, read strictly: whatever a scraper would stumble over is thrown. */

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  /** What tells samples apart. */
  keys: Set<string>;
  name: string;
  type: string;
  help: string;
  samples: Sample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const HELP_REGEXP = new RegExp(`^# HELP (${NAME}) (.+)$`);
const TYPE_REGEXP = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE_REGEXP = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL_REGEXP = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/;

/** Families by name. Each has one HELP, then one TYPE, then its samples in one piece, no two alike. */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  let current: Family | undefined;
  for (const line of text.split("\n").filter(Boolean)) {
    const help = HELP_REGEXP.exec(line);
    const type = TYPE_REGEXP.exec(line);
    if (help) {
      const [, name, words] = help;
      if (families.has(name!)) throw new Error(`a second HELP of ${name}`);
      families.set(name!, current = { name: name!, type: "", help: words!, samples: [], keys: new Set() });
    } else if (type) {
      if (current?.name !== type[1] || current?.type) throw new Error(`TYPE without its HELP: ${line}`);
      current!.type = type[2]!;
    } else if (line.startsWith("#")) {
      throw new Error(`no comment that is known: ${line}`);
    } else {
      addSample(current, line);
    }
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family);
  return families;
}

const HISTOGRAM_PARTS = ["_bucket", "_sum", "_count"];

function isOf({ name, type }: Family, sample: string): boolean {
  return type === "histogram" ? HISTOGRAM_PARTS.some((part) => sample === name + part) : sample === name;
}

/** Of each series: buckets that never shrink, the last one +Inf and as large as the count, and a sum. */
function checkHistogram({ name, samples }: Family): void {
  const byLabels = Map.groupBy(
    samples,
    ({ labels: { le: _, ...rest } }) => JSON.stringify(Object.entries(rest).sort()),
  );
  for (const [labels, series] of byLabels) {
    const buckets = series.filter((sample) => "le" in sample.labels);
    const bounds = buckets.map((sample) => sample.labels.le === "+Inf" ? Infinity : Number(sample.labels.le));
    const grows = (numbers: number[], strictly: boolean) =>
      numbers.every((number, i) => i === 0 || number > numbers[i - 1]! || (!strictly && number === numbers[i - 1]));
    const others = series.filter((sample) => !("le" in sample.labels));
    const isWhole = bounds.at(-1) === Infinity && grows(bounds, true) &&
      grows(buckets.map(({ value }) => value), false) && others.length === 2 &&
      others[1]!.value === buckets.at(-1)!.value;
    if (!isWhole) throw new Error(`no histogram: ${name} ${labels}`);
  }
}

function addSample(family: Family | undefined, line: string): void {
  const match = SAMPLE_REGEXP.exec(line);
  if (!match) throw new Error(`no sample: ${line}`);
  const [, name, labelText, valueText] = match;
  if (!family?.type || !isOf(family, name!)) throw new Error(`a sample outside its family: ${line}`);
  const labels = parseLabels(labelText ?? "", line);
  const key = JSON.stringify([name, ...Object.entries(labels).sort()]);
  if (family.keys.has(key)) throw new Error(`a sample twice: ${line}`);
  family.keys.add(key);
  const value = Number(valueText);
  if (Number.isNaN(value) && valueText !== "NaN") throw new Error(`no number: ${line}`);
  family.samples.push({ labels, value });
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest;) {
    const match = LABEL_REGEXP.exec(rest);
    if (!match || match[1]! in labels) throw new Error(`bad labels: ${line}`);
    labels[match[1]!] = unescape(match[2]!);
    rest = rest.slice(match[0].length);
  }
  return labels;
}

/** A label's value as it was before it was written. */
export function unescape(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, letter) => letter === "n" ? "\n" : letter);
}
