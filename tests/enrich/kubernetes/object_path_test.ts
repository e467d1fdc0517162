import assert from "node:assert/strict";
import { ObjectPath } from "../../../src/enrich/kubernetes/object_path.ts";

const POD = {
  metadata: { annotations: { "example.org/ip": "10.0.0.9", plain: "x" } },
  spec: {
    containers: [{ ports: [{ containerPort: 80 }, { containerPort: 443 }] }, {}, { ports: [{ containerPort: 9 }] }],
  },
  status: { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }], none: null },
};

Deno.test("ObjectPath.valuesIn() finds one value, every value, and values by quoted keys", () => {
  const rows: Array<[string, unknown[]]> = [
    ["status.podIP", ["10.0.0.1"]],
    ["$.status.podIP", ["10.0.0.1"]],
    ["status.podIPs[*]", [{ ip: "10.0.0.1" }]],
    ["status.podIPs[*].ip", ["10.0.0.1"]],
    ["status.podIPs[0].ip", ["10.0.0.1"]],
    ["status.podIPs[1].ip", []],
    ["spec.containers[*].ports[*].containerPort", [80, 443, 9]],
    ["metadata.annotations['example.org/ip']", ["10.0.0.9"]],
    ['metadata.annotations["plain"]', ["x"]],
    ["status.none", []],
    ["status.missing[*].x", []],
    ["status.podIP[*]", []],
    ["status.constructor", []],
  ];
  for (const [path, expected] of rows) assert.deepEqual(new ObjectPath(path).valuesIn(POD), expected, path);
  for (const object of [undefined, null, 7, "text", []]) {
    assert.deepEqual(new ObjectPath("status.podIP").valuesIn(object), []);
  }
});

Deno.test("ObjectPath.valuesIn() is bounded", () => {
  const many = { list: Array.from({ length: 101 }, () => ({ list: Array<number>(101).fill(1) })) };
  assert.equal(new ObjectPath("list[*].list[*]").valuesIn(many).length, 4_096);
});

Deno.test("ObjectPath() refuses what is no path, and says which part", () => {
  const rows: Array<[string, RegExp]> = [
    ["", /it is empty/],
    ["$", /it is empty/],
    ["status..podIP", /"\.\.podIP" is no step/],
    ["status.podIPs[]", /"\[\]" is no step/],
    ["status podIP", /" podIP" is no step/],
    ["status[*]podIP", /"podIP" is no step/],
    ["status.podIPs[-1]", /no step/],
    [".status", /no step/],
  ];
  for (const [path, message] of rows) assert.throws(() => new ObjectPath(path), { name: "UsageError", message }, path);
});
