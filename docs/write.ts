/**
 * Writes what is made from tables in the code: the pages of this folder, and the defaults that a run without a file
 * takes. A test fails when they are old.
 *
 *     deno task docs
 */
import { generated } from "./generated.ts";

for (const [path, text] of Object.entries(await generated())) {
  await Deno.writeTextFile(new URL(`../${path}`, import.meta.url), text);
  console.error(`docs: ${path}`);
}
