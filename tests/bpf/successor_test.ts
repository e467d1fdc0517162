/** A program that takes another's place: its maps go on, and on a hook no packet passes between the two. */
import assert from "node:assert/strict";
import { flowProgramImage } from "../../src/artifacts.ts";
import { TC_HANDLE } from "../../src/capture/libbpf.ts";
import { TUNNEL_PORTS } from "../../src/capture/knobs.ts";
import { kernelFilter } from "../../src/capture/kernel_filter.ts";
import type { KernelFilter } from "../../src/capture/kernel_filter.ts";
import { type FlowProgram, loadProgram } from "../../src/capture/program.ts";
import { Replayer } from "../../src/capture/replay.ts";
import { readAllStrays } from "../../src/capture/strays.ts";
import { filterOf } from "../support/filters.ts";
import { type FlowLab, openFlowLab } from "../support/flow_lab.ts";
import { ethernet, ipv4, packet, tcp, udp } from "../support/packet.ts";

const LOOPBACK = 1;
/** Nobody else's. */
const PLACE = { priority: 4_999, handle: TC_HANDLE };
const [SEGMENT, DATAGRAM] = [packet(ethernet(), ipv4(), tcp(), 11), packet(ethernet(), ipv4(), udp(), 11)];

const ONLY_TCP = kernelFilter(filterOf({ network: { transport: { match: ["tcp"] } } }));
const ALL_KINDS = kernelFilter(filterOf({
  source: { address: { not_match: ["10.0.0.0/9", "2001:db8::/33"] }, port: { not_match: ["1-7"] } },
  network: { transport: { match: ["{tcp,udp}"] }, type: { match: ["ipv?"] }, interface_name: { match: ["*"] } },
}));

function succeed({ kernel, plan, memory }: FlowLab, predecessor: FlowProgram, filter: KernelFilter | undefined) {
  return loadProgram(kernel, plan, memory, {
    image: flowProgramImage(),
    purpose: "replay",
    idleGapMs: 0,
    ...TUNNEL_PORTS,
    filter,
    predecessor,
  });
}

Deno.test("loadProgram() with a predecessor goes on with its books, its flows and its strays", () => {
  using lab = openFlowLab({ purpose: "replay", cpuCount: 1, slots: 512 });
  let program = lab.program;
  const seen: Array<[filter: KernelFilter | undefined, filtered: bigint]> = [
    [undefined, 0n],
    [ONLY_TCP, 1n],
    [ALL_KINDS, 2n],
    [ONLY_TCP, 1n],
    [undefined, 0n],
  ];
  let [frames, filtered] = [0n, 0n];
  for (const [filter, more] of seen) {
    const before = program;
    program = succeed(lab, before, filter);
    if (before !== lab.program) before.close();
    const replayer = new Replayer(lab.kernel, program.replayFd());
    for (const data of [SEGMENT, DATAGRAM]) {
      const frame = { data, frameBytes: data.length, linkBytes: 14, withoutMacs: false, ifindex: 7 } as const;
      replayer.feed({ ...frame, timeNs: frames, hook: "ingress" });
      frames++;
    }
    filtered += more;
    const terms = lab.kernelBooks.terms();
    assert.deepEqual([terms.seen.frames, terms.filtered.frames], [frames, filtered]);
  }
  const strays = readAllStrays(lab.kernel, program.straysFd(), lab.memory, lab.plan);
  assert.deepEqual(strays.map(({ term, frames }) => [term, frames]), [["filtered", filtered]]);
  program.close();
});

Deno.test("live programs with every kind of filter are taken by this kernel, and take each other's place on a hook", () => {
  using first = openFlowLab({ purpose: "live" });
  using second = openFlowLab({ purpose: "live", filter: ALL_KINDS });
  const { kernel } = first;
  const [before, after] = [first, second].map(({ program }) => program.fd("ethernet", "ingress")) as [number, number];
  if (kernel.features().tcx) {
    const link = kernel.linkTcx(before, LOOPBACK, "ingress", "last");
    kernel.relinkTcx(link, after);
    const ids = kernel.queryTcx(LOOPBACK, "ingress").map(({ id }) => id);
    kernel.unlinkTcx(link);
    assert.ok(ids.includes(kernel.programId(after)) && !ids.includes(kernel.programId(before)), `${ids}`);
  }
  const created = kernel.createClsact(LOOPBACK);
  try {
    kernel.attachTc(before, LOOPBACK, "ingress", PLACE);
    kernel.replaceTc(after, LOOPBACK, "ingress", PLACE);
    const found = kernel.queryTc(LOOPBACK, "ingress", PLACE.priority);
    kernel.detachTc(LOOPBACK, "ingress", PLACE);
    assert.equal(found?.id, kernel.programId(after));
  } finally {
    if (created) kernel.destroyClsact(LOOPBACK);
  }
});
