/** Who sends, as far as host, environment and user say it. */
import assert from "node:assert/strict";
import { RESOURCE_VARIABLES, resourceOf } from "../../../src/export/otlp/resource.ts";

function resource(variables: Record<string, string> = {}, given = {}) {
  return resourceOf({
    version: "1.2.3",
    addresses: ["127.0.0.1", "10.0.0.7", "::1", "fe80::1", "fd00::7"],
    environment: (name) => variables[name],
    given,
  });
}

Deno.test("resourceOf() says service, host and telemetry by the conventions' names", () => {
  const { "host.id": id, "host.arch": arch, ...rest } = resource();
  assert.deepEqual(rest, {
    "service.name": "weir",
    "service.version": "1.2.3",
    "host.name": Deno.hostname(),
    "host.ip": ["10.0.0.7", "fd00::7"],
    "os.type": "linux",
    "telemetry.distro.name": "weir",
    "telemetry.distro.version": "1.2.3",
  });
  assert(id === undefined || /^[0-9a-f]{32}$/.test(String(id)));
  assert(arch === "amd64" || arch === "arm64");
});

Deno.test("resourceOf() says which pod it is where the environment tells it", () => {
  const found = resource({
    POD_NAME: "weir-abc",
    POD_NAMESPACE: "observe",
    NODE_NAME: "n1",
    POD_NODE_NAME: "n2",
    POD_UID: "",
  });
  assert.equal(found["k8s.pod.name"], "weir-abc");
  assert.equal(found["k8s.namespace.name"], "observe");
  assert.equal(found["k8s.node.name"], "n2");
  assert(!("k8s.pod.uid" in found), "a variable that is set to nothing says nothing");
});

Deno.test("resourceOf() reads OpenTelemetry's variables, and the user has the last word", () => {
  const variables = {
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=pro%2Cd, team = net,broken,=x,service.name=a,rate=100%",
    OTEL_SERVICE_NAME: "b",
  };
  const found = resource(variables, { team: "mine" });
  assert.equal(found["deployment.environment.name"], "pro,d");
  assert.equal(found["service.name"], "b");
  assert.equal(found.team, "mine");
  assert.equal(found.rate, "100%");
  assert(!("broken" in found) && !("" in found));
});

Deno.test("the agent may read every variable that a resource is made of, and none of the library's", () => {
  const { permissions } = JSON.parse(Deno.readTextFileSync(new URL("../../../deno.json", import.meta.url)));
  const allowed: string[] = permissions.agent.env;
  assert.deepEqual(RESOURCE_VARIABLES.filter((name) => !allowed.includes(name)), []);
  assert.deepEqual(allowed.filter((name) => name.startsWith("OTEL_EXPORTER_")), []);
});
