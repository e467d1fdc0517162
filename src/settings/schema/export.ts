/** export: where flows go. */
import * as v from "valibot";
import { accepted, choice, group, listOf, setting, word } from "./kinds.ts";
import { otlpReceiver } from "./otlp.ts";

export const STDOUT_FORMATS = ["text", "json", "text_indent"] as const;

const stdout = choice(
  "Flows on standard output.",
  v.strictObject({
    format: setting("text: columns; json: a span a line; text_indent: as text.", word(STDOUT_FORMATS), "text"),
  }),
);

/** What standard output is called in books and metrics. */
const RESERVED_NAMES = ["text", "json", "none"];

const otlp = v.pipe(
  listOf(otlpReceiver),
  v.transform((receivers) => receivers.map((receiver, i) => ({ ...receiver, name: receiver.name ?? nameOf(i) }))),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const names = dataset.value.map(({ name }) => name);
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) !== i) {
        addIssue({ message: `"${name}" is the name of two receivers`, path: itemPath(names, i) });
      }
      if (RESERVED_NAMES.includes(name)) {
        addIssue({
          message: `"${name}" is what standard output is called: choose another name`,
          path: itemPath(names, i),
        });
      }
    }
  }),
);

function nameOf(index: number): string {
  return index ? `otlp_${index + 1}` : "otlp";
}

/** An item's name, as the library has paths. */
function itemPath(names: readonly string[], index: number): [v.IssuePathItem, v.IssuePathItem] {
  const part = (key: string | number) =>
    ({ type: "unknown", origin: "value", input: names, key, value: names[index] }) as const;
  return [part(index), part("name")];
}

export const exporting = group("Where flows go.", {
  traces: group("Flows as spans. With neither of the two: standard output.", {
    stdout,
    otlp: setting("OTLP receivers: a block, several with names, or a list.", otlp, []),
  }),
  metrics: accepted("flows leave as spans; metrics of weir itself are under internal.metrics"),
});
