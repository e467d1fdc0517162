/** This machine, as the kernel matrix uses it: where things are kept, how commands are run, where progress is told. */

/** What is downloaded and built once, outside of the tree. */
export function cacheFolder(): string {
  const base = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") || "/var"}/.cache`;
  return `${base}/weir/kernels`;
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
  console.error(`kernels: ${text}`);
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
