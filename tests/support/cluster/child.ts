/** A server of a test's own: ends with the test, and with the test's process if that is killed. */

const STOP_MS = 10_000;
const LOG_TAIL_LINES = 8;

export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #logPath: string;
  #ended = false;
  readonly pid: number;

  /** logPath: where what it says goes. */
  constructor(command: string, args: readonly string[], logPath: string) {
    this.#logPath = logPath;
    this.#process = new Deno.Command("setpriv", {
      args: ["--pdeathsig", "KILL", "sh", "-c", 'exec "$@" >>"$0" 2>&1', logPath, command, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.pid = this.#process.pid;
    this.#process.status.then(() => this.#ended = true);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** The last that it said. */
  logTail(): string {
    return Deno.readTextFileSync(this.#logPath).trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    if (this.#ended) return;
    Deno.kill(this.pid, signal);
    const late = setTimeout(() => Deno.kill(this.pid, "SIGKILL"), STOP_MS);
    await this.#process.status;
    clearTimeout(late);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
