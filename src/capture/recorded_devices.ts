/** The devices of a replay: every interface of a capture is one, and each counts what was recorded at it. */
import { DEVICES_MAX } from "../limits.ts";
import type { TableDevice } from "./device_table.ts";
import type { RecordedFrame, RecordedInterface } from "./pcap/recorded_frame.ts";

/** What is known of a recorded device. */
export interface RecordedDevice {
  /** Its number in this replay: ifindex to the program, and the id by which records name it. From 1. */
  id: number;
  name: string | undefined;
  /** On the recording host. */
  ifindex: number | undefined;
  /** For people: always something. */
  label: string;
}

const NO_COUNTERS = { rxPackets: 0n, rxBytes: 0n, rxDropped: 0n, txPackets: 0n, txBytes: 0n };
const ARPHRD_ETHER = 1;

/**
 * Numbers devices as they appear. Interfaces of several sections are one device when they have one name, or one place
 * where they have none. Devices past the most that can be told apart share number 0.
 */
export class RecordedDevices {
  readonly #byKey = new Map<string, number>();
  readonly #devices: RecordedDevice[] = [];
  #interface: RecordedInterface | undefined;
  #ifindex = 0;
  #id = 0;

  /** The frame's device. */
  idOf(frame: RecordedFrame): number {
    if (frame.interface === this.#interface && frame.ifindex === this.#ifindex) return this.#id;
    this.#interface = frame.interface;
    this.#ifindex = frame.ifindex;
    this.#id = this.#find(frame.interface, frame.ifindex);
    return this.#id;
  }

  #find({ index, name }: RecordedInterface, ifindex: number): number {
    const key = `${name === undefined ? `#${index}` : `=${name}`} ${ifindex}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#devices.length >= DEVICES_MAX) return 0;
    const id = this.#devices.length + 1;
    this.#byKey.set(key, id);
    this.#devices.push({
      id,
      name,
      ifindex: ifindex || undefined,
      label: name ?? (ifindex ? `#${ifindex}` : `interface ${index}`),
    });
    return id;
  }

  get count(): number {
    return this.#devices.length;
  }

  device(id: number): RecordedDevice | undefined {
    return this.#devices[id - 1];
  }

  all(): readonly RecordedDevice[] {
    return this.#devices;
  }

  /** For the counting rule: no device stands above or below another, so that each frame of the file counts once. */
  forTable(): TableDevice[] {
    return this.#devices.map(({ id, label }) => ({
      ifindex: id,
      name: label,
      hardwareType: ARPHRD_ETHER,
      up: true,
      kind: "",
      master: 0,
      link: 0,
      linkElsewhere: false,
      vlan: 0,
      xdpProgramId: 0,
      counters: NO_COUNTERS,
      attached: true,
      interfaceId: id,
    }));
  }
}
