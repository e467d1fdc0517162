/**
 * Tools that only tests need, built once for each version and kept outside of the tree:
 * ~/.cache/weir/tools/NAME-VERSION-DIGEST. The digest is of the recipe, so that a changed recipe builds again.
 */
import { cacheFolder, exists, say } from "../host.ts";

export interface Recipe {
  name: string;
  version: string;
  /** Files whose content is part of the recipe, by URL. */
  files: readonly URL[];
  /** Puts the tool into an empty folder. */
  build(folder: string): Promise<void>;
}

/** The folder with a tool, built when it is not there yet. Others that want it at the same time wait. */
export async function builtTool(recipe: Recipe): Promise<string> {
  const base = cacheFolder("tools");
  const folder = `${base}/${recipe.name}-${recipe.version}-${await digestOf(recipe)}`;
  if (exists(folder)) return folder;
  Deno.mkdirSync(base, { recursive: true });
  using lock = Deno.openSync(`${base}/${recipe.name}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (exists(folder)) return folder;
  say(`building ${recipe.name} ${recipe.version} (once) …`);
  const started = performance.now();
  const work = Deno.makeTempDirSync({ dir: base, prefix: `${recipe.name}-building-` });
  try {
    await recipe.build(work);
    Deno.chmodSync(work, 0o755);
    Deno.renameSync(work, folder);
  } catch (error) {
    Deno.removeSync(work, { recursive: true });
    throw error;
  }
  say(`${recipe.name} ${recipe.version} built in ${Math.round((performance.now() - started) / 1000)} s`);
  return folder;
}

async function digestOf({ files }: Recipe): Promise<string> {
  const contents = files.map((url) => Deno.readTextFileSync(url)).join("\0");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(contents));
  return new Uint8Array(hash).toHex().slice(0, 12);
}
