/** Everything that is made from the schema, by path. */
import * as v from "valibot";
import { settingsSchema } from "../src/settings/schema/schema.ts";

export async function generated(): Promise<Record<string, string>> {
  return {
    "src/settings/defaults.ts": await formatted(defaultsModule(), "ts"),
  };
}

function defaultsModule(): string {
  return `/** Every setting's default, made from the schema by docs/write.ts: a run without a file needs no more. */
import type { Settings } from "./schema/schema.ts";

export const DEFAULTS: Settings = ${JSON.stringify(v.parse(settingsSchema, {}), null, 2)};
`;
}

/** As `deno fmt` leaves it. */
async function formatted(text: string, extension: string): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["fmt", `--ext=${extension}`, "-"],
    cwd: new URL("..", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  if (!success) throw new Error(`deno fmt failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
