/** Where the tests' images lie, apart from the machine's own: buildah and podman as they are called for it. */
import { cacheFolder, mustRun, run } from "../host.ts";

const FOLDER = cacheFolder("images");

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
