/** Images for pods, made from this machine's files: a busybox that is also what holds a pod's namespaces. */
import { buildah, hasImage, makeImages, sharedName } from "../../image/store.ts";

/** As Kubernetes spells it: without a registry that anybody could be asked for it. */
export const BUSYBOX_IMAGE = "localhost/weir-test/busybox:1";
export const SANDBOX_IMAGE = "localhost/weir-test/pause:1";

const BUSYBOX = "/bin/busybox";
const FOLDERS = ["bin", "etc", "tmp", "www"];

/** Writes images as archives that containerd imports, under the names that all runs share. Returns their paths. */
export async function archiveImages(names: readonly string[], folder: string): Promise<string[]> {
  if (!await hasBusybox()) await makeImages(makeBusybox);
  return await Promise.all([BUSYBOX_IMAGE, SANDBOX_IMAGE, ...names].map(async (name, place) => {
    const path = `${folder}/image-${place}.tar`;
    await buildah("push", "--quiet", name, `docker-archive:${path}:${sharedName(name)}`);
    return path;
  }));
}

async function hasBusybox(): Promise<boolean> {
  return await hasImage(BUSYBOX_IMAGE) && await hasImage(SANDBOX_IMAGE);
}

async function makeBusybox(): Promise<void> {
  if (await hasBusybox()) return; // somebody else was first
  const root = Deno.makeTempDirSync({ prefix: "weirtest-busybox-" });
  try {
    for (const name of FOLDERS) Deno.mkdirSync(`${root}/${name}`);
    Deno.copyFileSync(busybox(), `${root}${BUSYBOX}`);
    Deno.writeTextFileSync(`${root}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
    const { stdout } = await new Deno.Command(`${root}${BUSYBOX}`, { args: ["--list"] }).output();
    for (const name of new TextDecoder().decode(stdout).split("\n")) {
      if (name && name !== "busybox") Deno.symlinkSync("busybox", `${root}/bin/${name}`);
    }
    await commit(root, BUSYBOX_IMAGE, ["--cmd", "sh"]);
    await commit(root, SANDBOX_IMAGE, ["--entrypoint", '["/bin/busybox","sleep","2147483647"]']);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

/** Debian's busybox-static. */
function busybox(): string {
  return ["/bin/busybox", "/usr/bin/busybox"].find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }) ?? "/bin/busybox";
}

async function commit(root: string, name: string, config: readonly string[]): Promise<void> {
  const container = await buildah("from", "scratch");
  await buildah("add", "--quiet", container, root, "/");
  await buildah("config", "--env", "PATH=/bin", ...config, container);
  await buildah("commit", "--quiet", "--rm", container, name);
}
