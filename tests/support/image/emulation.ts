/** Programs of another architecture, run by this machine's kernel through qemu. */
import { exists, mustRun } from "../host.ts";

export type Architecture = "amd64" | "arm64";

const FOLDER = "/proc/sys/fs/binfmt_misc";
const NAME = "weirtest-aarch64";
const QEMU = "/usr/bin/qemu-aarch64-static";
/** The head of an ELF file for little-endian AArch64, and which of its bits matter. */
const MAGIC = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

/** Until the machine's next start. The emulator is opened now, so that it is there in every root directory (F). */
export async function emulate(arch: Architecture): Promise<void> {
  if (arch === "amd64") return;
  if (!exists(`${FOLDER}/register`)) await mustRun("mount", ["-t", "binfmt_misc", "binfmt_misc", FOLDER]);
  if (exists(`${FOLDER}/${NAME}`) || exists(`${FOLDER}/qemu-aarch64`)) return;
  Deno.writeTextFileSync(`${FOLDER}/register`, `:${NAME}:M::${MAGIC}:${MASK}:${QEMU}:F`);
}
