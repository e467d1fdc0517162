/** A guest's user land, built once for each architecture: a shell, device tools, the C library, libbpf and Deno. */
import { CpioWriter } from "./cpio.ts";
import { cacheFolder, exists, run, say } from "../support/host.ts";
import { USERLAND_SUITE } from "./matrix.ts";
import { type DebianArch, PackageSource } from "../support/debian_packages.ts";

/** Packages, and which of their files a guest needs. */
const PACKAGES: Record<string, RegExp> = {
  "busybox-static": /\/bin\/busybox$/,
  "iproute2": /\/s?bin\/(ip|tc)$/,
  "libc6": /\/lib\/(.*\/)?(ld-linux[^/]*|lib(c|m|dl|pthread|rt|util)\.so\.\d)$|\/lib64\//,
  "libgcc-s1": /\.so(\.|$)/,
  "libstdc++6": /\.so(\.|$)/,
  "libbpf1": /\.so(\.|$)/,
  "libelf1": /\.so(\.|$)/,
  "zlib1g": /\.so(\.|$)/,
  "libmnl0": /\.so(\.|$)/,
  "libbsd0": /\.so(\.|$)/,
  "libmd0": /\.so(\.|$)/,
  "libcap2": /\.so(\.|$)/,
  "libxtables12": /\.so(\.|$)/,
};
const APPLETS = ["sh", "mount", "mkdir", "cat", "insmod", "ping", "poweroff", "sleep", "ls", "dmesg"];
const DENO_ARCH: Record<DebianArch, string> = { amd64: "x64", arm64: "arm64" };
const DEBIAN_ARCH: Record<string, DebianArch> = { x86_64: "amd64", aarch64: "arm64" };

/** The archive's path. */
export async function userland(arch: DebianArch): Promise<string> {
  const path =
    `${cacheFolder()}/userland-${USERLAND_SUITE}-${arch}-deno-${Deno.version.deno}-${await ownDigest()}.cpio`;
  if (exists(path)) return path;
  const source = new PackageSource(USERLAND_SUITE, arch);
  await source.update();
  const deno = await denoBinary(arch);
  const work = `${path}.${Deno.pid}`;
  const archive = new CpioWriter(work);
  for (const folder of ["/proc", "/sys", "/dev", "/tmp", "/run", "/root", "/etc"]) archive.folder(folder);
  archive.characterDevice("/dev/console", 5, 1);
  archive.characterDevice("/dev/null", 1, 3);
  for (const [name, wanted] of Object.entries(PACKAGES)) {
    const folder = await source.unpacked(name, (await source.newest(name)).version);
    for (const file of filesBelow(folder)) {
      if (!wanted.test(file) || file.startsWith("/usr/share/")) continue;
      archive.copy(`${folder}${file}`, file);
    }
  }
  for (const applet of APPLETS) archive.link(`/bin/${applet}`, "/bin/busybox");
  archive.file("/bin/deno", deno, 0o755);
  archive.file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
  archive.close();
  Deno.renameSync(work, path);
  return path;
}

/** Of this file: what it packs is packed anew when it changes. */
async function ownDigest(): Promise<string> {
  const source = Deno.readFileSync(new URL(import.meta.url));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", source)).toHex().slice(0, 12);
}

function* filesBelow(folder: string, path = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}${path}`)) {
    if (isDirectory) yield* filesBelow(folder, `${path}/${name}`);
    else yield `${path}/${name}`;
  }
}

/** Deno as it runs here, or the same version for another architecture, from the package registry. */
async function denoBinary(arch: DebianArch): Promise<Uint8Array<ArrayBuffer>> {
  if (DEBIAN_ARCH[Deno.build.arch] === arch) return Deno.readFileSync(Deno.execPath());
  const name = `@deno/linux-${DENO_ARCH[arch]}-glibc@${Deno.version.deno}`;
  say(`downloading ${name} …`);
  const work = Deno.makeTempDirSync({ dir: cacheFolder(), prefix: "deno-" });
  try {
    const packed = await run("npm", ["pack", "--silent", "--pack-destination", work, name], work);
    const archive = [...Deno.readDirSync(work)].find((entry) => entry.name.endsWith(".tgz"))?.name;
    if (!packed.ok || !archive) throw new Error(`Cannot download ${name}: ${packed.errors}`);
    const unpack = await run("tar", ["-xzf", archive], work);
    if (!unpack.ok) throw new Error(`Cannot unpack ${name}: ${unpack.errors}`);
    return Deno.readFileSync(`${work}/package/deno`);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}
