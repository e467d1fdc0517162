/**
 * The real kernel's answers where weir decides by errno, and the fake's beside them: what unit tests build on must be
 * so. Needs root; works in a network namespace of its own.
 */
import { deepEqual, equal } from "node:assert/strict";
import type { Kernel } from "../../src/capture/kernel.ts";
import { openLibbpf } from "../../src/capture/libbpf.ts";
import { openLinks } from "../../src/capture/links.ts";
import { openNamespace } from "../../src/capture/namespace.ts";
import { KernelError } from "../../src/errors.ts";
import { EEXIST, EINVAL, ENODEV, ENOENT } from "../../src/libc.ts";
import { FakeMachine } from "../support/fake_kernel.ts";
import { openFlowLab } from "../support/flow_lab.ts";

const NAMESPACE = "weir-kernel-test";
const NOBODY_IFINDEX = 99_991;

function run(...words: string[]): void {
  const { success, stderr } = new Deno.Command(words[0]!, { args: words.slice(1) }).outputSync();
  if (!success) throw new Error(`${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** What a call answers: its value, or "errno N". */
function answer(call: () => unknown): unknown {
  try {
    return call() ?? "nothing";
  } catch (error) {
    if (error instanceof KernelError) return `errno ${error.errno}`;
    throw error;
  }
}

interface Programs {
  program: number;
  successor: number;
}

/** Asks everything of one machine. stranger: puts a stranger's filter on ingress at priority 9. */
function interrogate(
  kernel: Kernel,
  ifindex: number,
  { program, successor }: Programs,
  stranger: () => void,
): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  const ask = (question: string, call: () => unknown) => said[question] = answer(call);
  const names = () => kernel.queryTcx(ifindex, "ingress").map(({ name }) => name);
  const link = kernel.linkTcx(program, ifindex, "ingress", "first");
  ask("tcx programs", names);
  ask("tcx successor", () => kernel.relinkTcx(link, successor));
  ask("tcx programs after that", names);
  ask("tcx programs of the other hook", () => kernel.queryTcx(ifindex, "egress"));
  kernel.unlinkTcx(link);
  ask("tcx programs after unlink", names);
  ask("tcx link on no device", () => kernel.linkTcx(program, NOBODY_IFINDEX, "ingress", "first"));
  ask("tcx query on no device", () => kernel.queryTcx(NOBODY_IFINDEX, "ingress"));

  ask("filter without qdisc", () => kernel.attachTc(program, ifindex, "ingress", 3));
  ask("removing a filter without qdisc", () => kernel.detachTc(ifindex, "ingress", 3));
  ask("filter of ours without qdisc", () => kernel.queryTc(ifindex, "ingress", 3));
  ask("qdisc", () => kernel.createClsact(ifindex));
  ask("qdisc again", () => kernel.createClsact(ifindex));
  ask("qdisc on no device", () => kernel.createClsact(NOBODY_IFINDEX));
  ask("filter", () => kernel.attachTc(program, ifindex, "ingress", 3));
  ask("filter of ours", () => kernel.queryTc(ifindex, "ingress", 3)?.name);
  ask("successor of the filter", () => kernel.replaceTc(successor, ifindex, "ingress", 3));
  ask("filter of ours after that", () => kernel.queryTc(ifindex, "ingress", 3)?.name);
  ask("filter of ours elsewhere", () => kernel.queryTc(ifindex, "egress", 3));
  ask("filter where ours is", () => kernel.attachTc(program, ifindex, "ingress", 3));
  stranger();
  ask("filter where a stranger's is", () => kernel.attachTc(program, ifindex, "ingress", 9));
  ask("filter on no device", () => kernel.attachTc(program, NOBODY_IFINDEX, "ingress", 3));
  ask("removing a filter", () => kernel.detachTc(ifindex, "ingress", 3));
  ask("removing it again", () => kernel.detachTc(ifindex, "ingress", 3));
  ask("removing a filter on no device", () => kernel.detachTc(NOBODY_IFINDEX, "ingress", 3));
  ask("removing the qdisc", () => kernel.destroyClsact(ifindex));
  ask("removing the qdisc on no device", () => kernel.destroyClsact(NOBODY_IFINDEX));
  return said;
}

Deno.test("Kernel answers as weir expects, and the fake machine as the kernel", () => {
  run("ip", "netns", "add", NAMESPACE);
  try {
    run("ip", "-n", NAMESPACE, "link", "add", "a0", "type", "veth", "peer", "name", "b0");
    using lab = openFlowLab({ purpose: "live" });
    const namespace = openNamespace(`/run/netns/${NAMESPACE}`);
    const links = openLinks(namespace);
    const real = namespace.within(() => {
      const { ifindex } = links.list().find(({ name }) => name === "a0")!;
      const stranger = () =>
        run(
          ...["ip", "netns", "exec", NAMESPACE, "tc", "filter", "add", "dev", "a0", "ingress"],
          ...["prio", "9", "protocol", "all", "u32", "match", "u32", "0", "0"],
        );
      const programs = {
        program: lab.program.fd("ethernet", "ingress"),
        successor: lab.program.fd("ethernet", "egress"),
      };
      const said = interrogate(openLibbpf(), ifindex, programs, stranger);
      deepEqual(links.filters(ifindex, "ingress"), [], "the qdisc went with everything on it");
      return said;
    });
    links.close();
    namespace.close();

    const machine = new FakeMachine();
    const { ifindex } = machine.add({ name: "a0" });
    const stranger = () => machine.putFilter(ifindex, "ingress", { kind: "u32", priority: 9 });
    const programs = { program: machine.program("weir_ingress"), successor: machine.program("weir_egress") };
    deepEqual(real, interrogate(machine.kernel, ifindex, programs, stranger));

    deepEqual([real["tcx programs after that"], real["filter of ours after that"]], [["weir_egress"], "weir_egress"]);
    equal(real["filter without qdisc"], `errno ${EINVAL}`);
    equal(real["filter where ours is"], `errno ${EEXIST}`);
    equal(real["filter where a stranger's is"], `errno ${EINVAL}`);
    equal(real["removing it again"], `errno ${ENOENT}`);
    equal(real["removing a filter on no device"], `errno ${ENODEV}`);
  } finally {
    run("ip", "netns", "del", NAMESPACE);
  }
});
