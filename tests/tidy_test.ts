/** Style as a test: what can be checked by reading every file once is checked here, not in reviews. */
import assert from "node:assert/strict";

const ROOT = new URL("..", import.meta.url).pathname;
const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const LINE_COLUMNS_MAX = 120;
const STAGES = ["capture", "collect", "count", "enrich", "filter", "export", "serve"];
/** Files that may use what only one door of the house opens. */
const DOORS: Record<string, { pattern: RegExp; files: string[] }> = {
  "foreign functions": {
    pattern: /Deno\.(dlopen|UnsafePointer|UnsafeFnPointer|UnsafeCallback|UnsafePointerView)\b/,
    files: ["src/capture/libbpf.ts", "src/libc.ts"],
  },
  "WebAssembly instances": {
    pattern: /WebAssembly\.(instantiate|Instance)\b/,
    files: ["src/count/instance.ts", "src/export/otlp/span_writer.ts"],
  },
  "the process's end": { pattern: /Deno\.exit\(/, files: ["src/main.ts"] },
};
/** Where the bodies of functions live: only these know every stage. */
const WIRING = ["src/agent.ts", "src/collector.ts", "src/collector_thread.ts"];

interface SourceFile {
  path: string;
  lines: string[];
}

function readSources(): SourceFile[] {
  const listed = new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).outputSync();
  assert(listed.success, new TextDecoder().decode(listed.stderr));
  return new TextDecoder().decode(listed.stdout).split("\n")
    .filter((path) => /\.(ts|c|h)$/.test(path))
    .flatMap((path) => {
      try {
        return [{ path, lines: Deno.readTextFileSync(ROOT + path).split("\n") }];
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return []; // deleted, not committed yet
        throw error;
      }
    });
}

const SOURCES = readSources();

function complaints(check: (file: SourceFile) => string[]): string {
  return SOURCES.flatMap((file) => check(file).map((text) => `${file.path}: ${text}`)).join("\n");
}

Deno.test("every source file can be held in the head: 500 lines, 120 columns", () => {
  assert(SOURCES.length > 100, `only ${SOURCES.length} files were found`);
  assert.equal(
    complaints(({ lines }) => [
      ...(lines.length > FILE_LINES_MAX + 1 ? [`${lines.length} lines`] : []),
      ...lines.flatMap((line, at) =>
        columns(line) > LINE_COLUMNS_MAX ? [`line ${at + 1} has ${columns(line)} columns`] : []
      ),
    ]),
    "",
  );
});

