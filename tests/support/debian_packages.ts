/**
 * Debian packages of any suite and architecture, downloaded and unpacked beside the machine's own, never installed. The
 * package manager keeps lists and status of its own for each suite; mirror and keys are the machine's.
 */
import { cacheFolder, exists, run, say } from "./host.ts";

export type DebianArch = "amd64" | "arm64";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring";
/** A mirror is asked for news this often. */
const LISTS_FRESH_MS = 6 * 3_600_000;

export class PackageSource {
  readonly #options: string[];
  readonly #folder: string;
  readonly suite: string;
  readonly arch: DebianArch;
  /** Why the mirror gave no news, if it did not. */
  #trouble = "";

  constructor(suite: string, arch: DebianArch) {
    this.suite = suite;
    this.arch = arch;
    this.#folder = `${cacheFolder()}/apt-${suite}-${arch}`;
    const settings: Record<string, string> = {
      "APT::Architecture": arch,
      "APT::Architectures": arch,
      "APT::Sandbox::User": "root",
      "Dir::State": `${this.#folder}/state`,
      "Dir::State::status": `${this.#folder}/state/status`,
      "Dir::Cache": `${this.#folder}/cache`,
      "Dir::Etc::sourcelist": `${this.#folder}/sources.list`,
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::Etc::preferencesparts": "/dev/null",
      "APT::Update::Error-Mode": "any",
      "Acquire::Languages": "none",
      "Acquire::Retries": "2",
      "Acquire::http::Timeout": "20",
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
      "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  }

  /** Asks the mirror what there is, unless it was asked lately. Old lists stay when it does not answer. */
  async update(): Promise<void> {
    const stamp = `${this.#folder}/updated`;
    if (exists(stamp) && Date.now() - Deno.statSync(stamp).mtime!.getTime() < LISTS_FRESH_MS) return;
    Deno.mkdirSync(`${this.#folder}/state/lists/partial`, { recursive: true });
    Deno.mkdirSync(`${this.#folder}/cache/archives/partial`, { recursive: true });
    Deno.writeTextFileSync(`${this.#folder}/state/status`, "");
    const sources = await this.#sources();
    if (!sources.length) {
      this.#trouble = "this machine's package manager names no Debian mirror";
      return;
    }
    Deno.writeTextFileSync(`${this.#folder}/sources.list`, sources.join("\n") + "\n");
    say(`asking the mirror for ${this.suite} ${this.arch} …`);
    const { ok, errors } = await run("apt-get", [...this.#options, "update", "-q"]);
    if (ok) Deno.writeTextFileSync(stamp, "");
    else this.#trouble = errors;
  }

  /** The suite and its security updates, where the machine gets its own from. */
  async #sources(): Promise<string[]> {
    const { text } = await run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
    const mirrors = [...new Set(text.split("\n").map((uri) => uri.trim()))];
    const key = [`${KEYRING}.gpg`, `${KEYRING}.pgp`].find(exists);
    const how = `[arch=${this.arch}${key ? ` signed-by=${key}` : ""}]`;
    const main = mirrors.find((uri) => uri.endsWith("/debian/"));
    const security = mirrors.find((uri) => uri.endsWith("/debian-security/"));
    return [
      ...(main ? [`deb ${how} ${main} ${this.suite} main`] : []),
      ...(security && this.suite !== "sid" ? [`deb ${how} ${security} ${this.suite}-security main`] : []),
    ];
  }

  /** The newest version of a package, and what it depends on. Throws with the package manager's words. */
  async newest(name: string): Promise<{ version: string; depends: string[] }> {
    const { text, errors } = await run("apt-cache", [...this.#options, "show", "--no-all-versions", name]);
    const version = /^Version: (\S+)/m.exec(text)?.[1];
    if (!version) {
      throw new Error([`${this.suite} has no package ${name}`, this.#trouble, errors].filter(Boolean).join("; "));
    }
    const depends = /^Depends: (.*)/m.exec(text)?.[1] ?? "";
    return { version, depends: depends.split(/[,|]/).map((one) => one.trim().split(/[ (]/)[0]!).filter(Boolean) };
  }

  /** The folder with a package's files, downloaded when it is not there yet. */
  async unpacked(name: string, version: string): Promise<string> {
    const folder = this.folderOf(name, version);
    if (exists(folder)) return folder;
    say(`downloading ${name} ${version} ${this.arch} …`);
    const work = Deno.makeTempDirSync({ dir: cacheFolder(), prefix: "unpack-" });
    try {
      const { ok, errors } = await run("apt-get", [...this.#options, "download", "-q", `${name}=${version}`], work);
      const archive = [...Deno.readDirSync(work)].find((entry) => entry.name.endsWith(".deb"))?.name;
      if (!ok || !archive) throw new Error(`Cannot download ${name} ${version}: ${errors}`);
      const unpack = await run("dpkg-deb", ["-x", archive, "files"], work);
      if (!unpack.ok) throw new Error(`Cannot unpack ${name} ${version}: ${unpack.errors}`);
      Deno.mkdirSync(folder.slice(0, folder.lastIndexOf("/")), { recursive: true });
      Deno.renameSync(`${work}/files`, folder);
    } finally {
      Deno.removeSync(work, { recursive: true });
    }
    return folder;
  }

  folderOf(name: string, version: string): string {
    return `${cacheFolder()}/packages/${name}_${version.replaceAll("/", "-")}_${this.arch}`;
  }
}
