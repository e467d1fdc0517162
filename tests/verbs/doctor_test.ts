import { deepEqual, equal, match } from "node:assert/strict";
import type { Diagnosis } from "../../src/verbs/doctor/diagnosis.ts";
import { doctorText } from "../../src/verbs/doctor/doctor_text.ts";
import { findingsOf } from "../../src/verbs/doctor/findings.ts";
import { listHooks } from "../../src/verbs/doctor/hooks.ts";
import { FakeMachine } from "../support/fake_kernel.ts";

const NOTHING: Diagnosis = {
  ok: true,
  requirements: [],
  interfaces: [],
  hooks: [],
  receivers: [],
  cluster: [],
  findings: undefined,
};
const LINE = { interface: "eth0", frames: 7, deviceFramesLeast: 1_009, deviceFramesMost: 1_013, cause: "" };

Deno.test("listHooks() tells who is on each hook and where weir stands among them", () => {
  const machine = new FakeMachine();
  const { kernel, links } = machine;
  const watched = machine.add({ name: "eth0" }).ifindex;
  const bare = machine.add({ name: "eth1" }).ifindex;
  const bouncer = machine.putTcx(watched, "ingress", "bouncer", "last").id;
  machine.putTcx(watched, "ingress", "weir_ingress", "last");
  machine.putFilter(watched, "ingress", { kind: "flower", priority: 3 });
  const lonely = machine.putTcx(bare, "egress", "lonely", "last").id;
  const hook = (name: string, hook: string, program: string, id: number, inFront: boolean | null) => {
    return { interface: name, hook, program, id, inFront };
  };
  deepEqual(listHooks(kernel, links), [
    hook("eth0", "ingress", "bouncer", bouncer, true),
    hook("eth0", "ingress", "flower", 0, false),
    hook("eth1", "egress", "lonely", lonely, null),
  ]);
});

Deno.test("listHooks() puts an XDP program in front of everything, also one that is gone by now", () => {
  const machine = new FakeMachine();
  const id = machine.program("xdp_firewall");
  machine.add({ name: "eth0", xdpProgramId: id });
  machine.add({ name: "eth1", xdpProgramId: 999_983 });
  const said = listHooks(machine.kernel, machine.links).map(({ hook, program, inFront }) => [hook, program, inFront]);
  deepEqual(said, [["xdp", "xdp_firewall", true], ["xdp", "?", true]]);
});

Deno.test("findingsOf() tells where a device counts other than weir sees, and the cause where it is known", () => {
  const cause = 'program "bouncer" (id 977) in front on the ingress hook ends the chain';
  const findings = findingsOf({
    audit: [
      { ...LINE, verdict: "equal" },
      { ...LINE, verdict: "explained", cause },
      { ...LINE, interface: "eth1", deviceFramesMost: 1_009, verdict: "differs" },
    ],
  });
  deepEqual(findings, [
    { interface: "eth0", difference: "the device counts 1009 to 1013 frames, weir saw 7", cause },
    { interface: "eth1", difference: "the device counts 1009 frames, weir saw 7", cause: "unknown" },
  ]);
});

Deno.test("doctorText() marks what is missing and what is less, each with what to do, in columns", () => {
  const text = doctorText({
    ...NOTHING,
    requirements: [
      { name: "kernel", state: "ok", found: "Linux 6.1", remedy: "" },
      { name: "tcx", state: "degraded", found: "no tcx hooks", remedy: "use Linux 6.6" },
      { name: "btf", state: "missing", found: "no file", remedy: "use another kernel" },
    ],
    hooks: [],
    findings: undefined,
  });
  equal(
    text,
    [
      "         requirement  found         what to do",
      "ok       kernel       Linux 6.1",
      "less     tcx          no tcx hooks  use Linux 6.6",
      "MISSING  btf          no file       use another kernel",
      "",
      "no agent answers: what it misses is not known",
    ].join("\n"),
  );
});

Deno.test("doctorText() names the program in front of weir, and what the agent misses for it", () => {
  const hook = { interface: "eth0", hook: "ingress", program: "bouncer", id: 977 };
  const text = doctorText({
    ...NOTHING,
    requirements: [],
    hooks: [
      { ...hook, inFront: true },
      { ...hook, program: "flower", id: 0, inFront: false },
      { ...hook, hook: "egress", inFront: null },
    ],
    findings: [{ interface: "eth0", difference: "the device counts 9 frames, weir saw 7", cause: "bouncer" }],
  });
  match(text, /\neth0 +ingress +bouncer \(id 977\) +in front\neth0 +ingress +flower +behind\neth0 +egress .*\) +-\n/);
  match(
    text,
    /sees other than its devices count:\ninterface +cause\neth0 +the device counts 9 frames, weir saw 7 +bouncer$/,
  );
  match(doctorText({ ...NOTHING, findings: [] }), /\nthe running agent sees what its devices count$/);
});
