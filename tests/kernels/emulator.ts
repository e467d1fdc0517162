/** A guest from its first instruction to its last, under plain emulation. */
import type { DebianArch } from "../support/debian_packages.ts";

export interface GuestOptions {
  arch: DebianArch;
  image: string;
  initrd: string;
  /** Words for the guest's first process. */
  words: string[];
  deadlineMs: number;
  /** Each line of the console, as it comes. */
  onLine(line: string): void;
}

const MEMORY_MB = 3_000;
const CPUS = 2;

const EMULATORS: Record<DebianArch, { command: string; machine: string[]; console: string }> = {
  amd64: { command: "qemu-system-x86_64", machine: ["-cpu", "max"], console: "ttyS0" },
  // The default way of computing pointer authentication takes most of an emulated CPU's time.
  arm64: {
    command: "qemu-system-aarch64",
    machine: ["-M", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
  },
};

/** What firmware writes to move a cursor, and carriage returns. */
// deno-lint-ignore no-control-regex
const CONTROL = /\x1b(c|\[[?0-9;]*[a-zA-Z])|\r/g;

/** Resolves when the guest is off: how it ended, "" when by itself. */
export async function runGuest(options: GuestOptions): Promise<string> {
  const { command, machine, console } = EMULATORS[options.arch];
  const words = [`console=${console}`, "quiet", "loglevel=4", "panic=-1", "rdinit=/init", ...options.words];
  const guest = new Deno.Command(command, {
    args: [
      ...machine,
      ...["-accel", "tcg,thread=multi", "-m", `${MEMORY_MB}`, "-smp", `${CPUS}`],
      ...["-nographic", "-no-reboot", "-nic", "none", "-monitor", "none", "-serial", "stdio"],
      ...["-kernel", options.image, "-initrd", options.initrd, "-append", words.join(" ")],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    guest.kill("SIGKILL");
  }, options.deadlineMs);
  const [{ success }, , errors] = await Promise.all([
    guest.status,
    eachLine(guest.stdout, options.onLine),
    new Response(guest.stderr).text(),
  ]);
  clearTimeout(timer);
  if (late) return `not done after ${options.deadlineMs / 1000} s`;
  return success ? "" : `the emulator failed: ${errors.trim().slice(-600)}`;
}

async function eachLine(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line.replace(CONTROL, ""));
  }
  if (rest) onLine(rest);
}