/** A long text cannot be broken over lines: texts do not count, regular expressions neither. */
function columns(line: string): number {
  return line.replaceAll("\t", "    ").replace(/(["'`]).*?\1|\/\^.*\$\//g, "").length;
}

Deno.test("every function fits a screen: 70 lines", () => {
  assert.equal(complaints(longFunctions), "");
});

/**
 * Functions by their indentation, which the formatter keeps true: from a head that opens a body to the line that closes
 * it.
 */
function longFunctions({ lines }: SourceFile): string[] {
  const HEAD_REGEXP =
    /^(\s*)(?:export |default |async |static |override |private |get |set )*(?:function\b.*|[#\w]+\(.*\)(?:: .+)?|static .*\(.*\).*) \{$/;
  const found: string[] = [];
  for (const [at, line] of lines.entries()) {
    const isC = /^[a-z].*\)$/.test(line) && lines[at + 1] === "{";
    const head = HEAD_REGEXP.exec(line);
    if (!isC && (!head || /^\s*(if|for|while|switch|do|else|catch)\b/.test(line))) continue;
    const indentation = head?.[1] ?? "";
    const end = lines.findIndex((other, index) => index > at && other.startsWith(`${indentation}}`));
    if (end - at > FUNCTION_LINES_MAX) found.push(`line ${at + 1}: a function of ${end - at} lines`);
  }
  return found;
}

Deno.test("longFunctions() finds a long function in each language", () => {
  const body = Array<string>(80).fill("    work();");
  const heads = [
    "function a(): void {",
    "export async function b(x: number): Promise<void> {",
    "  method(x: number) {",
  ];
  for (const head of heads) {
    const close = `${/^\s*/.exec(head)![0]}}`;
    assert.equal(longFunctions({ path: "x.ts", lines: [head, ...body, close] }).length, 1, head);
    assert.equal(longFunctions({ path: "x.ts", lines: [head, "    work();", close] }).length, 0, head);
  }
  const c = ["static int parse(struct cursor *c)", "{", ...body, "}"];
  assert.equal(longFunctions({ path: "x.c", lines: c }).length, 1);
});

Deno.test("a stage imports no other stage's inside", () => {
  assert.equal(
    complaints(({ path, lines }) => {
      const stage = STAGES.find((name) => path.startsWith(`src/${name}/`));
      if (!stage) return [];
      return imports(lines).filter((target) =>
        STAGES.some((other) => other !== stage && target.startsWith(`../${other}/`)) && !isTypeOnly(lines, target)
      ).map((target) => `imports ${target}`);
    }),
    "",
  );
});

Deno.test("who is no stage imports stages by their mod.ts, and only types from inside", () => {
  assert.equal(
    complaints(({ path, lines }) => {
      if (!path.startsWith("src/verbs/")) return [];
      return imports(lines)
        .filter((target) => STAGES.some((stage) => target.startsWith(`../${stage}/`)))
        .filter((target) => !target.endsWith("/mod.ts") && !isTypeOnly(lines, target))
        .map((target) => `imports ${target}`);
    }),
    "",
  );
});

function imports(lines: string[]): string[] {
  return [...lines.join("\n").matchAll(/^(?:import|export) [^;]*? from "([^"]+)";/gms)].map((match) => match[1]!);
}

function isTypeOnly(lines: string[], target: string): boolean {
  const statement = new RegExp(`^import type [^;]*? from "${target.replaceAll(".", "\\.")}";`, "m");
  return statement.test(lines.join("\n"));
}

Deno.test("every stage's mod.ts opens with what goes in, what comes out and what it drops", () => {
  for (const stage of STAGES) {
    const text = Deno.readTextFileSync(`${ROOT}src/${stage}/mod.ts`);
    const opening = text.slice(0, text.indexOf("*/"));
    for (const word of ["In:", "Out:", "Drops:"]) assert(opening.includes(word), `${stage}/mod.ts says no "${word}"`);
  }
});

Deno.test("unsafe calls have one door each", () => {
  assert.equal(
    complaints(({ path, lines }) => {
      if (!path.startsWith("src/")) return [];
      return Object.entries(DOORS)
        .filter(([, { pattern, files }]) => !files.includes(path) && lines.some((line) => pattern.test(line)))
        .map(([what]) => `uses ${what}`);
    }),
    "",
  );
});

Deno.test("no file is left over: each in src/ is imported by another", () => {
  const texts = new Map(SOURCES.map(({ path, lines }) => [path, lines.join("\n")]));
  const entries = ["src/main.ts"];
  const unused = SOURCES.map(({ path }) => path)
    .filter((path) => path.startsWith("src/") && !entries.includes(path))
    .filter((path) => {
      const name = path.split("/").pop()!;
      return ![...texts].some(([other, text]) =>
        other !== path && other.startsWith("src/") && text.includes(`/${name}"`)
      );
    });
  assert.deepEqual(unused, []);
});

Deno.test("every file that a comment or page names is there", () => {
  const NAMED_REGEXP = /(?<![\w/.<"])(?:src|wasm|bpf|tests|chart|docs)\/[\w./-]+\.(?:ts|h|c|md|json)\b/g;
  const docs = [...Deno.readDirSync(`${ROOT}docs`)].map(({ name }) => `docs/${name}`).filter((path) =>
    path.endsWith(".md")
  );
  const pages = ["README.md", "bpf/README.md", "wasm/README.md", "tests/README.md", "chart/README.md", ...docs]
    .map((path) => ({ path, lines: Deno.readTextFileSync(ROOT + path).split("\n") }));
  const known = new Set([
    ...SOURCES.map(({ path }) => path),
    ...pages.map(({ path }) => path),
    "wasm/asconfig.json",
    "chart/values.schema.json",
  ]);
  const wrong = [...SOURCES, ...pages].flatMap(({ path, lines }) =>
    [...lines.join("\n").matchAll(NAMED_REGEXP)].map(([name]) => name).filter((name) => !known.has(name))
      .map((name) => `${path} names ${name}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("nothing is left for later, switched off or swallowed", () => {
  const marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].map((mark) => new RegExp(`\\b${mark}\\b`));
  assert.equal(
    complaints(({ lines }) =>
      lines.flatMap((line, at) => [
        ...(marks.some((mark) => mark.test(line)) ? [`line ${at + 1} leaves a mark`] : []),
        ...(/\bDeno\.test\.(ignore|only)\b|\b(ignore|only): true/.test(line) ? [`line ${at + 1} skips tests`] : []),
        ...(/catch(?: \(\w+\))? \{\s*\}/.test(line) ? [`line ${at + 1} swallows an error`] : []),
      ])
    ),
    "",
  );
});

Deno.test("wiring knows the stages, and every file of it exists", () => {
  for (const path of WIRING) assert(SOURCES.some((file) => file.path === path), `${path} is gone: name its successor`);
});
