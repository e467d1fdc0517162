/** A target's kernel: resolved, downloaded, unpacked; from the cache where the mirror does not answer. */
import { cacheFolder, exists, say } from "../support/host.ts";
import type { Target } from "./matrix.ts";
import { PackageSource } from "../support/debian_packages.ts";

export interface KernelPackage {
  /** Debian's, 6.1.192-2 */
  version: string;
  /** The kernel's own, 6.1.0-56-cloud-amd64 */
  release: string;
  image: string;
  /** The folder of this release's modules. */
  modules: string;
}

/** Throws with the reason when there is none to be had and none in the cache. */
export async function kernelPackage(target: Target): Promise<KernelPackage> {
  const record = `${cacheFolder()}/kernel-${target.name}.json`;
  try {
    const found = await resolve(target);
    Deno.writeTextFileSync(record, JSON.stringify(found));
    return found;
  } catch (error) {
    const cached: KernelPackage | undefined = exists(record) ? JSON.parse(Deno.readTextFileSync(record)) : undefined;
    if (!cached || !exists(cached.image) || !exists(cached.modules)) throw error;
    say(`${target.name}: using ${cached.version} of the cache (${(error as Error).message})`);
    return cached;
  }
}

async function resolve({ suite, arch }: Target): Promise<KernelPackage> {
  const source = new PackageSource(suite, arch);
  await source.update();
  const { version, depends } = await source.newest(`linux-image-cloud-${arch}`);
  const image = depends.find((name) => name.startsWith("linux-image-"));
  if (!image) throw new Error(`${suite}: linux-image-cloud-${arch} ${version} names no image`);
  // Newer packaging keeps image and modules in packages of their own.
  const parts = (await source.newest(image)).depends.filter((name) => /^linux-(binary|modules)-/.test(name));
  const folders = await Promise.all((parts.length ? parts : [image]).map((name) => source.unpacked(name, version)));
  const release = image.slice("linux-image-".length);
  const find = (...paths: string[]) => {
    const all = folders.flatMap((folder) => paths.map((path) => `${folder}/${path}`));
    const found = all.find(exists);
    if (!found) throw new Error(`${image} ${version} has none of ${paths.join(", ")}`);
    return found;
  };
  return {
    version,
    release,
    image: find(`boot/vmlinuz-${release}`, `usr/lib/modules/${release}/vmlinuz`),
    modules: find(`lib/modules/${release}/kernel`, `usr/lib/modules/${release}/kernel`),
  };
}
