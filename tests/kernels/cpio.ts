/** Archives that a kernel unpacks as its first root: cpio, "newc" format. Several in a row are one. */

const TYPE_FILE = 0o100000;
const TYPE_FOLDER = 0o040000;
const TYPE_LINK = 0o120000;
const TYPE_CHARACTER_DEVICE = 0o020000;
const TRAILER = "TRAILER!!!";
const ALIGN_BYTES = 4;

export class CpioWriter {
  readonly #file: Deno.FsFile;
  readonly #folders = new Set<string>();
  #inode = 0;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { create: true, truncate: true, write: true });
  }

  /** A file with this content. Paths are absolute in the guest; folders above come by themselves. */
  file(path: string, content: Uint8Array<ArrayBuffer> | string, mode = 0o644): void {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.#entry(path, TYPE_FILE | mode, bytes);
  }

  link(path: string, target: string): void {
    this.#entry(path, TYPE_LINK | 0o777, new TextEncoder().encode(target));
  }

  characterDevice(path: string, major: number, minor: number): void {
    this.#entry(path, TYPE_CHARACTER_DEVICE | 0o600, new Uint8Array(), major, minor);
  }

  folder(path: string): void {
    if (path === "" || this.#folders.has(path)) return;
    this.#folders.add(path);
    this.#entry(path, TYPE_FOLDER | 0o755, new Uint8Array());
  }

  /**
   * What lies at `from` on this machine goes to `to`: a file, a link, or a folder with all in it that `wants` wants.
   */
  copy(from: string, to: string, wants: (path: string) => boolean = () => true): void {
    const info = Deno.lstatSync(from);
    if (info.isSymlink) return this.link(to, Deno.readLinkSync(from));
    if (info.isFile) return this.file(to, Deno.readFileSync(from), (info.mode ?? 0o644) & 0o777);
    if (!info.isDirectory) return;
    this.folder(to);
    for (const { name } of [...Deno.readDirSync(from)].sort((a, b) => a.name < b.name ? -1 : 1)) {
      if (wants(`${from}/${name}`)) this.copy(`${from}/${name}`, `${to}/${name}`, wants);
    }
  }

  close(): void {
    this.#entry(TRAILER, 0, new Uint8Array());
    this.#file.close();
  }

  #entry(path: string, mode: number, content: Uint8Array<ArrayBuffer>, major = 0, minor = 0): void {
    if (path !== TRAILER) this.folder(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    const name = new TextEncoder().encode(`${path.replace(/^\//, "")}\0`);
    const links = 1;
    const fields = [++this.#inode, mode, 0, 0, links, 0, content.length, 0, 0, major, minor, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
    this.#write(new TextEncoder().encode(header), name);
    this.#write(content);
  }

  /** The parts, filled up to the format's alignment. */
  #write(...parts: Uint8Array<ArrayBuffer>[]): void {
    let size = 0;
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += this.#file.writeSync(part.subarray(at));
      size += part.length;
    }
    const missing = (ALIGN_BYTES - size % ALIGN_BYTES) % ALIGN_BYTES;
    if (missing) this.#file.writeSync(new Uint8Array(missing));
  }
}
