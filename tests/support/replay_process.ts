/** `weir replay` as a process of its own: what it writes, says and books. */
import type { FlowSpan } from "../../src/export/span.ts";
import { weir } from "./agent_process.ts";
import { type BooksFile, readBooksFile } from "./books_file.ts";

export interface Replayed {
  code: number;
  /** In the order in which they came out. */
  spans: FlowSpan[];
  /** As it was written, a line a span. */
  stdout: string;
  stderr: string;
  books: BooksFile & {
    replay: {
      file: string;
      frames: number;
      bytes: number;
      complete: boolean;
      error?: string;
      offset?: number;
      late_frames: number;
      clock_steps_back: number;
    };
  };
}

/** What spans depend on beside the file. */
const SETTINGS = "node_name: golden\ntrace_domain: golden\nlog_level: warn\n";

/** Replays a file, or the bytes of one. settings: YAML, behind those that every test has. */
export async function replay(file: string | Uint8Array, settings = "", ...args: string[]): Promise<Replayed> {
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  try {
    const capture = typeof file === "string" ? file : `${folder}/capture`;
    if (typeof file !== "string") await Deno.writeFile(capture, file);
    const [config, books] = [`${folder}/weir.yaml`, `${folder}/books.json`];
    await Deno.writeTextFile(config, SETTINGS + settings);
    const output = args.includes("--output") ? [] : ["--output", "json"];
    const result = await weir("replay", capture, "--config", config, "--books", books, ...output, ...args);
    return {
      ...result,
      spans: result.stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)),
      books: booksOf(books, result.stderr),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function booksOf(path: string, stderr: string): Replayed["books"] {
  try {
    return readBooksFile(path) as Replayed["books"];
  } catch (cause) {
    throw new Error(`The replay wrote no books: ${stderr}`, { cause });
  }
}
