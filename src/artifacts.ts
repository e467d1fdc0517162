/** What `deno task build` made: the kernel program and the table. */
import { EnvironmentError } from "./errors.ts";

const OUTPUT = new URL("../.output/", import.meta.url);

function read(name: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(new URL(name, OUTPUT));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new EnvironmentError(`Cannot find ${name}: run "deno task build" first`, { cause });
  }
}

/** The compiled kernel program, an ELF object. */
export function flowProgramImage(): Uint8Array<ArrayBuffer> {
  return read("flow.bpf.o");
}

/** The compiled packet trace, an ELF object. */
export function traceProgramImage(): Uint8Array<ArrayBuffer> {
  return read("trace.bpf.o");
}

export function tableModule(): WebAssembly.Module {
  return new WebAssembly.Module(read("table.wasm"));
}

/** The writer of OTLP spans. */
export function spanModule(): WebAssembly.Module {
  return new WebAssembly.Module(read("span.wasm"));
}
