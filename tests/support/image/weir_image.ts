/** The image of this tree, built by its Dockerfile without a Docker engine. */
import { say } from "../host.ts";
import { baseImages } from "./base_image.ts";
import { type Architecture } from "./emulation.ts";
import { buildah, makeImages, ownName } from "./store.ts";

const BUILD = "localhost/weir-test/build:1";
const ROOT = new URL("../../../", import.meta.url).pathname;

export interface ImageOptions {
  name?: string;
  version?: string;
  arch?: Architecture;
}

/** Builds it where something changed. Returns the name that this process has it under. */
export async function weirImage(options: ImageOptions = {}): Promise<string> {
  return await makeImages(() => build(options));
}

async function build(options: ImageOptions): Promise<string> {
  const { version = "0.1.0", arch = "amd64" } = options;
  const { name = `localhost/weir-test/weir:0.1.0${arch === "amd64" ? "" : `-${arch}`}` } = options;
  const base = await baseImages(arch);
  say(`building ${name} …`);
  const started = performance.now();
  const args = [
    ...["--isolation=chroot", "--pull-never", "--layers", "--quiet", "--platform", `linux/${arch}`],
    // Debian 12's buildah does not know of them by itself
    ...["--build-arg", "BUILDPLATFORM=linux/amd64", "--build-arg", `TARGETPLATFORM=linux/${arch}`],
    ...["--build-arg", `BUILD_BASE=${base.build}`, "--build-arg", `RUNTIME_BASE=${base.runtime}`],
    ...["--build-arg", `VERSION=${version}`],
  ];
  // what it is built in is an image of its own: with a name it is kept for the next build, of any architecture
  if (arch === "amd64") await buildah("bud", ...args, "--target", "build", "--tag", BUILD, ROOT);
  await buildah("bud", ...args, "--tag", name, ROOT);
  const own = ownName(name);
  await buildah("tag", name, own);
  say(`${name} built in ${Math.round((performance.now() - started) / 1000)} s`);
  return own;
}
