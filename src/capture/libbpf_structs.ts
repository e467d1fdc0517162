/** Structs that libbpf and bpf(2) take and give, as bytes. Offsets are libbpf 1.x's. */
import type { TcPlace } from "./kernel.ts";

const NAME_BYTES = 16;

/** A zeroed options struct with its size in front, as libbpf wants them. */
export function options(bytes: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(bytes));
  view.setBigUint64(0, BigInt(bytes), true);
  return view;
}

export function bytesOf(view: DataView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer);
}

export function keyOf(key: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([key]).buffer);
}

/** A name in struct bpf_prog_info or bpf_map_info. */
export function nameAt(info: Uint8Array, at: number): string {
  const name = info.subarray(at, at + NAME_BYTES);
  const end = name.indexOf(0);
  return new TextDecoder().decode(end < 0 ? name : name.subarray(0, end));
}

/** struct bpf_tc_hook. attachPoint: a bit set of BPF_TC_INGRESS and BPF_TC_EGRESS. */
export function tcHook(ifindex: number, attachPoint: number): DataView<ArrayBuffer> {
  const hook = options(24);
  hook.setInt32(8, ifindex, true);
  hook.setUint32(12, attachPoint, true);
  return hook;
}

/** struct bpf_tc_opts that names a filter of ours. */
export function tcWhich({ priority, handle }: TcPlace): DataView<ArrayBuffer> {
  const opts = options(32);
  opts.setUint32(20, handle, true);
  opts.setUint32(24, priority, true);
  return opts;
}
