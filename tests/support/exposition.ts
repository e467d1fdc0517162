/** Prometheus' text format, read strictly: whatever a scraper would stumble over is thrown. */

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

export interface Family {
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
      families.set(name!, current = { name: name!, type: "", help: words!, samples: [] });
    } else if (type) {
      if (current?.name !== type[1] || current?.type) throw new Error(`TYPE without its HELP: ${line}`);
      current!.type = type[2]!;
    } else if (line.startsWith("#")) {
      throw new Error(`no comment that is known: ${line}`);
    } else {
      addSample(current, line);
    }
  }
  return families;
}

function addSample(family: Family | undefined, line: string): void {
  const match = SAMPLE_REGEXP.exec(line);
  if (!match) throw new Error(`no sample: ${line}`);
  const [, name, labelText, valueText] = match;
  if (!family || name !== family.name || !family.type) throw new Error(`a sample outside its family: ${line}`);
  const labels = parseLabels(labelText ?? "", line);
  const key = JSON.stringify(Object.entries(labels).sort());
  if (family.samples.some((sample) => JSON.stringify(Object.entries(sample.labels).sort()) === key)) {
    throw new Error(`a sample twice: ${line}`);
  }
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
