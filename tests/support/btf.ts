/** Structures and enumerations of a BPF object, as its BTF tells them (bpftool). */

interface BtfType {
  id: number;
  kind: string;
  name: string;
  size?: number;
  type_id?: number;
  nr_elems?: number;
  members?: { name: string; type_id: number; bits_offset: number }[];
  values?: { name: string; val: number }[];
}

export interface Field {
  name: string;
  offset: number;
  /** All of an array's elements. */
  bytes: number;
}

export class Btf {
  readonly #types: Map<number, BtfType>;

  private constructor(types: BtfType[]) {
    this.#types = new Map(types.map((type) => [type.id, type]));
  }

  static read(path: string | URL): Btf {
    const file = path instanceof URL ? path.pathname : path;
    const env = { PATH: `${Deno.env.get("PATH") ?? ""}:/usr/sbin` };
    const { success, stdout, stderr } = new Deno.Command("bpftool", {
      args: ["btf", "dump", "-j", "file", file],
      env,
    }).outputSync();
    if (!success) throw new Error(`bpftool cannot read ${file}: ${new TextDecoder().decode(stderr)}`);
    return new Btf(JSON.parse(new TextDecoder().decode(stdout)).types);
  }

  /** sizeof a structure. */
  size(name: string): number {
    return this.#find("STRUCT", name).size!;
  }

  /** A structure's fields in order, those of structures and unions without a name inside it included. */
  fields(name: string): Field[] {
    return this.#fieldsOf(this.#find("STRUCT", name), 0);
  }

  /** An enumeration's numbers by name; of names with a prefix by what is behind it, when one is given. */
  enumeration(name: string, prefix = ""): Record<string, number> {
    const values = this.#find("ENUM", name).values!.filter(({ name }) => name.startsWith(prefix));
    return Object.fromEntries(values.map(({ name, val }) => [name.slice(prefix.length), val]));
  }

  #find(kind: string, name: string): BtfType {
    const found = this.#types.values().find((type) => type.kind === kind && type.name === name);
    if (!found) throw new Error(`No ${kind} ${name} in BTF`);
    return found;
  }

  #fieldsOf(type: BtfType, base: number): Field[] {
    return type.members!.flatMap(({ name, type_id, bits_offset }) => {
      const inner = this.#types.get(type_id)!;
      const offset = base + bits_offset / 8;
      return name === "(anon)" ? this.#fieldsOf(inner, offset) : [{ name, offset, bytes: this.#bytesOf(inner) }];
    });
  }

  #bytesOf(type: BtfType): number {
    if (type.size !== undefined) return type.size;
    const inner = this.#bytesOf(this.#types.get(type.type_id!)!);
    return type.kind === "ARRAY" ? inner * type.nr_elems! : inner;
  }
}
