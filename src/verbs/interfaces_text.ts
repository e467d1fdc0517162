/** `weir status --interfaces`: interface by interface, what `tc filter show` would have, tcx hooks included. */
import { HOOKS } from "../flow.ts";
import type { InterfacesView } from "../serve/mod.ts";
import { alignRows } from "./table.ts";

type InterfaceLine = InterfacesView["interfaces"][number];

const HEADER = ["interface", "hook", "by", "place", "program", "id", "tag", "priority", "handle", "packets", "bytes"];
const RIGHT = new Set([3, 5, 7, 8, 9, 10]);

export function interfacesText({ interfaces }: InterfacesView): string {
  const rows = interfaces.flatMap(rowsOf);
  const problems = interfaces.flatMap(({ name, up, attached, problem }) => {
    if (problem) return [`${name}: ${problem}`];
    if (attached) return [];
    return [`${name}: not attached, ${up ? "because nobody wants it" : "because it is down"}`];
  });
  return [alignRows([HEADER, ...rows], RIGHT), ...(problems.length ? ["", ...problems] : [])].join("\n");
}

function rowsOf({ name, xdp, hooks }: InterfaceLine): string[][] {
  const before = xdp === null ? [] : [[name, "xdp", "xdp", "", "", `${xdp}`, ...Array(5).fill("")]];
  return [
    ...before,
    ...HOOKS.flatMap((hook) => {
      const { packets, bytes, programs } = hooks[hook];
      if (!programs.length) return [[name, hook, "-", ...Array(8).fill("")]];
      return programs.map(({ position, mode, name: program, id, tag, priority, handle, ours }) => [
        name,
        hook,
        mode,
        `${position}/${programs.length}`,
        program,
        id === null ? "" : `${id}`,
        tag ?? "",
        priority === null ? "" : `${priority}`,
        handle === null ? "" : `0x${handle.toString(16)}`,
        ours ? `${packets}` : "",
        ours ? `${bytes}` : "",
      ]);
    }),
  ];
}
