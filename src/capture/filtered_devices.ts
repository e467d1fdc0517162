/** The devices whose packets the filter keeps out: told to the kernel program before it runs on one of them. */
import { KernelError } from "../errors.ts";
import type { NamedDevice } from "../filter_keys.ts";
import { log } from "../log.ts";
import type { LinkChange } from "./links.ts";
import type { FlowProgram } from "./program.ts";

interface KnownDevice {
  ifindex: number;
  name: string;
}

export class FilteredDevices {
  readonly #program: FlowProgram;
  readonly #passes: (device: NamedDevice) => boolean;
  readonly #filtered = new Set<number>();

  constructor(program: FlowProgram, passes: (device: NamedDevice) => boolean) {
    this.#program = program;
    this.#passes = passes;
  }

  /** Whether a device's packets are kept out. */
  has(ifindex: number): boolean {
    return this.#filtered.has(ifindex);
  }

  /** Takes a change in, before anybody acts on it. */
  apply(change: LinkChange): void {
    switch (change.type) {
      case "new":
        this.see(change.device);
        break;
      case "gone":
        this.#forget(change.ifindex);
        break;
      case "all": {
        const present = new Set(change.devices.map(({ ifindex }) => ifindex));
        for (const ifindex of this.#filtered) if (!present.has(ifindex)) this.#forget(ifindex);
        for (const device of change.devices) this.see(device);
        break;
      }
    }
  }

  /** A device that is new, or may have another name now. */
  see({ ifindex, name }: KnownDevice): void {
    if (this.#passes({ ifindex, name })) return this.#forget(ifindex);
    if (this.#filtered.has(ifindex)) return;
    try {
      this.#program.filterDevice(ifindex);
      this.#filtered.add(ifindex);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      log.error("{name} is not filtered, though it should be: {error}", { name, error });
    }
  }

  #forget(ifindex: number): void {
    if (this.#filtered.delete(ifindex)) this.#program.unfilterDevice(ifindex);
  }
}
