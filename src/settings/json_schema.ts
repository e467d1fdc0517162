/** The schema as JSON Schema (draft 7): for editors, and for whoever makes files. Loaded only where it is asked for. */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { settingsSchema } from "./schema/schema.ts";
import { type Schema, type View, view } from "./schema/view.ts";
import { SHAPES } from "./spelling/shapes.ts";
import { SPELLINGS } from "./spelling/spellings.ts";

const DURATION_PATTERN = "^(\\d+(\\.\\d+)?(ms|s|m|h|d)\\s*)+$";

export function settingsJsonSchema(): JsonSchema {
  const json = toJsonSchema(settingsSchema, {
    typeMode: "input",
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === "optional" ? explained(jsonSchema, view(valibotSchema as Schema)) : undefined,
  });
  for (const { paths, schema } of SHAPES) {
    for (const path of paths) change(json, path.split("."), (full) => withShape(full, schema));
  }
  for (const { from, to: [to], product } of SPELLINGS) {
    const meant = at(json, to!.split("."));
    change(json, from.split("."), () => ({ ...meant, description: `${product}'s name of ${to}.` }));
  }
  return { title: "weir's configuration", ...json };
}

/** What the library does not take over: words for people, and what a text is a length of time. */
function explained(json: JsonSchema, { says, facts, type, standard }: View): JsonSchema {
  const { wanted, notice, isLater, isSecret } = facts;
  const words = [
    ...(says === "Has no effect." ? [] : [says]),
    ...(wanted === undefined ? [] : [`${wanted[0]!.toUpperCase()}${wanted.slice(1)}.`]),
    ...(notice === undefined ? [] : [`Has no effect${isLater ? " yet" : ""}: ${notice}.`]),
  ];
  const { type: kind, items, properties, required, additionalProperties, anyOf, propertyNames } = json;
  const { minimum, maximum, minLength, pattern } = json;
  return defined({
    description: words.join(" "),
    ...{ type: kind, enum: json.enum, items, properties, required, additionalProperties, anyOf, propertyNames },
    ...{ minimum, maximum, minLength, pattern: type === "string" && wanted !== undefined ? DURATION_PATTERN : pattern },
    default: standard as JsonSchema["default"],
    writeOnly: isSecret,
  });
}

function defined(json: { [key in keyof JsonSchema]?: JsonSchema[key] | undefined }): JsonSchema {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}

/** The full form, or another one. */
function withShape({ description, default: standard, ...full }: JsonSchema, shape: Shape | undefined): JsonSchema {
  const forms = shape ? [full, ...shape(full)] : [full];
  return defined({ description, default: standard, ...(forms.length > 1 ? { anyOf: forms } : full) });
}

type Shape = NonNullable<typeof SHAPES[number]["schema"]>;

function at(json: JsonSchema, path: readonly string[]): JsonSchema {
  return path.reduce((inner, key) => (inner.properties?.[key] ?? {}) as JsonSchema, json);
}

/** Puts something else at a path, with the groups that lead there. */
function change(json: JsonSchema, path: readonly string[], make: (before: JsonSchema) => JsonSchema): void {
  const [key, ...rest] = path as [string, ...string[]];
  const properties = (json.properties ??= {}) as Record<string, JsonSchema>;
  if (!rest.length) {
    properties[key] = make(properties[key] ?? {});
    return;
  }
  properties[key] ??= { type: "object", additionalProperties: false, description: "Another agent's keys." };
  change(properties[key], rest, make);
}
