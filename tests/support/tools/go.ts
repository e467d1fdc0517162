/**
 * The Go compiler that tools are built with: this machine's where it is new enough, else Debian's newest, unpacked into
 * the cache and not installed. Modules come from the machine's module proxy.
 */
import { PackageSource } from "../debian_packages.ts";
import { cacheFolder, exists, mustRun, run } from "../host.ts";

/** What the newest of the tools asks for. */
const GO_VERSION_LEAST = [1, 26] as const;
const PLACES = ["go", "/usr/local/go/bin/go"];
const DEBIAN_ARCH: Record<string, "amd64" | "arm64"> = { x86_64: "amd64", aarch64: "arm64" };

const PROGRAM_FLAGS = ["-trimpath", "-p", "2"];
/** Without symbols: half the size. */
const LINKER_FLAGS = "-s -w";

const ENVIRONMENT = {
  GOTOOLCHAIN: "local",
  CGO_ENABLED: "0",
  GOFLAGS: "-buildvcs=false -mod=mod",
};

let found: Promise<string> | undefined;

async function goCommand(): Promise<string> {
  for (const place of PLACES) {
    if (await isNewEnough(place)) return place;
  }
  const arch = DEBIAN_ARCH[Deno.build.arch];
  if (!arch) {
    throw new Error(`Cannot get a Go compiler for ${Deno.build.arch}: install Go ${GO_VERSION_LEAST.join(".")}`);
  }
  return await debianGo(arch);
}

async function isNewEnough(command: string): Promise<boolean> {
  const version = await run(command, ["env", "GOVERSION"]).catch(() => undefined);
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version?.text ?? "") ?? [];
  return Number(major) > GO_VERSION_LEAST[0] ||
    Number(major) === GO_VERSION_LEAST[0] && Number(minor) >= GO_VERSION_LEAST[1];
}

/** Compiler and library are two packages with links from one to the other: they are unpacked into one folder. */
async function debianGo(arch: "amd64" | "arm64"): Promise<string> {
  const source = new PackageSource("sid", arch);
  await source.update();
  const name = (await source.newest("golang-go")).depends.find((name) => /^golang-\d.*-go$/.test(name));
  if (!name) throw new Error("Cannot get a Go compiler: Debian's golang-go names none");
  const { version } = await source.newest(name);
  const folder = `${cacheFolder("tools")}/go-${version}`;
  const command = `${folder}/usr/lib/${name.replace(/^golang-(.*)-go$/, "go-$1")}/bin/go`;
  if (exists(command)) return command;
  Deno.mkdirSync(folder, { recursive: true });
  for (const part of [name, name.replace(/-go$/, "-src")]) {
    await mustRun("cp", ["-a", `${await source.unpacked(part, version)}/.`, folder]);
  }
  return command;
}

/** What a program that calls the Go command itself is to be run with. */
export async function goEnvironment(): Promise<Record<string, string>> {
  const command = await (found ??= goCommand());
  const folder = command.includes("/") ? `${command.slice(0, command.lastIndexOf("/"))}:` : "";
  return { ...ENVIRONMENT, PATH: `${folder}${Deno.env.get("PATH")}` };
}

/** Runs the Go command. Throws with what it complained of. */
export async function go(args: string[], folder: string, environment: Record<string, string> = {}): Promise<string> {
  const command = await (found ??= goCommand());
  return await mustRun(command, args, folder, { ...ENVIRONMENT, ...environment });
}

/** Builds a module's programs, "example.org/module/cmd/tool@v1.2.3", into a folder. */
export async function goInstall(programs: readonly string[], folder: string): Promise<void> {
  await go(["install", ...PROGRAM_FLAGS, `-ldflags=${LINKER_FLAGS}`, ...programs], folder, {
    GOBIN: folder,
    GOFLAGS: "-buildvcs=false",
  });
}

/** Builds packages of the module in `source` into a folder. */
export async function goBuild(
  source: string,
  folder: string,
  options: { packages?: readonly string[]; linkerFlags?: string; tags?: string } = {},
): Promise<void> {
  const { packages = ["."], linkerFlags = "", tags = "" } = options;
  await go(
    [
      "build",
      ...PROGRAM_FLAGS,
      `-tags=${tags}`,
      `-ldflags=${LINKER_FLAGS} ${linkerFlags}`,
      "-o",
      `${folder}/`,
      ...packages,
    ],
    source,
  );
}
