/**
 * The door to libbpf: the one file that calls it, and the real {@linkcode Kernel}. Offsets are libbpf 1.x's structs.
 */
import { assert, KernelError } from "../errors.ts";
import type { Hook } from "../flow.ts";
import { callBpf, closeFd, cString, EEXIST, EINVAL, ENOENT, errno, errnoText } from "../libc.ts";
import type {
  AttachedProgram,
  Kernel,
  KernelFeatures,
  LoadedObject,
  LoadOptions,
  TcPlace,
  TcxPlace,
  TestRunInput,
  TestRunResult,
} from "./kernel.ts";
import { bytesOf, keyOf, nameAt, options, tcHook, tcWhich } from "./libbpf_structs.ts";

const SYMBOLS = {
  libbpf_set_print: { parameters: ["pointer"], result: "pointer" },
  libbpf_num_possible_cpus: { parameters: [], result: "i32" },
  bpf_object__open_mem: { parameters: ["buffer", "usize", "buffer" /* opts */], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__next_program: { parameters: ["pointer", "pointer" /* prev */], result: "pointer" },
  bpf_object__find_program_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__find_map_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_program__name: { parameters: ["pointer"], result: "pointer" },
  bpf_program__set_autoload: { parameters: ["pointer", "bool"], result: "i32" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__set_max_entries: { parameters: ["pointer", "u32"], result: "i32" },
  bpf_map__set_initial_value: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  bpf_map__reuse_fd: { parameters: ["pointer", "i32"], result: "i32" },
  bpf_link_create: { parameters: ["i32", "i32", /* target */ "u32", /* type */ "buffer"], result: "i32" },
  bpf_link_update: { parameters: ["i32", "i32", /* program */ "pointer" /* opts */], result: "i32" },
  bpf_prog_query_opts: { parameters: ["i32", /* target */ "u32", /* type */ "buffer"], result: "i32" },
  bpf_prog_get_next_id: { parameters: ["u32", "buffer"], result: "i32" },
  bpf_map_get_next_id: { parameters: ["u32", "buffer"], result: "i32" },
  bpf_prog_get_fd_by_id: { parameters: ["u32"], result: "i32" },
  bpf_map_get_fd_by_id: { parameters: ["u32"], result: "i32" },
  bpf_obj_get_info_by_fd: { parameters: ["i32", "buffer", "buffer" /* length */], result: "i32" },
  bpf_prog_test_run_opts: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_map_get_next_key: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_lookup_elem: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_update_elem: { parameters: ["i32", "buffer", "buffer", "u64" /* flags */], result: "i32" },
  bpf_map_delete_elem: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_tc_hook_create: { parameters: ["buffer"], result: "i32" },
  bpf_tc_hook_destroy: { parameters: ["buffer"], result: "i32" },
  bpf_tc_attach: { parameters: ["buffer", "buffer"], result: "i32" },
  bpf_tc_detach: { parameters: ["buffer", "buffer"], result: "i32" },
  bpf_tc_query: { parameters: ["buffer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const ATTACH_TCX: Record<Hook, number> = { ingress: 46, egress: 47 };
const TC_ATTACH_POINT: Record<Hook, number> = { ingress: 1, egress: 2 };
const BPF_F_BEFORE = 8;
const BPF_F_AFTER = 16;
const BPF_LINK_CREATE = 28;
const PROGRAMS_PER_HOOK_MAX = 64;
const VERIFIER_LOG_BYTES = 16 * 1024 * 1024;
const PROG_INFO_BYTES = 80;
const MAP_INFO_BYTES = 40;
const BPF_TC_F_REPLACE = 1;
const MAPS_PER_PROGRAM_MAX = 16;

/** Our filter's handle on clsact hooks: one place, so that leftovers of a killed run are found again. "we" */
export const TC_HANDLE = 0x7765;
/** A packet trace's, beside it. */
export const TRACE_HANDLE = 0x7766;
/** A trial's. */
export const TRIAL_HANDLE = 0x7767;

/** The address of a buffer's first byte; the caller keeps the buffer alive. */
function addressOf(buffer: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
}

function check(result: number, what: string): number {
  if (result >= 0) return result;
  throw new KernelError(`Cannot ${what}: ${errnoText(-result)}`, { errno: -result });
}

/** Loads libbpf. Throws {@linkcode KernelError} when the library is not installed. */
export function openLibbpf(): Kernel {
  let library: Deno.DynamicLibrary<typeof SYMBOLS>;
  try {
    library = Deno.dlopen("libbpf.so.1", SYMBOLS);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new KernelError("Cannot load libbpf.so.1: install libbpf 1.0 or newer (Debian: libbpf1)", { cause });
  }
  library.symbols.libbpf_set_print(null); // errors come back as values
  return new Libbpf(library.symbols);
}

class Libbpf implements Kernel {
  readonly #symbols: Symbols;
  readonly #runOptions = options(80);
  readonly #runOptionBytes = bytesOf(this.#runOptions);
  readonly #addresses = new WeakMap<ArrayBuffer, bigint>();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  features(): KernelFeatures {
    return {
      tcx: this.#hasTcx(),
      possibleCpus: check(this.#symbols.libbpf_num_possible_cpus(), "count possible CPUs"),
    };
  }

  /**
   * A kernel without tcx does not know the attach type; one with it lists the programs of any device, here loopback.
   */
  #hasTcx(): boolean {
    const LOOPBACK_IFINDEX = 1;
    const query = options(48);
    const result = this.#symbols.bpf_prog_query_opts(LOOPBACK_IFINDEX, ATTACH_TCX.ingress, bytesOf(query));
    return result !== -EINVAL;
  }

  load(image: Uint8Array<ArrayBuffer>, how: LoadOptions): LoadedObject {
    const failed = this.#tryLoad(image, how, undefined);
    if (typeof failed !== "number") return failed;
    // Once more, this time listening to the verifier.
    const log = new Uint8Array(VERIFIER_LOG_BYTES);
    const again = this.#tryLoad(image, how, log);
    if (typeof again !== "number") return again;
    const end = log.indexOf(0);
    const verifierLog = new TextDecoder().decode(log.subarray(0, end < 0 ? log.length : end));
    throw new KernelError(`Cannot load the kernel program: ${errnoText(-again)}`, { errno: -again, verifierLog });
  }

  /** The loaded object, or minus errno. */
  #tryLoad(image: Uint8Array<ArrayBuffer>, how: LoadOptions, log?: Uint8Array<ArrayBuffer>): LoadedObject | number {
    const symbols = this.#symbols;
    const open = options(80);
    const name = cString("weir");
    open.setBigUint64(8, addressOf(name), true);
    if (log) {
      open.setBigUint64(56, addressOf(log), true);
      open.setBigUint64(64, BigInt(log.length), true);
    }
    const object = symbols.bpf_object__open_mem(image, BigInt(image.length), bytesOf(open));
    if (object === null) throw new KernelError(`Cannot read the BPF object: ${errnoText(errno())}`, { errno: errno() });
    const loaded = new LibbpfObject(symbols, object);
    try {
      loaded.prepare(how);
      const result = symbols.bpf_object__load(object);
      if (result < 0) {
        loaded.close();
        return result;
      }
    } catch (error) {
      loaded.close();
      throw error;
    }
    return loaded;
  }

  linkTcx(programFd: number, ifindex: number, hook: Hook, place: TcxPlace): number {
    if (typeof place === "object") return this.#linkTcxBefore(programFd, ifindex, hook, place.beforeFd);
    const link = options(64);
    link.setUint32(8, place === "first" ? BPF_F_BEFORE : BPF_F_AFTER, true);
    return check(
      this.#symbols.bpf_link_create(programFd, ifindex, ATTACH_TCX[hook], bytesOf(link)),
      `attach to tcx ${hook} of device ${ifindex}`,
    );
  }

  /** union bpf_attr, link_create: libbpf before 1.3 has no name for a program's neighbours. */
  #linkTcxBefore(programFd: number, ifindex: number, hook: Hook, beforeFd: number): number {
    const attributes = new DataView(new ArrayBuffer(64));
    [programFd, ifindex, ATTACH_TCX[hook], BPF_F_BEFORE, beforeFd].forEach((word, i) =>
      attributes.setUint32(4 * i, word, true)
    );
    return check(
      callBpf(BPF_LINK_CREATE, addressOf(bytesOf(attributes)), attributes.byteLength),
      `attach to tcx ${hook} of device ${ifindex}`,
    );
  }

  unlinkTcx(link: number): void {
    closeFd(link);
  }

  relinkTcx(link: number, programFd: number): void {
    check(this.#symbols.bpf_link_update(link, programFd, null), "replace the program of a tcx link");
  }

  queryTcx(ifindex: number, hook: Hook): AttachedProgram[] {
    const ids = new Uint32Array(PROGRAMS_PER_HOOK_MAX);
    const query = options(48);
    query.setBigUint64(16, addressOf(new Uint8Array(ids.buffer)), true);
    query.setUint32(24, ids.length, true);
    const result = this.#symbols.bpf_prog_query_opts(ifindex, ATTACH_TCX[hook], bytesOf(query));
    if (result === -EINVAL || result === -ENOENT) return [];
    check(result, `list tcx ${hook} programs of device ${ifindex}`);
    const count = Math.min(query.getUint32(24, true), ids.length);
    return [...ids.subarray(0, count)].map((id) => this.programById(id) ?? { id, name: "?", tag: "" });
  }

  createClsact(ifindex: number): boolean {
    const result = this.#symbols.bpf_tc_hook_create(bytesOf(tcHook(ifindex, 3)));
    if (result === -EEXIST) return false;
    check(result, `create a clsact qdisc on device ${ifindex}`);
    return true;
  }

  destroyClsact(ifindex: number): void {
    check(
      this.#symbols.bpf_tc_hook_destroy(bytesOf(tcHook(ifindex, 3))),
      `remove the clsact qdisc of device ${ifindex}`,
    );
  }

  attachTc(programFd: number, ifindex: number, hook: Hook, place: TcPlace): void {
    this.#attachTc(programFd, ifindex, hook, place, 0);
  }

  replaceTc(programFd: number, ifindex: number, hook: Hook, place: TcPlace): void {
    this.#attachTc(programFd, ifindex, hook, place, BPF_TC_F_REPLACE);
  }

  #attachTc(programFd: number, ifindex: number, hook: Hook, place: TcPlace, flags: number): void {
    const opts = tcWhich(place);
    opts.setInt32(8, programFd, true);
    opts.setUint32(12, flags, true);
    check(
      this.#symbols.bpf_tc_attach(bytesOf(tcHook(ifindex, TC_ATTACH_POINT[hook])), bytesOf(opts)),
      `attach to tc ${hook} of device ${ifindex}`,
    );
  }

  detachTc(ifindex: number, hook: Hook, place: TcPlace): void {
    const opts = tcWhich(place);
    check(
      this.#symbols.bpf_tc_detach(bytesOf(tcHook(ifindex, TC_ATTACH_POINT[hook])), bytesOf(opts)),
      `detach from tc ${hook} of device ${ifindex}`,
    );
  }

  queryTc(ifindex: number, hook: Hook, priority: number): AttachedProgram | undefined {
    const opts = tcWhich({ priority, handle: TC_HANDLE });
    const result = this.#symbols.bpf_tc_query(bytesOf(tcHook(ifindex, TC_ATTACH_POINT[hook])), bytesOf(opts));
    if (result === -ENOENT || result === -EINVAL) return undefined; // EINVAL: the device has no clsact
    check(result, `look for a program on tc ${hook} of device ${ifindex}`);
    return this.programById(opts.getUint32(16, true));
  }

  programs(): ReturnType<Kernel["programs"]> {
    const { bpf_prog_get_next_id: next, bpf_prog_get_fd_by_id: open } = this.#symbols;
    return this.#each(next, open, PROG_INFO_BYTES).map(({ id, info }) => ({
      id,
      type: info.getUint32(0, true),
      name: nameAt(bytesOf(info), 64),
      tag: bytesOf(info).slice(8, 16).toHex(),
    }));
  }

  maps(): ReturnType<Kernel["maps"]> {
    const { bpf_map_get_next_id: next, bpf_map_get_fd_by_id: open } = this.#symbols;
    return this.#each(next, open, MAP_INFO_BYTES).map(({ id, info }) => ({
      id,
      type: info.getUint32(0, true),
      name: nameAt(bytesOf(info), 24),
      keyBytes: info.getUint32(8, true),
      valueBytes: info.getUint32(12, true),
      entriesMax: info.getUint32(16, true),
    }));
  }

  /** Looks at every program, or every map. What goes away meanwhile is passed over. */
  #each(
    next: Symbols["bpf_prog_get_next_id"],
    open: Symbols["bpf_prog_get_fd_by_id"],
    infoBytes: number,
  ): Array<{ id: number; info: DataView<ArrayBuffer> }> {
    const found: Array<{ id: number; info: DataView<ArrayBuffer> }> = [];
    const id = new Uint32Array(1);
    while (next(id[0]!, new Uint8Array(id.buffer)) === 0) {
      const fd = open(id[0]!);
      if (fd < 0) continue;
      try {
        const info = new DataView(new ArrayBuffer(infoBytes));
        this.#info(fd, bytesOf(info));
        found.push({ id: id[0]!, info });
      } finally {
        closeFd(fd);
      }
    }
    return found;
  }

  programById(id: number): AttachedProgram | undefined {
    const fd = this.#symbols.bpf_prog_get_fd_by_id(id);
    if (fd < 0) return undefined;
    try {
      return this.#programInfo(fd);
    } finally {
      closeFd(fd);
    }
  }

  programMapValue(programId: number, map: string, key: number, valueBytes: number): DataView | undefined {
    const program = this.#symbols.bpf_prog_get_fd_by_id(programId);
    if (program < 0) return undefined;
    try {
      for (const id of this.#programMaps(program)) {
        const fd = this.#symbols.bpf_map_get_fd_by_id(id);
        if (fd < 0) continue;
        try {
          const { name, valueBytes: mapValueBytes } = this.#mapInfo(fd);
          if (name !== map) continue;
          // of another version's map: the kernel writes as much as that one has
          const value = new Uint8Array(Math.max(valueBytes, mapValueBytes));
          if (this.#symbols.bpf_map_lookup_elem(fd, keyOf(key), value) === 0) return new DataView(value.buffer);
        } finally {
          closeFd(fd);
        }
      }
      return undefined;
    } finally {
      closeFd(program);
    }
  }

  #programMaps(fd: number): number[] {
    const ids = new Uint32Array(MAPS_PER_PROGRAM_MAX);
    const info = new DataView(new ArrayBuffer(PROG_INFO_BYTES));
    info.setUint32(52, ids.length, true);
    info.setBigUint64(56, addressOf(new Uint8Array(ids.buffer)), true);
    this.#info(fd, bytesOf(info));
    return [...ids.subarray(0, Math.min(info.getUint32(52, true), ids.length))];
  }

  #mapInfo(fd: number): { name: string; valueBytes: number } {
    const info = new Uint8Array(MAP_INFO_BYTES);
    this.#info(fd, info);
    return { name: nameAt(info, 24), valueBytes: new DataView(info.buffer).getUint32(12, true) };
  }

  #info(fd: number, info: Uint8Array<ArrayBuffer>): void {
    const length = new Uint8Array(new Uint32Array([info.length]).buffer);
    check(this.#symbols.bpf_obj_get_info_by_fd(fd, info, length), "ask about a program or map");
  }

  programId(fd: number): number {
    return this.#programInfo(fd).id;
  }

  machineCodeBytes(fd: number): number {
    const info = new Uint8Array(PROG_INFO_BYTES);
    this.#info(fd, info);
    return new DataView(info.buffer).getUint32(16, true);
  }

  #programInfo(fd: number): AttachedProgram {
    const info = new Uint8Array(PROG_INFO_BYTES);
    this.#info(fd, info);
    return { id: new DataView(info.buffer).getUint32(4, true), name: nameAt(info, 64), tag: info.slice(8, 16).toHex() };
  }

  /** Replays run millions of frames: nothing is made anew for each. */
  testRun(programFd: number, { data, context, repeat }: TestRunInput): TestRunResult {
    const opts = this.#runOptions;
    opts.setBigUint64(8, this.#addressOf(data), true);
    opts.setUint32(24, data.length, true);
    opts.setUint32(28, 0, true); // what the kernel would have given back of the run before
    opts.setBigUint64(32, context ? this.#addressOf(context) : 0n, true);
    opts.setUint32(48, context?.length ?? 0, true);
    opts.setUint32(52, 0, true);
    opts.setInt32(60, repeat ?? 1, true);
    const result = this.#symbols.bpf_prog_test_run_opts(programFd, this.#runOptionBytes);
    if (result < 0) check(result, `run a program on ${data.length} bytes`);
    return { returned: opts.getInt32(56, true), durationNs: opts.getUint32(64, true) };
  }

  /** As addressOf(), remembered: a buffer stays where it is for as long as it lives. */
  #addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
    let address = this.#addresses.get(bytes.buffer);
    if (address === undefined) this.#addresses.set(bytes.buffer, address = addressOf(new Uint8Array(bytes.buffer)));
    return bytes.byteOffset ? address + BigInt(bytes.byteOffset) : address;
  }

  writeMap(mapFd: number, key: number, value: Uint8Array<ArrayBuffer>): void {
    check(this.#symbols.bpf_map_update_elem(mapFd, keyOf(key), value, 0n), "write a map");
  }

  deleteFromMap(mapFd: number, key: number): void {
    const result = this.#symbols.bpf_map_delete_elem(mapFd, keyOf(key));
    if (result !== -ENOENT) check(result, "remove an entry of a map");
  }

  readMap(mapFd: number, keyBytes: number, valueBytes: number): Array<{ key: DataView; value: DataView }> {
    const entries: Array<{ key: DataView; value: DataView }> = [];
    let key = new Uint8Array(keyBytes);
    let next = new Uint8Array(keyBytes);
    let first = true;
    while (this.#symbols.bpf_map_get_next_key(mapFd, first ? null : key, next) === 0) {
      const value = new Uint8Array(valueBytes);
      if (this.#symbols.bpf_map_lookup_elem(mapFd, next, value) === 0) {
        entries.push({ key: new DataView(next.buffer), value: new DataView(value.buffer) });
      }
      key = next;
      next = new Uint8Array(keyBytes);
      first = false;
    }
    return entries;
  }
}

class LibbpfObject implements LoadedObject {
  readonly #symbols: Symbols;
  #object: Deno.PointerValue;

  constructor(symbols: Symbols, object: Deno.PointerValue) {
    this.#symbols = symbols;
    this.#object = object;
  }

  prepare(how: LoadOptions): void {
    let program = this.#symbols.bpf_object__next_program(this.#object, null);
    while (program !== null) {
      const name = this.#symbols.bpf_program__name(program);
      assert(name !== null, "a program has no name");
      const wanted = how.programs.includes(new Deno.UnsafePointerView(name).getCString());
      check(this.#symbols.bpf_program__set_autoload(program, wanted), "choose the programs to load");
      program = this.#symbols.bpf_object__next_program(this.#object, program);
    }
    for (const [name, entries] of Object.entries(how.mapEntries)) {
      check(this.#symbols.bpf_map__set_max_entries(this.#map(name), entries), `size map ${name}`);
    }
    for (const [name, fd] of Object.entries(how.maps ?? {})) {
      check(this.#symbols.bpf_map__reuse_fd(this.#map(name), fd), `use map ${name} again`);
    }
    for (const [section, bytes] of Object.entries({ ".rodata.knobs": how.knobs, ...how.constants })) {
      const map = this.#map(section);
      check(this.#symbols.bpf_map__set_initial_value(map, bytes, BigInt(bytes.length)), `set ${section}`);
    }
  }

  #map(name: string): Deno.PointerValue {
    const map = this.#symbols.bpf_object__find_map_by_name(this.#object, cString(name));
    if (map === null) throw new KernelError(`Cannot find map ${name}: the BPF object is not weir's`);
    return map;
  }

  programFd(name: string): number {
    const program = this.#symbols.bpf_object__find_program_by_name(this.#object, cString(name));
    if (program === null) throw new KernelError(`Cannot find program ${name}: the BPF object is not weir's`);
    return check(this.#symbols.bpf_program__fd(program), `use program ${name}`);
  }

  mapFd(name: string): number {
    return check(this.#symbols.bpf_map__fd(this.#map(name)), `use map ${name}`);
  }

  close(): void {
    if (this.#object !== null) this.#symbols.bpf_object__close(this.#object);
    this.#object = null;
  }
}
