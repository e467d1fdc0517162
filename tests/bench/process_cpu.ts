/** CPU time of a process with all its threads, and what its memory is. */

const TICKS_PER_S = 100; // USER_HZ: the same on every architecture that Deno has

/** User and system time so far, s. */
export function processCpuS(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // the name in brackets may hold anything; utime and stime are the 12th and 13th field behind it
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

export interface ResidentMemory {
  /** All that is resident, MB of 10^6 bytes. */
  all: number;
  /** Of it, pages of the kernel's maps, which are the kernel's memory and only shown here. */
  kernelPages: number;
}

export function residentMemory(pid: number): ResidentMemory {
  let all = 0;
  let kernelPages = 0;
  let isMap = false;
  for (const line of Deno.readTextFileSync(`/proc/${pid}/smaps`).split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isMap = line.includes("bpf-map") || line.includes("bpf_ringbuf");
    const resident = /^Rss: +(\d+) kB/.exec(line)?.[1];
    if (resident === undefined) continue;
    all += Number(resident) * 1_024 / 1e6;
    if (isMap) kernelPages += Number(resident) * 1_024 / 1e6;
  }
  return { all, kernelPages };
}
