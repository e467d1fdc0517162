/** The image, run by podman as the README says it: read-only, and with no more capabilities than are named. */
import { until } from "../network_lab.ts";
import { podman, STORE_ARGS } from "./store.ts";

export interface ContainerOptions {
  image: string;
  /** Arguments of weir. */
  args: readonly string[];
  capabilities?: readonly string[];
  /** The network namespace's path. Default: one of its own, without a device. */
  network?: string;
  memory?: string;
  /** Places of the host, as "FROM:TO:ro". */
  volumes?: readonly string[];
  user?: string;
  /** Further arguments of podman. */
  more?: readonly string[];
}

export interface ContainerEnded {
  code: number;
  stdout: string;
  stderr: string;
}

let count = 0;

function runArgs(options: ContainerOptions): string[] {
  const { image, args, capabilities = [], network, memory, volumes = [], user, more = [] } = options;
  return [
    ...STORE_ARGS,
    ...["--cgroup-manager=cgroupfs", "run", "--rm", "--runtime", "runc", "--log-driver=none"],
    ...["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=20000:20000"],
    // the filter that comes with Debian 12's podman is older than CAP_BPF
    ...["--security-opt", "seccomp=unconfined", "--read-only", "--tmpfs", "/run/weir", "--cap-drop=ALL"],
    ...capabilities.map((name) => `--cap-add=${name}`),
    `--network=${network ? `ns:${network}` : "none"}`,
    ...(memory ? ["--memory", memory] : []),
    ...(user ? ["--user", user] : []),
    ...volumes.flatMap((volume) => ["--volume", volume]),
    ...more,
    image,
    ...args,
  ];
}

/** Runs it to its end. */
export async function runContainer(options: ContainerOptions, input = ""): Promise<ContainerEnded> {
  const args = runArgs({ ...options, more: [...options.more ?? [], ...(input ? ["--interactive"] : [])] });
  const child = new Deno.Command("podman", { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  return ended(await child.output());
}

export class RunningContainer implements AsyncDisposable {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<Deno.CommandOutput>;
  #isOver = false;

  private constructor(options: ContainerOptions) {
    this.name = `weirtest-${Deno.pid}-${++count}`;
    const args = runArgs({ ...options, more: [...options.more ?? [], "--name", this.name] });
    this.#child = new Deno.Command("podman", { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    this.#output = this.#child.output();
    this.#output.then(() => this.#isOver = true);
  }

  /** Starts it and waits until it is ready. */
  static async start(options: ContainerOptions): Promise<RunningContainer> {
    const container = new RunningContainer(options);
    try {
      await until("the container to be ready", async () => {
        if (container.#isOver) throw new Error((await container.wait()).stderr);
        return (await container.#wget("readyz").catch(() => "")).trim() === "ok";
      }, 30_000);
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  async exec(...command: string[]): Promise<string> {
    return await podman("exec", this.name, ...command);
  }

  /** As the page of the chart says it. */
  #wget(path: string): Promise<string> {
    return this.exec("wget", "-q", "-O-", `http://localhost:8080/${path}`);
  }

  /** Tells it to stop, and waits. */
  async stop(): Promise<ContainerEnded> {
    await podman("kill", "--signal", "TERM", this.name);
    return await this.wait();
  }

  async wait(): Promise<ContainerEnded> {
    return ended(await this.#output);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await podman("rm", "--force", "--time", "0", this.name);
    await this.#output;
  }
}

function ended({ code, stdout, stderr }: Deno.CommandOutput): ContainerEnded {
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
