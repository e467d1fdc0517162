import { deepEqual, equal } from "node:assert/strict";
import { type Check, Health } from "../../src/serve/health.ts";
import { FakeAgent, fakeExporter, watchedDevice } from "../support/fake_agent.ts";

function open() {
  const fake = new FakeAgent();
  let nowMs = 1_000;
  const health = new Health(fake.agent, undefined, () => nowMs);
  return { fake, health, pass: (ms: number) => nowMs += ms };
}

function failing(checks: Check[]): string[] {
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

Deno.test("Health is well while the collector does its rounds, and not after 10 s without one", () => {
  const { fake, health, pass } = open();
  for (let i = 0; i < 5; i++) {
    fake.roundsDone++;
    deepEqual(failing([...health.live(), ...health.ready(), ...health.started()]), []);
    pass(9_999);
    deepEqual(failing(health.live()), []);
  }
  pass(1);
  deepEqual(failing(health.live()), ["collector"]);
  deepEqual(failing(health.ready()), ["collector"]);
  deepEqual(failing(health.started()), ["collector"]);
  fake.roundsDone++;
  deepEqual(failing(health.live()), [], "it was only slow");
});

Deno.test("Health is not well before the collector counts, nor after it broke", () => {
  const { fake, health } = open();
  fake.counting = false;
  fake.roundsDone = 0;
  deepEqual(failing(health.started()), ["collector"]);
  deepEqual(failing(health.live()), ["collector"]);
  fake.counting = true;
  deepEqual(failing(health.started()), []);
  fake.counting = false;
  deepEqual(failing(health.live()), ["collector"]);
});

Deno.test("Health is alive but not ready while it stops, and neither when it has stopped", () => {
  const { fake, health } = open();
  fake.state = "stopping";
  fake.counting = false;
  deepEqual(failing(health.live()), [], "a restart would lose what it hands out now");
  deepEqual(failing(health.ready()), ["state", "collector"]);
  fake.state = "stopped";
  deepEqual(failing(health.live()), ["collector"]);
});

Deno.test("Health is ready with one device attached, whatever happens to the others", () => {
  const { fake, health } = open();
  const failed = watchedDevice(8, "eth1", { problem: "busy" });
  delete failed.attachment;
  fake.watched.push(failed);
  deepEqual(failing(health.ready()), []);
  equal(health.ready().find(({ name }) => name === "interfaces")?.detail, "attached to 1, failed on 1");
  fake.watched = [failed];
  deepEqual(failing(health.ready()), ["interfaces"]);
  fake.watched = [watchedDevice(7, "eth0", { goneAtMs: 1 })];
  deepEqual(failing(health.ready()), ["interfaces"], "a device that is gone is none");
  fake.watched = [];
  deepEqual(failing(health.started()), [], "started, waiting for a device to come");
});

Deno.test("Health is not ready while an exporter is blocked, by name", () => {
  const { fake, health } = open();
  fake.exporters = [fakeExporter("json"), Object.assign(fakeExporter("otlp"), { ok: false })];
  deepEqual(failing(health.ready()), ["exporter otlp"]);
  deepEqual(failing(health.live()), []);
});
