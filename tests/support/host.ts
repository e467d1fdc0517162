/** This machine, as tests use it: where things are kept, how commands are run, where progress is told. */

/** What is downloaded and built once, outside of the tree. part: what for. */
export function cacheFolder(part = "kernels"): string {
  const base = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") || "/var"}/.cache`;
  return `${base}/weir/${part}`;
}

export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

export function say(text: string): void {
  console.error(`tests: ${text}`);
}

export interface Outcome {
  ok: boolean;
  /** stdout */
  text: string;
  /** stderr, on one line and not too long. */
  errors: string;
}

export async function run(
  command: string,
  args: string[],
  cwd?: string,
  env?: Record<string, string>,
): Promise<Outcome> {
  const given = { args, stdin: "null", ...(cwd ? { cwd } : {}), ...(env ? { env } : {}) } as const;
  const { success, stdout, stderr } = await new Deno.Command(command, given).output();
  const decoder = new TextDecoder();
  const errors = decoder.decode(stderr).trim().split("\n").slice(-4).join("; ").slice(0, 600);
  return { ok: success, text: decoder.decode(stdout), errors };
}

/** Runs a command that must succeed. Returns what it wrote; throws with what it complained of. */
export async function mustRun(
  command: string,
  args: string[],
  cwd?: string,
  env?: Record<string, string>,
): Promise<string> {
  const { ok, text, errors } = await run(command, args, cwd, env);
  if (!ok) throw new Error(`${command} ${args.join(" ")} failed: ${errors}`);
  return text;
}
