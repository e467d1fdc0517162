import { deepEqual, equal, throws } from "node:assert/strict";
import type { Kernel, LoadOptions } from "../../src/capture/kernel.ts";
import { TUNNEL_PORTS } from "../../src/capture/knobs.ts";
import { isOurProgram, loadProgram } from "../../src/capture/program.ts";
import { KernelError } from "../../src/errors.ts";
import { createMemory, planMemory } from "../../src/memory_plan.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

const NO_FD = -1;
const PLAN = planMemory({ cpuCount: 3, pageBytes: 4_096, slots: 768, ringBytes: 65_536, flowsMax: 17 });

/** A kernel that loads an object with maps that cannot be mapped. */
function loadWith(purpose: "live" | "replay") {
  const { kernel } = new FakeMachine();
  let asked: LoadOptions | undefined;
  let closed = 0;
  const fake: Kernel = {
    ...kernel,
    load(_image, options) {
      asked = options;
      return { programFd: () => NO_FD, mapFd: () => NO_FD, close: () => closed++ };
    },
  };
  const options = { image: new Uint8Array(1), purpose, idleGapMs: 0, ...TUNNEL_PORTS };
  const load = () => loadProgram(fake, PLAN, createMemory(PLAN), options);
  return { load, asked: () => asked!, closed: () => closed };
}

Deno.test("loadProgram() loads the programs of one purpose, with maps as large as the plan says", () => {
  const live = loadWith("live");
  throws(live.load, KernelError);
  const prefix = Deno.build.arch === "x86_64" ? "weir" : "weirf";
  deepEqual(
    [...live.asked().programs].sort(),
    [`${prefix}_egress`, `${prefix}_egress_ip`, `${prefix}_ingress`, `${prefix}_ingress_ip`],
  );
  deepEqual(live.asked().mapEntries, { slots: PLAN.setsPerCpu * 3, ring: 65_536, cpus: 3 });
  const replay = loadWith("replay");
  throws(replay.load, KernelError);
  deepEqual(replay.asked().programs, ["weir_replay"]);
});

Deno.test("loadProgram() unloads again when the kernel's pages cannot be mapped", () => {
  const live = loadWith("live");
  throws(live.load, /Cannot map/);
  equal(live.closed(), 1);
});

Deno.test("isOurProgram() knows programs of any weir, and no others", () => {
  for (const name of ["weir_ingress", "weirf_egress_ip", "weir_replay"]) equal(isOurProgram(name), true);
  for (const name of ["weird_prog", "cil_from_netdev", "", "not_weir_x"]) equal(isOurProgram(name), false);
});
