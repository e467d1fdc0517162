/** `weir config validate` */
import {
  type ConfigFormat,
  loadSettings,
  type Notice,
  type Origin,
  originText,
  type Problem,
  SettingsError,
} from "../settings/mod.ts";
import { UsageError } from "../errors.ts";

interface ValidateOptions {
  json: boolean;
  quiet: boolean;
  format: ConfigFormat | undefined;
  /** For what files ask the environment for. */
  variables: ReadonlyMap<string, string>;
}

interface Verdict {
  file: string;
  /** Lines for people; undefined: it can be used. */
  error?: string;
  problems: readonly Problem[];
  notices: readonly Notice[];
}

const EXIT_USAGE = 2;

/** Says of each file whether it can be used. Returns the exit code. */
export async function validateFiles(files: string[], options: ValidateOptions): Promise<number> {
  const verdicts: Verdict[] = [];
  for (const file of files) verdicts.push(await judge(file, options));
  if (options.json) console.log(JSON.stringify({ files: verdicts.map(verdictJson) }, null, 2));
  else for (const verdict of verdicts) say(verdict, options.quiet);
  return verdicts.some(({ error }) => error !== undefined) ? EXIT_USAGE : 0;
}

async function judge(file: string, { format, variables }: ValidateOptions): Promise<Verdict> {
  try {
    const { notices } = await loadSettings({ path: file, format, variables, isFileAlone: true });
    return { file, problems: [], notices };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { file, error: error.message, problems: error instanceof SettingsError ? error.problems : [], notices: [] };
  }
}

function say({ file, error, notices }: Verdict, quiet: boolean): void {
  if (error !== undefined) console.error(error);
  else if (!quiet) {
    const lines = notices.map(({ origin, message }) => `  ${originText(origin)}: ${message}`);
    console.log([`${file} can be used`, ...lines].join("\n"));
  }
}

function verdictJson({ file, error, problems, notices }: Verdict): Record<string, unknown> {
  return {
    file,
    valid: error === undefined,
    ...(error !== undefined && !problems.length ? { error } : {}),
    problems: problems.map(({ origin, message }) => ({ ...placeJson(origin), message })),
    notices: notices.map(({ origin, path, message }) => ({ ...placeJson(origin), key: path, message })),
  };
}

function placeJson(origin: Origin): Record<string, unknown> {
  return origin.kind === "file" ? { ...origin.source.place(origin.offset) } : { origin: originText(origin) };
}
