/** The image of this tree, built by its Dockerfile without a Docker engine. */
import { say } from "../host.ts";
import { baseImages } from "./base_image.ts";
import { buildah } from "./store.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

export interface ImageOptions {
  name?: string;
  version?: string;
  arch?: "amd64" | "arm64";
  /** Only so far, as with `--target`. */
  stage?: string;
}

/** Builds it where something changed. Returns its name. */
export async function weirImage(options: ImageOptions = {}): Promise<string> {
  const { name = "localhost/weir-test/weir:0.1.0", version = "0.1.0", arch, stage } = options;
  const base = await baseImages();
  say(`building ${name} …`);
  const started = performance.now();
  await buildah(
    "bud",
    ...["--isolation=chroot", "--pull-never", "--layers", "--quiet", "--tag", name],
    ...["--build-arg", `BUILD_BASE=${base.build}`, "--build-arg", `RUNTIME_BASE=${base.runtime}`],
    ...["--build-arg", `VERSION=${version}`],
    ...(arch ? ["--build-arg", `TARGETARCH=${arch}`] : []),
    ...(stage ? ["--target", stage] : []),
    ROOT,
  );
  say(`${name} built in ${Math.round((performance.now() - started) / 1000)} s`);
  return name;
}
