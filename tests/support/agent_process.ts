/** The real agent as a process of its own, started as `deno task start` starts it: what it writes, says and answers. */
import type { FlowSpan } from "../../src/export/span.ts";
import { type BooksFile, readBooksFile } from "./books_file.ts";
import { until } from "./network_lab.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The command of the start task behind its build: the permissions that weir has, no more. */
export function startCommand(): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const command: string = tasks.start.command.split("&&").at(-1).trim();
  const [deno, ...words] = command.split(/\s+/);
  if (deno !== "deno" || !words.includes("src/main.ts")) {
    throw new Error(`The start task is another one now: ${command}`);
  }
  return words;
}

/** Runs a verb to its end. */
export async function weir(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: [...startCommand(), ...args], cwd: ROOT });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

export interface AgentOptions {
  /** The namespace to run in; default: the test's own. */
  namespace?: { path: string };
  /** Arguments of run, beside those of a test: socket, ports, books. */
  args: string[];
  /** read: spans are collected. hold: nobody reads stdout until read() is called. close: nobody ever does. */
  stdout?: "read" | "hold" | "close";
  /** Instead of a place of its own: the folder of an agent before this one. */
  folder?: string;
  /** What to wait for; default: that it is ready, which needs a device. */
  until?: "ready" | "live";
}

export interface Ended {
  code: number;
  spans: FlowSpan[];
  books: BooksFile;
  log: string;
}

export class AgentProcess implements AsyncDisposable {
  readonly folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #ownsFolder: boolean;
  #stdout = "";
  #stderr = "";
  #reading: Promise<void>[] = [];
  #status: Deno.CommandStatus | undefined;

  private constructor(options: AgentOptions) {
    this.#ownsFolder = !options.folder;
    this.folder = options.folder ?? Deno.makeTempDirSync({ prefix: "weirtest-" });
    const args = [
      ...startCommand(),
      "run",
      ...["--socket", this.socket, "--books", this.booksPath],
      ...["--health-port", "0", "--metrics-port", "0", "--listen", "127.0.0.1"],
      ...options.args,
    ];
    const [command, front] = options.namespace
      ? ["nsenter", [`--net=${options.namespace.path}`, Deno.execPath()]] as const
      : [Deno.execPath(), []] as const;
    this.#child = new Deno.Command(command, {
      args: [...front, ...args],
      cwd: ROOT,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child.status.then((status) => this.#status = status);
    this.#reading.push(this.#collect(this.#child.stderr, (text) => this.#stderr += text));
    if (options.stdout === "close") this.#reading.push(this.#child.stdout.cancel());
    else if (options.stdout !== "hold") this.read();
  }

  /** Starts it and waits until it is ready. */
  static async start(options: AgentOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(options);
    try {
      await agent.#untilAnswers(options.until === "live" ? "/livez" : "/readyz");
      return agent;
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  get socket(): string {
    return `${this.folder}/weir.sock`;
  }

  get booksPath(): string {
    return `${this.folder}/books.json`;
  }

  get log(): string {
    return this.#stderr;
  }

  /** What it has written to stdout so far. */
  get output(): string {
    return this.#stdout;
  }

  get hasEnded(): boolean {
    return this.#status !== undefined;
  }

  async #untilAnswers(path: string): Promise<void> {
    await until(`the agent's ${path} to be ok`, async () => {
      if (this.#status) throw new Error(`The agent ended with ${this.#status.code}:\n${this.#stderr}`);
      return await this.ask(path).then(() => true, () => false);
    }, 30_000).catch((error) => {
      throw new Error(`${error.message}\n${this.#stderr}`);
    });
  }

  /** Collects what it writes from here on. */
  read(): void {
    this.#reading.push(this.#collect(this.#child.stdout, (text) => this.#stdout += text));
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      add(text);
    }
  }

  /** What it answers on its socket. Throws where that is no success. */
  async ask(path: string): Promise<string> {
    using connection = await Deno.connect({ transport: "unix", path: this.socket });
    // of 1.0, so that the end of the answer is the end of the stream
    await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.0\r\nHost: weir\r\n\r\n`));
    const answer = await new Response(connection.readable).text();
    const [head = "", ...body] = answer.split("\r\n\r\n");
    if (!head.startsWith("HTTP/1.0 200 ")) throw new Error(`${path}: ${answer}`);
    return body.join("\r\n\r\n");
  }

  // deno-lint-ignore no-explicit-any
  async askJson(path: string): Promise<any> {
    return JSON.parse(await this.ask(path));
  }

  /** Waits until a device is attached, or is not. */
  async untilAttached(name: string, attached = true): Promise<void> {
    await until(`${name} to be ${attached ? "" : "not "}attached`, async () => {
      const { interfaces } = await this.askJson("/status");
      const device = interfaces.find((device: { name: string }) => device.name === name);
      return Boolean(device?.attached) === attached;
    });
  }

  /** Lines that it has written so far, as spans. */
  spans(): FlowSpan[] {
    const lines = this.#stdout.split("\n");
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  /** Ends it by a signal, or waits until it ends by itself, and returns what it left. */
  async stop(signal: Deno.Signal | null = "SIGTERM"): Promise<Ended> {
    if (signal && this.#status) {
      throw new Error(`The agent ended by itself with ${this.#status.code}:\n${this.#stderr}`);
    }
    if (signal) this.#child.kill(signal);
    const { code } = await this.#child.status;
    await Promise.all(this.#reading);
    return { code, spans: this.spans(), books: readBooksFile(this.booksPath), log: this.#stderr };
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await Promise.all(this.#reading);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#status) this.#child.kill("SIGKILL");
    await this.#child.status;
    if (!this.#child.stdout.locked) await this.#child.stdout.cancel();
    await Promise.all(this.#reading);
    if (this.#ownsFolder) Deno.removeSync(this.folder, { recursive: true });
  }
}
