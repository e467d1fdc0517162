import { deepEqual, equal } from "node:assert/strict";
import { FilteredDevices } from "../../src/capture/filtered_devices.ts";
import type { FlowProgram } from "../../src/capture/program.ts";
import { KernelError } from "../../src/errors.ts";
import { devicesPass } from "../../src/filter_keys.ts";
import { FakeMachine } from "../support/fake_kernel.ts";
import { filterOf, type WrittenFilter } from "../support/filters.ts";

const E2BIG = 7;

/** A program of a machine whose map of devices takes so many. */
function openFiltered(network: NonNullable<WrittenFilter["network"]>, most = Infinity) {
  const machine = new FakeMachine();
  const kept = new Set<number>();
  const program = {
    filterDevice(ifindex: number) {
      if (kept.size >= most) throw new KernelError("Cannot write a map: it is full", { errno: E2BIG });
      kept.add(ifindex);
    },
    unfilterDevice: (ifindex: number) => void kept.delete(ifindex),
  } as unknown as FlowProgram;
  const filtered = new FilteredDevices(program, devicesPass(filterOf({ network }).network)!);
  return { machine, filtered, kept };
}

Deno.test("FilteredDevices tells the program of devices that come, are renamed and go", () => {
  const { machine, filtered, kept } = openFiltered({ interface_name: { not_match: ["docker*"] } });
  const bridge = machine.add({ name: "docker0" });
  const wire = machine.add({ name: "eth0" });
  filtered.apply(machine.all());
  deepEqual([...kept], [bridge.ifindex]);
  deepEqual([filtered.has(bridge.ifindex), filtered.has(wire.ifindex)], [true, false]);
  filtered.apply({ type: "new", device: { ...wire, name: "docker1" } });
  deepEqual([...kept], [bridge.ifindex, wire.ifindex]);
  filtered.apply({ type: "new", device: { ...bridge, name: "br0" } });
  deepEqual([...kept], [wire.ifindex]);
  filtered.apply({ type: "gone", ifindex: wire.ifindex });
  deepEqual([...kept], []);
  equal(filtered.has(wire.ifindex), false);
});

Deno.test("FilteredDevices forgets what is missing when everything is told anew", () => {
  const { filtered, kept } = openFiltered({ interface_index: { match: ["5-7"] } });
  const device = (ifindex: number) => ({ ifindex, name: `d${ifindex}` });
  for (const ifindex of [3, 5, 11]) filtered.see(device(ifindex));
  deepEqual([...kept], [3, 11]);
  filtered.apply({ type: "all", devices: [] });
  deepEqual([...kept], []);
});

Deno.test("FilteredDevices whose map is full counts a device rather than lose track of it", () => {
  const { filtered, kept } = openFiltered({ interface_name: { match: ["eth0"] } }, 1);
  filtered.see({ ifindex: 3, name: "veth3" });
  filtered.see({ ifindex: 4, name: "veth4" });
  deepEqual([...kept], [3]);
  equal(filtered.has(4), false, "it is not filtered, and so the device table has it as attached");
});
