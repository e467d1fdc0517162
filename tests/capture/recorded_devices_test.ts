import assert from "node:assert/strict";
import { describeDevices, DeviceFlag } from "../../src/capture/device_table.ts";
import { emptyFrame, type RecordedFrame } from "../../src/capture/pcap/recorded_frame.ts";
import { RecordedDevices } from "../../src/capture/recorded_devices.ts";
import { DEVICES_MAX } from "../../src/limits.ts";

function frame(index: number, name?: string, ifindex = 0): RecordedFrame {
  return { ...emptyFrame(), interface: { index, name, linkType: 1 }, ifindex };
}

Deno.test("RecordedDevices numbers interfaces as they appear, and knows them again in another section", () => {
  const devices = new RecordedDevices();
  assert.deepEqual(
    [frame(0, "eth0"), frame(1, "eth1"), frame(1, "eth0"), frame(0), frame(0), frame(1)].map((f) => devices.idOf(f)),
    [1, 2, 1, 3, 3, 4],
  );
  assert.deepEqual(devices.device(2), { id: 2, name: "eth1", ifindex: undefined, label: "eth1" });
  assert.deepEqual(devices.device(3), { id: 3, name: undefined, ifindex: undefined, label: "interface 0" });
  assert.equal(devices.device(0), undefined);
});

Deno.test("RecordedDevices tells devices apart that one interface saw", () => {
  const devices = new RecordedDevices();
  const any = frame(0, "any");
  const ids = [7, 3, 7].map((ifindex) => devices.idOf({ ...any, ifindex }));
  assert.deepEqual(ids, [1, 2, 1]);
  assert.deepEqual(devices.device(2), { id: 2, name: "any", ifindex: 3, label: "any" });
});

Deno.test("RecordedDevices takes an interface's name for no number", () => {
  const devices = new RecordedDevices();
  assert.notEqual(devices.idOf(frame(0, "#1")), devices.idOf(frame(1)));
});

Deno.test("RecordedDevices counts every sighting at every device", () => {
  const devices = new RecordedDevices();
  for (let i = 0; i < 3; i++) devices.idOf(frame(i));
  const facts = describeDevices(devices.forTable());
  assert.equal(facts.size, 3);
  for (const { flags, domain } of facts.values()) assert.deepEqual([flags, domain], [DeviceFlag.COVERED, 0]);
});

Deno.test("RecordedDevices gives those past the most one number", () => {
  const devices = new RecordedDevices();
  for (let i = 1; i <= DEVICES_MAX; i++) assert.equal(devices.idOf(frame(0, undefined, i)), i);
  assert.equal(devices.idOf(frame(0, undefined, DEVICES_MAX + 1)), 0);
  assert.equal(devices.idOf(frame(0, undefined, DEVICES_MAX + 2)), 0);
  assert.equal(devices.idOf(frame(0, undefined, 7)), 7);
  assert.equal(devices.count, DEVICES_MAX);
});
