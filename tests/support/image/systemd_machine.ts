/** A Debian machine with systemd and weir's folder, as a container: services run there as they do on a host. */
import { until } from "../network_lab.ts";
import { buildah, makeImages, ownName, podman } from "./store.ts";

const SHARED_NAME = "localhost/weir-test/systemd:1";
const PACKAGES = ["dbus", "systemd"];

let count = 0;

export class SystemdMachine implements AsyncDisposable {
  readonly #name = `weirtest-${Deno.pid}-systemd-${++count}`;

  private constructor() {}

  /** Boots one. image: what it is made from; network: the path of a network namespace. */
  static async start(image: string, network: string): Promise<SystemdMachine> {
    const machine = new SystemdMachine();
    await podman(
      ...["run", "--detach", "--name", machine.#name, "--runtime", "runc", "--privileged", "--systemd=always"],
      ...["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=20000:20000", `--network=ns:${network}`],
      ...["--entrypoint", "/lib/systemd/systemd", await makeImages(() => withSystemd(image))],
    );
    await until("systemd to be up", () => machine.run("systemctl", "is-system-running").catch(() => undefined), 30_000);
    return machine;
  }

  async run(...command: string[]): Promise<string> {
    return await podman("exec", this.#name, ...command);
  }

  async copy(from: string, to: string): Promise<void> {
    await podman("cp", from, `${this.#name}:${to}`);
  }

  async write(path: string, text: string): Promise<void> {
    const from = Deno.makeTempFileSync();
    try {
      Deno.writeTextFileSync(from, text);
      await this.copy(from, path);
    } finally {
      Deno.removeSync(from);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await podman("rm", "--force", "--time", "0", this.#name);
  }
}

async function withSystemd(image: string): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  const [name, own] = [SHARED_NAME, ownName(SHARED_NAME)];
  const file = `FROM ${image}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends ${PACKAGES.join(" ")} \\
  && rm -rf /var/lib/apt/lists/* /var/cache/* && mkdir -p /etc/weir
`;
  try {
    Deno.writeTextFileSync(`${folder}/Dockerfile`, file);
    await buildah("bud", "--isolation=chroot", "--pull-never", "--layers", "--quiet", "--tag", name, folder);
    await buildah("tag", name, own);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  return own;
}
