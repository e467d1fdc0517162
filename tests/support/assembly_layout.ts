/** Where asc put what: the globals of .output/layout.wasm, and the fields that wasm/*.ts declare. */
import type { Field } from "./btf.ts";

const WASM = new URL("../../wasm/", import.meta.url);
const OUTPUT = new URL("../../.output/layout.wasm", import.meta.url);

const BYTES: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8, i32: 4, i64: 8 };

export class AssemblyLayout {
  readonly #globals: Map<string, number>;

  private constructor(globals: Map<string, number>) {
    this.#globals = globals;
  }

  static async read(): Promise<AssemblyLayout> {
    const module = await WebAssembly.compile(await Deno.readFile(OUTPUT));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    const globals = Object.entries(instance.exports).flatMap(([name, value]) =>
      value instanceof WebAssembly.Global && typeof value.value === "number" ? [[name, value.value >>> 0] as const] : []
    );
    return new AssemblyLayout(new Map(globals));
  }

  /** A constant. */
  number(name: string): number {
    const value = this.#globals.get(name);
    if (value === undefined) throw new Error(`wasm/layout.ts does not export ${name}`);
    return value;
  }

  /** Constants whose names begin with a prefix, by the rest of their names. */
  numbers(prefix: string): Record<string, number> {
    const named = [...this.#globals].filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length), value]));
  }

  size(className: string): number {
    return this.number(`${className}_SIZE`);
  }

  /** A class's fields in order, by its declaration in wasm/FILE, at the compiler's offsets. */
  fields(file: string, className: string): Field[] {
    const source = Deno.readTextFileSync(new URL(file, WASM));
    const body = source.match(new RegExp(`class ${className} \\{\n([^]*?)\n\\}`))?.[1];
    if (body === undefined) throw new Error(`No class ${className} in wasm/${file}`);
    return [...body.matchAll(/^ {2}(\w+): (\w+);/gm)].map(([, name, type]) => ({
      name: name!,
      offset: this.number(`${className}_${name}`),
      bytes: BYTES[type!]!,
    }));
  }
}
