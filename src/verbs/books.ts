/** `weir books`: the books of the running agent, closed or not. */
import { Command } from "commander";
import { MEASURES } from "../books.ts";
import { askAgent, socketOption } from "./socket.ts";
import { alignRows } from "./table.ts";

type Tree = { [key: string]: number | string | Tree };

/** The JSON that serve/views.ts makes. */
export interface BooksView {
  [measure: string]: unknown;
  closed: boolean;
  equations: Array<{ name: string; measure: string; left: number; right: number; slack: number; closed: boolean }>;
  audit: Array<
    {
      interface: string;
      frames: number;
      deviceFramesLeast: number;
      deviceFramesMost: number;
      verdict: string;
      cause: string;
    }
  >;
  strays: Array<
    { interface: string; hook: string; term: string; ethertypeName: string; frames: number; bytes: number }
  >;
}

export function booksCommand(): Command {
  return new Command("books")
    .description("show the running agent's books: what became of every packet")
    .option("--json", "as JSON")
    .addOption(socketOption())
    .action(async (options: { json?: boolean; socket: string }) => {
      const books = await askAgent<BooksView>(options.socket, "/books");
      console.log(options.json ? JSON.stringify(books, null, 2) : booksText(books));
      if (!books.closed) Deno.exitCode = 1;
    });
}

/** The books as a table: terms down, measures across. */
export function booksText(books: BooksView): string {
  const columns = MEASURES.map((measure) => flatten(books[measure] as Tree));
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))].filter((name) => name !== "seen_after");
  const rows = names.map((name) => [name, ...columns.map((column) => String(column.get(name) ?? 0))]);
  const open = books.equations.filter(({ closed }) => !closed);
  return [
    alignRows([["", ...MEASURES], ...rows], new Set([1, 2, 3, 4])),
    "",
    open.length
      ? open.map((e) => `NOT CLOSED: ${e.name} in ${e.measure}: ${e.left} is not ${e.right} (± ${e.slack})`).join("\n")
      : "closed: every equation holds",
    ...strayLines(books),
    ...auditLines(books),
  ].join("\n");
}

function flatten(tree: Tree, prefix = ""): Map<string, number | string> {
  const flat = new Map<string, number | string>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === "object") {
      for (const [key, inner] of flatten(value, `${prefix}${name}.`)) flat.set(key, inner);
    } else flat.set(`${prefix}${name}`, value);
  }
  return flat;
}

function strayLines(books: BooksView): string[] {
  if (!books.strays.length) return [];
  const rows = books.strays.map((s) => [s.interface, s.hook, s.term, s.ethertypeName, `${s.frames}`, `${s.bytes}`]);
  return [
    "",
    "frames that became no flow:",
    alignRows([["interface", "hook", "why", "ethertype", "frames", "bytes"], ...rows], new Set([4, 5])),
  ];
}

function auditLines(books: BooksView): string[] {
  if (!books.audit.length) return [];
  const rows = books.audit.map((line) => {
    const { deviceFramesLeast: least, deviceFramesMost: most } = line;
    return [
      line.interface,
      `${line.frames}`,
      least === most ? `${least}` : `${least}–${most}`,
      line.verdict,
      line.cause,
    ];
  });
  return [
    "",
    "ingress against the devices' own counters:",
    alignRows([["interface", "seen", "device", "", ""], ...rows], new Set([1, 2])),
  ];
}
