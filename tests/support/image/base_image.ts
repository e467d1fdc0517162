/**
 * A Debian to build images on, from this machine's mirror: no registry of images is asked. Made once. The one that
 * others are built in trusts whom this machine trusts, too.
 */
import { cacheFolder, exists, mustRun, say } from "../host.ts";
import { type Architecture, emulate } from "./emulation.ts";
import { BASE_PREFIX, buildah, hasImage } from "./store.ts";

const SUITE = "bookworm";
const RUNTIME = `localhost/weir-test/debian:${SUITE}-slim`;
const BUILD = `localhost/weir-test/debian:${SUITE}-build`;

/** What a slim image leaves out. */
const LEFT_OUT = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache", "var/lib/apt"];
const SOURCES = "/etc/apt/sources.list.d/debian.sources";
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";
const AUTHORITIES_THERE = "/etc/authorities.crt";

/** The images' names. arch: of the one to run in; what is built in is of this machine. */
export async function baseImages(arch: Architecture): Promise<{ build: string; runtime: string }> {
  await emulate(arch);
  for (const one of new Set<Architecture>(["amd64", arch])) {
    if (!await hasImage(runtimeOf(one))) await makeRuntime(one);
  }
  if (!await hasImage(BUILD)) await makeBuild();
  return { build: BUILD, runtime: runtimeOf(arch) };
}

function runtimeOf(arch: Architecture): string {
  return arch === "amd64" ? RUNTIME : `${RUNTIME}-${arch}`;
}

async function makeRuntime(arch: Architecture): Promise<void> {
  const name = runtimeOf(arch);
  say(`making ${name} (once) …`);
  const cache = cacheFolder("images");
  const folder = Deno.makeTempDirSync({ dir: cache, prefix: BASE_PREFIX });
  try {
    await mustRun("debootstrap", ["--variant=minbase", `--arch=${arch}`, SUITE, folder, mirror()]);
    for (const path of LEFT_OUT) {
      Deno.removeSync(`${folder}/${path}`, { recursive: true });
      Deno.mkdirSync(`${folder}/${path}`);
    }
    Deno.writeTextFileSync(`${folder}/etc/apt/sources.list`, "");
    Deno.copyFileSync(SOURCES, `${folder}${SOURCES}`);
    Deno.chmodSync(folder, 0o755);
    const container = await buildah("from", "scratch");
    await buildah("add", "--quiet", container, folder, "/");
    await buildah("config", "--arch", arch, "--cmd", "bash", "--env", `PATH=${PATH}`, container);
    await buildah("commit", "--quiet", "--rm", container, name);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function makeBuild(): Promise<void> {
  const container = await buildah("from", "--pull-never", RUNTIME);
  if (exists(AUTHORITIES)) {
    await buildah("add", "--quiet", container, AUTHORITIES, AUTHORITIES_THERE);
    const variables = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"].flatMap((name) => ["--env", `${name}=${AUTHORITIES_THERE}`]);
    await buildah("config", ...variables, container);
  }
  await buildah("commit", "--quiet", "--rm", container, BUILD);
}

/** The machine's own mirror. */
function mirror(): string {
  const [, uri] = /^URIs: (\S+)$/m.exec(Deno.readTextFileSync(SOURCES)) ?? [];
  if (!uri) throw new Error(`Cannot find a Debian mirror: ${SOURCES} names none`);
  return uri;
}
