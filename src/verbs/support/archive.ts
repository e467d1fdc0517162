/** Texts in a .tar.gz. */
import { createTar } from "nanotar";
import { assert } from "../../errors.ts";

export interface ArchiveFile {
  name: string;
  text: string;
}

/** Two blocks of zeros end an archive (pax(1)); the library writes one. */
const END_BYTES = 1_024;

/** The library cuts longer ones. */
const NAME_BYTES_MAX = 100;
const FOLDER = "weir-support";

/** All of it in one folder. nowMs: wall time of the files. */
export async function archive(files: readonly ArchiveFile[], nowMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const named = files.map(({ name, text }) => ({ name: `${FOLDER}/${name}`, data: text }));
  for (const { name } of named) assert(name.length <= NAME_BYTES_MAX, `${name} fits an archive`);
  const tar = createTar(named, {
    attrs: { mode: "600", uid: 0, gid: 0, mtime: nowMs },
  });
  const whole = new Blob([tar as Uint8Array<ArrayBuffer>, new Uint8Array(END_BYTES)]);
  return new Uint8Array(await new Response(whole.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}
