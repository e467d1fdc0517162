/** The kernel modules that a guest needs, with those that they need, in the order of loading. */

const WANTED = [
  "af_packet",
  "veth",
  "bridge",
  "tun",
  "sch_ingress",
  "cls_bpf",
  "act_bpf",
  "8021q",
  "dummy",
  "ip_gre",
  "ip6_gre",
  "ipip",
  "geneve",
  "vxlan",
];

export interface Module {
  name: string;
  content: Uint8Array<ArrayBuffer>;
}

/** Reads the modules of a folder. What the kernel has built in is not there, and not missed. */
export async function neededModules(folder: string): Promise<Module[]> {
  const paths = new Map<string, string>();
  collect(folder, paths);
  const loaded = new Map<string, Module>();
  const visit = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (!path || loaded.has(name)) return;
    const content = await readModule(path);
    const depends = /\0depends=([^\0]*)\0/.exec(new TextDecoder("latin1").decode(content))?.[1] ?? "";
    for (const other of depends.split(",").filter(Boolean)) await visit(plainName(other));
    loaded.set(name, { name, content });
  };
  for (const name of WANTED) await visit(name);
  return [...loaded.values()];
}

function collect(folder: string, into: Map<string, string>): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) collect(`${folder}/${name}`, into);
    else into.set(plainName(name.replace(/\.ko(\.xz|\.zst)?$/, "")), `${folder}/${name}`);
  }
}

function plainName(name: string): string {
  return name.replaceAll("-", "_");
}

async function readModule(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (path.endsWith(".ko")) return Deno.readFileSync(path);
  const { success, stdout } = await new Deno.Command(path.endsWith(".zst") ? "zstd" : "xz", {
    args: ["--decompress", "--stdout", path],
  }).output();
  if (!success) throw new Error(`Cannot decompress ${path}`);
  return stdout;
}
