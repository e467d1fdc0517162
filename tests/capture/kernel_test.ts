/**
 * The real kernel's answers where weir decides by errno, and the fake's beside them: what unit tests build on must be
 * so. Needs root; works in a network namespace of its own.
 */
import { deepEqual, equal } from "node:assert/strict";
import type { Kernel } from "../../src/capture/kernel.ts";
import { openLibbpf, TC_HANDLE } from "../../src/capture/libbpf.ts";
import { openLinks } from "../../src/capture/links.ts";
import { openNamespace } from "../../src/capture/namespace.ts";
import { KernelError } from "../../src/errors.ts";
import { EEXIST, EINVAL, ENODEV, ENOENT } from "../../src/libc.ts";
import { FakeMachine } from "../support/fake_kernel.ts";
import { openFlowLab } from "../support/flow_lab.ts";

const NAMESPACE = "weir-kernel-test";
const NOBODY_IFINDEX = 99_991;

const at = (priority: number, handle = TC_HANDLE) => ({ priority, handle });

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

/** Two programs of a machine, and what is foreign to it. */
interface Parts {
  program: number;
  other: number;
  /** Puts a stranger's filter on ingress at priority 9. */
  stranger(): void;
  /** Names of programs on ingress by their filters, in order. */
  filters(): string[];
}

/** Asks everything of one machine. */
function interrogate(kernel: Kernel, ifindex: number, parts: Parts): Record<string, unknown> {
  const { program, other, stranger, filters } = parts;
  const said: Record<string, unknown> = {};
  const ask = (question: string, call: () => unknown) => said[question] = answer(call);
  const names = () => kernel.queryTcx(ifindex, "ingress").map(({ name }) => name);
  const link = kernel.linkTcx(program, ifindex, "ingress", "first");
  ask("tcx programs", names);
  ask("tcx successor", () => kernel.relinkTcx(link, other));
  ask("tcx programs after that", names);
  kernel.relinkTcx(link, program);
  ask("tcx programs of the other hook", () => kernel.queryTcx(ifindex, "egress"));
  const before = kernel.linkTcx(other, ifindex, "ingress", { beforeFd: program });
  ask("tcx programs with one put before it", names);
  kernel.unlinkTcx(before);
  const last = kernel.linkTcx(other, ifindex, "ingress", "last");
  ask("tcx programs with one behind", names);
  kernel.unlinkTcx(last);
  kernel.unlinkTcx(link);
  ask("tcx programs after unlink", names);
  ask("tcx link on no device", () => kernel.linkTcx(program, NOBODY_IFINDEX, "ingress", "first"));
  ask("tcx query on no device", () => kernel.queryTcx(NOBODY_IFINDEX, "ingress"));

  ask("filter without qdisc", () => kernel.attachTc(program, ifindex, "ingress", at(3)));
  ask("removing a filter without qdisc", () => kernel.detachTc(ifindex, "ingress", at(3)));
  ask("filter of ours without qdisc", () => kernel.queryTc(ifindex, "ingress", 3));
  ask("qdisc", () => kernel.createClsact(ifindex));
  ask("qdisc again", () => kernel.createClsact(ifindex));
  ask("qdisc on no device", () => kernel.createClsact(NOBODY_IFINDEX));
  ask("filter", () => kernel.attachTc(program, ifindex, "ingress", at(3)));
  ask("filter of ours", () => kernel.queryTc(ifindex, "ingress", 3)?.name);
  ask("successor of the filter", () => kernel.replaceTc(other, ifindex, "ingress", at(3)));
  ask("filter of ours after that", () => kernel.queryTc(ifindex, "ingress", 3)?.name);
  kernel.replaceTc(program, ifindex, "ingress", at(3));
  ask("filter of ours elsewhere", () => kernel.queryTc(ifindex, "egress", 3));
  ask("filter where ours is", () => kernel.attachTc(program, ifindex, "ingress", at(3)));
  ask("filter of another handle", () => kernel.attachTc(other, ifindex, "ingress", at(3, 7)));
  ask("filters, the newest first", filters);
  ask("removing the other handle", () => kernel.detachTc(ifindex, "ingress", at(3, 7)));
  ask("filters that are left", filters);
  stranger();
  ask("filter where a stranger's is", () => kernel.attachTc(program, ifindex, "ingress", at(9)));
  ask("filter on no device", () => kernel.attachTc(program, NOBODY_IFINDEX, "ingress", at(3)));
  ask("removing a filter", () => kernel.detachTc(ifindex, "ingress", at(3)));
  ask("removing it again", () => kernel.detachTc(ifindex, "ingress", at(3)));
  ask("removing a filter on no device", () => kernel.detachTc(NOBODY_IFINDEX, "ingress", at(3)));
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
      const kernel = openLibbpf();
      const said = interrogate(kernel, ifindex, {
        program: lab.program.fd("ethernet", "ingress"),
        other: lab.program.fd("ip", "ingress"),
        stranger,
        filters: () => links.filters(ifindex, "ingress").map(({ programId }) => kernel.programById(programId)!.name),
      });
      deepEqual(links.filters(ifindex, "ingress"), [], "the qdisc went with everything on it");
      return said;
    });
    links.close();
    namespace.close();

    const machine = new FakeMachine();
    const { ifindex } = machine.add({ name: "a0" });
    const stranger = () => machine.putFilter(ifindex, "ingress", { kind: "u32", priority: 9 });
    const pretended = interrogate(machine.kernel, ifindex, {
      program: machine.program("weir_ingress"),
      other: machine.program("weir_ingress_ip"),
      stranger,
      filters: () => machine.on(ifindex, "ingress"),
    });
    deepEqual(real, pretended);
    deepEqual(real["tcx programs with one put before it"], ["weir_ingress_ip", "weir_ingress"]);
    deepEqual(real["filters, the newest first"], ["weir_ingress_ip", "weir_ingress"]);

    deepEqual([real["tcx programs after that"], real["filter of ours after that"]], [
      ["weir_ingress_ip"],
      "weir_ingress_ip",
    ]);
    equal(real["filter without qdisc"], `errno ${EINVAL}`);
    equal(real["filter where ours is"], `errno ${EEXIST}`);
    equal(real["filter where a stranger's is"], `errno ${EINVAL}`);
    equal(real["removing it again"], `errno ${ENOENT}`);
    equal(real["removing a filter on no device"], `errno ${ENODEV}`);
  } finally {
    run("ip", "netns", "del", NAMESPACE);
  }
});
