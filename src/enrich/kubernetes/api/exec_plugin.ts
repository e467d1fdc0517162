/** Credential plugins: a command that says who one is (client.authentication.k8s.io/v1). */
import { EnvironmentError, plainReason, UsageError } from "../../../errors.ts";
import type { ChosenContext, KubeconfigExec } from "./kubeconfig.ts";

export interface ExecCredential {
  token: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

const API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const RUN_MS = 60_000;
/** A credential that runs out in a moment would be refused on arrival. */
const EXPIRY_MARGIN_MS = 10_000;
const WORDS_MAX = 300;

export class ExecPlugin {
  readonly #exec: KubeconfigExec & { command: string; apiVersion: string };
  readonly #context: ChosenContext;
  readonly #nowMs: () => number;
  #kept: Promise<ExecCredential & { expiresMs: number }> | undefined;

  /** Throws {@linkcode UsageError} for one that cannot or may not be run. */
  constructor(
    exec: KubeconfigExec,
    context: ChosenContext,
    { allowExec, nowMs }: { allowExec: boolean; nowMs: () => number },
  ) {
    const { command, apiVersion = "" } = exec;
    const refuse = (state: string) => {
      throw new UsageError(
        `Cannot use the credential plugin of context "${context.name}" in ${context.path}: ${state}`,
      );
    };
    if (!command) refuse("it has no command");
    if (!API_VERSIONS.includes(apiVersion)) refuse(`its apiVersion is "${apiVersion}"; ${API_VERSIONS[0]} is wanted`);
    if (exec.interactiveMode === "Always") refuse("it wants to talk to somebody; use one that does not");
    if (!allowExec) {
      refuse(`running "${command}" is not allowed; allow it in the settings, and Deno with --allow-run=${command}`);
    }
    this.#exec = { ...exec, command: command!, apiVersion };
    this.#context = context;
    this.#nowMs = nowMs;
  }

  /** What the command said last, unless that is over. All who ask at once wait for one run. Throws EnvironmentError. */
  async credential(): Promise<ExecCredential> {
    const kept = this.#kept;
    if (kept && this.#nowMs() < (await kept).expiresMs - EXPIRY_MARGIN_MS) return await kept;
    if (this.#kept === kept) {
      const run = this.#kept = this.#run();
      run.catch(() => {
        if (this.#kept === run) this.#kept = undefined;
      });
    }
    return await this.#kept!;
  }

  refused(): void {
    this.#kept = undefined;
  }

  async #run(): Promise<ExecCredential & { expiresMs: number }> {
    const { command, args, env } = this.#exec;
    const variables = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
    let output: Deno.CommandOutput;
    try {
      output = await new Deno.Command(command, {
        args: args ?? [],
        env: { ...variables, KUBERNETES_EXEC_INFO: this.#info() },
        stdin: "null",
        signal: AbortSignal.timeout(RUN_MS),
      }).output();
    } catch (cause) {
      throw new EnvironmentError(`${this.#cannot()}: ${this.#reasonOf(cause)}`, { cause });
    }
    const decoder = new TextDecoder();
    if (!output.success) {
      const said = decoder.decode(output.stderr).trim().slice(-WORDS_MAX);
      throw new EnvironmentError(`${this.#cannot()}: it ended with code ${output.code}${said ? `: ${said}` : ""}`);
    }
    return this.#read(decoder.decode(output.stdout));
  }

  #reasonOf(cause: unknown): string {
    const { command, installHint } = this.#exec;
    if (cause instanceof Deno.errors.NotCapable) return `weir may not run it; start it with --allow-run=${command}`;
    if (!(cause instanceof Deno.errors.NotFound)) return plainReason(cause);
    return `there is no such command${installHint ? `; ${installHint.trim()}` : ""}`;
  }

  #cannot(): string {
    return `Cannot run the credential plugin "${this.#exec.command}"`;
  }

  #info(): string {
    const { apiVersion, provideClusterInfo } = this.#exec;
    const { extensions, ...cluster } = this.#context.cluster;
    const config = extensions?.find(({ name }) => name === "client.authentication.k8s.io/exec")?.extension;
    return JSON.stringify({
      apiVersion,
      kind: "ExecCredential",
      spec: {
        interactive: false,
        ...(provideClusterInfo ? { cluster: { ...cluster, ...(config ? { config } : {}) } } : {}),
      },
    });
  }

  #read(text: string): ExecCredential & { expiresMs: number } {
    let said: { apiVersion?: string; kind?: string; status?: Record<string, string> };
    try {
      said = JSON.parse(text);
    } catch (cause) {
      throw new EnvironmentError(`${this.#cannot()}: what it writes is no JSON`, { cause });
    }
    if (said?.kind !== "ExecCredential" || said.apiVersion !== this.#exec.apiVersion) {
      throw new EnvironmentError(`${this.#cannot()}: it writes no ExecCredential of ${this.#exec.apiVersion}`);
    }
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = said.status ?? {};
    if (!token && !(cert && key)) {
      throw new EnvironmentError(`${this.#cannot()}: it gives neither token nor certificate`);
    }
    const expiresMs = expirationTimestamp ? Date.parse(expirationTimestamp) : Infinity;
    if (Number.isNaN(expiresMs)) throw new EnvironmentError(`${this.#cannot()}: "${expirationTimestamp}" is no time`);
    return { token: token || undefined, cert: cert || undefined, key: key || undefined, expiresMs };
  }
}
