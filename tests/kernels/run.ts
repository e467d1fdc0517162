/**
 * The kernel matrix: each kernel is booted under emulation, runs the kernel suite, and captures live traffic.
 *
 *     deno task test:kernels [5.10 6.1 6.12 7.2 6.1-arm64]      all when none is named
 *
 * One line a kernel on stdout, progress on stderr. Kernels are Debian's, the newest of their suite, kept outside of the
 * tree.
 */
import { runGuest } from "./emulator.ts";
import { CpioWriter } from "./cpio.ts";
import { cacheFolder, say } from "../support/host.ts";
import { type KernelPackage, kernelPackage } from "./kernel_package.ts";
import { MATRIX, type Target } from "./matrix.ts";
import { neededModules } from "./modules.ts";
import { type GuestReport, parseReport } from "./report.ts";
import type { DebianArch } from "../support/debian_packages.ts";
import { packTree, ROOT } from "./tree.ts";
import { userland } from "./userland.ts";

/** Emulated CPUs are busy ones: more at a time would only make each slower. */
const AT_ONCE = 2;
/** Far from what an idle machine takes: a busy one must not fail a kernel. */
const DEADLINE_MS = 1_500_000;
const CONSOLE_TAIL_LINES = 120;

type Verdict = "passed" | "failed" | "skipped";

function chooseTargets(names: readonly string[]): readonly Target[] {
  const unknown = names.find((name) => !MATRIX.some((target) => target.name === name));
  if (unknown !== undefined) {
    console.error(`Unknown kernel "${unknown}": there are ${MATRIX.map(({ name }) => name).join(", ")}`);
    Deno.exit(2);
  }
  return names.length ? MATRIX.filter(({ name }) => names.includes(name)) : MATRIX;
}

async function packModules(kernel: KernelPackage, path: string): Promise<void> {
  const modules = await neededModules(kernel.modules);
  const archive = new CpioWriter(path);
  for (const { name, content } of modules) archive.file(`/modules/${name}.ko`, content);
  archive.file("/modules/order", modules.map(({ name }) => name).join("\n"));
  archive.close();
}

const userlands = new Map<DebianArch, Promise<string>>();

/** Made once, also when two kernels of an architecture ask at the same time. */
function userlandOf(arch: DebianArch): Promise<string> {
  const made = userlands.get(arch) ?? userland(arch);
  userlands.set(arch, made);
  return made;
}

async function joinFiles(paths: string[], to: string): Promise<void> {
  using out = Deno.openSync(to, { create: true, write: true, truncate: true });
  for (const path of paths) {
    using part = Deno.openSync(path);
    await part.readable.pipeTo(out.writable, { preventClose: true });
  }
}

async function tryKernel(target: Target, tree: string, work: string): Promise<Verdict> {
  const name = target.name.padEnd(10);
  let kernel: KernelPackage;
  let system: string;
  try {
    kernel = await kernelPackage(target);
    system = await userlandOf(target.arch);
  } catch (error) {
    console.log(`${name} skipped: not to be had and not in the cache: ${(error as Error).message}`);
    return "skipped";
  }
  const modules = `${work}/${target.name}.modules.cpio`;
  const initrd = `${work}/${target.name}.initrd`;
  await packModules(kernel, modules);
  await joinFiles([system, modules, tree], initrd);
  say(`${target.name}: booting ${kernel.release} …`);
  const started = performance.now();
  const lines: string[] = [];
  const report: GuestReport = { checks: [] };
  const trouble = await runGuest({
    arch: target.arch,
    image: kernel.image,
    initrd,
    words: [`weir.root=${ROOT}`, `weir.devices=${target.devices ? 1 : 0}`],
    deadlineMs: DEADLINE_MS,
    onLine(line) {
      if (!parseReport(line, report)) lines.push(line);
      else say(`${target.name}: ${line.slice(line.indexOf("{"))}`);
    },
  });
  Deno.removeSync(initrd);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const passed = !trouble && isComplete(report);
  console.log(`${name} ${kernel.version.padEnd(12)} ${summary(report)}  ${seconds} s${passed ? "" : "  FAILED"}`);
  if (!passed) {
    console.log(`--- console of ${target.name}${trouble ? ` (${trouble})` : ""}`);
    console.log(lines.slice(-CONSOLE_TAIL_LINES).join("\n"));
  }
  return passed ? "passed" : "failed";
}

function isComplete({ suite, checks, done }: GuestReport): boolean {
  return done === true && suite !== undefined && suite.failed === 0 && suite.passed > 0 && checks.length > 0 &&
    checks.every(({ ok }) => ok);
}

function summary({ suite, checks, attach }: GuestReport): string {
  const tests = suite ? `${suite.passed} passed, ${suite.failed} failed, ${suite.skipped} skipped` : "no suite";
  const live = checks.map(({ name, ok }) => `${name} ${ok ? "ok" : "FAILED"}`).join(", ") || "no live capture";
  return `${(attach ?? "?").padEnd(3)}  ${tests}; ${live}`;
}

async function main(): Promise<void> {
  const targets = [...chooseTargets(Deno.args)];
  Deno.mkdirSync(cacheFolder(), { recursive: true });
  const work = Deno.makeTempDirSync({ prefix: "weir-kernels-" });
  const verdicts: Verdict[] = [];
  try {
    const tree = `${work}/tree.cpio`;
    await packTree(tree);
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let target = targets.shift(); target; target = targets.shift()) {
        verdicts.push(await tryKernel(target, tree, work));
      }
    });
    await Promise.all(workers);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
  const count = (which: Verdict) => verdicts.filter((verdict) => verdict === which).length;
  const skipped = count("skipped");
  console.log(`${count("passed")} passed, ${count("failed")} failed${skipped ? `, ${skipped} skipped` : ""}`);
  // what skips everything proves nothing
  Deno.exit(count("failed") || !count("passed") ? 1 : 0);
}

await main();
