/** Where the tests' images lie, apart from the machine's own: buildah and podman as they are called for it. */
import { cacheFolder, exists, mustRun, run } from "../host.ts";

const FOLDER = cacheFolder("images");
const PREFIX = "localhost/weir-test/";
/** What recipes of today make. Other names are of older ones. */
const NAMES = new Set([
  ...["debian:bookworm-slim", "debian:bookworm-slim-arm64", "debian:bookworm-build", "build:1"],
  ...["weir:0.1.0", "weir:0.1.0-next", "weir:0.1.0-arm64", "systemd:1", "busybox:1", "pause:1"],
]);
/** What buildah calls containers that it builds in: outside of the lock there is none. */
const BUILD_CONTAINER = /(^|-)working-container(-\d+)?$/;
/** Of a base image that is made. */
export const BASE_PREFIX = "debian-";

/** What both take before their verb. */
export const STORE_ARGS: readonly string[] = ["--root", `${FOLDER}/store`, "--runroot", `${FOLDER}/run`];

export async function buildah(...args: string[]): Promise<string> {
  return (await mustRun("buildah", [...STORE_ARGS, ...args])).trim();
}

export async function podman(...args: string[]): Promise<string> {
  return (await mustRun("podman", [...STORE_ARGS, "--cgroup-manager=cgroupfs", ...args])).trim();
}

export async function hasImage(name: string): Promise<boolean> {
  return (await run("buildah", [...STORE_ARGS, "inspect", "--type", "image", name])).ok;
}

/**
 * Makes images, and takes away what they replace. One process at a time: what others build is not to be taken for what
 * was left behind.
 */
export async function makeImages<T>(make: () => Promise<T>): Promise<T> {
  Deno.mkdirSync(FOLDER, { recursive: true });
  using lock = Deno.openSync(`${FOLDER}/lock`, { create: true, write: true });
  await lock.lock(true);
  const made = await make();
  await prune();
  return made;
}

/** Under which this process alone has an image: another run, of another tree, may give the shared name to its own. */
export function ownName(name: string): string {
  return name.replace(/^localhost\/weir-test\/[^:]+/, `$&-run-${Deno.pid}`);
}

/** The name that runs share. */
export function sharedName(name: string): string {
  return name.replace(/-run-\d+:/, ":");
}

/**
 * What no recipe of today needs: names of older ones and of processes that are over, layers whose name has gone to
 * newer ones, and what builds that were interrupted have left.
 */
async function prune(): Promise<void> {
  const containers: Array<{ id: string; containername: string }> | null = JSON.parse(
    await buildah("containers", "--json"),
  );
  for (const { id, containername } of containers ?? []) {
    if (BUILD_CONTAINER.test(containername)) await buildah("rm", id);
  }
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (name.startsWith(BASE_PREFIX)) Deno.removeSync(`${FOLDER}/${name}`, { recursive: true });
  }
  const images: Array<{ names: string[] | null }> = JSON.parse(await buildah("images", "--json"));
  for (const name of images.flatMap(({ names }) => names ?? [])) {
    const [, pid] = /-run-(\d+):/.exec(name) ?? [];
    const isNeeded = NAMES.has(sharedName(name).replace(PREFIX, "")) && (!pid || exists(`/proc/${pid}`));
    if (!isNeeded) await podman("untag", name, name);
  }
  await podman("image", "prune", "--force");
}
