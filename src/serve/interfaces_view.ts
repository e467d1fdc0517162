/** Interface by interface: which programs packets meet on its hooks, in which order, and how many weir saw there. */
import type { Agent } from "../agent.ts";
import type { ChainedProgram } from "../capture/attach.ts";
import type { WatchedDevice } from "../capture/watcher.ts";
import { type Hook, HOOKS } from "../flow.ts";

/** A program on a hook, as `tc filter show` has it, tcx included. */
interface ProgramView {
  /** Among all programs of the hook, from 1. */
  position: number;
  mode: string;
  /** Of another kind of filter: the filter's name. */
  name: string;
  id: number | null;
  tag: string | null;
  /** Of a tc filter. */
  priority: number | null;
  handle: number | null;
  ours: boolean;
}

interface HookView {
  frames: number;
  packets: number;
  bytes: number;
  programs: ProgramView[];
}

/** A watched device, as far as every view shows it. */
export interface DeviceView {
  name: string;
  ifindex: number;
  kind: string;
  up: boolean;
  attached: string | null;
  problem: string | null;
}

interface InterfaceView extends DeviceView {
  xdp: number | null;
  hooks: Record<Hook, HookView>;
}

export interface InterfacesView {
  interfaces: InterfaceView[];
}

export function interfacesView(agent: Agent): InterfacesView {
  const chains = agent.chains();
  const present = agent.devices().filter(({ goneAtMs }) => goneAtMs === undefined);
  return { interfaces: present.map((watched) => interfaceView(agent, watched, chains.get(watched.device.ifindex))) };
}

export function deviceView({ device, attachment, problem }: WatchedDevice): DeviceView {
  return {
    name: device.name,
    ifindex: device.ifindex,
    kind: device.kind,
    up: device.up,
    attached: attachment?.mode ?? null,
    problem: problem ?? null,
  };
}

function interfaceView(
  agent: Agent,
  watched: WatchedDevice,
  chains: Record<Hook, ChainedProgram[]> | undefined,
): InterfaceView {
  const { device, attachment } = watched;
  const view = deviceView(watched);
  const taken = agent.interfaceTaken(watched.interfaceId);
  const hooks = HOOKS.map((hook): [Hook, HookView] => {
    const { frames, packets, bytes } = taken[hook];
    return [hook, {
      frames: Number(frames),
      packets: Number(packets),
      bytes: Number(bytes),
      programs: (chains?.[hook] ?? []).map(programView),
    }];
  });
  return {
    ...view,
    problem: view.problem ?? (attachment && watched.removed.length ? removedText(watched.removed) : null),
    xdp: device.xdpProgramId || null,
    hooks: Object.fromEntries(hooks) as Record<Hook, HookView>,
  };
}

function programView(program: ChainedProgram, place: number): ProgramView {
  const isFilter = program.mode === "tc";
  return {
    position: place + 1,
    mode: program.mode,
    name: program.name,
    id: program.id || null,
    tag: program.tag || null,
    priority: isFilter ? program.priority : null,
    handle: isFilter ? program.handle : null,
    ours: program.ours,
  };
}

function removedText(hooks: readonly Hook[]): string {
  return `somebody took weir's program off ${hooks.join(" and ")}`;
}
