import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { UsageError } from "../../../src/errors.ts";
import { LiveSettings, loadSettings } from "../../../src/settings/mod.ts";
import type { Settings } from "../../../src/settings/schema/schema.ts";

/** Live settings of a file, and what was put in force. */
async function open(text: string) {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  const path = `${folder}/weir.yaml`;
  Deno.writeTextFileSync(path, text);
  const applied: Settings[] = [];
  let refusal: Error | undefined;
  const live = new LiveSettings(await loadSettings({ path }), {
    load: (flags, again) => loadSettings({ path, file: again?.file, flags }),
    apply: (next) => {
      if (refusal) return Promise.reject(refusal);
      applied.push(next);
      return Promise.resolve();
    },
  });
  return {
    live,
    applied,
    write: (text: string) => Deno.writeTextFileSync(path, text),
    refuse: (error: Error | undefined) => refusal = error,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("LiveSettings takes over what changed, and leaves what wants a restart as it was", async () => {
  using bed = await open("span: { tcp_timeout: 20s }\nlimits: { slots: 32768 }");
  bed.write("span: { tcp_timeout: 31s }\nlimits: { slots: 65536 }\nlog_level: debug\nlog_color: true");
  await bed.live.reload("a test");
  deepEqual(bed.applied.map(({ span, limits, log_level }) => [span.tcp_timeout, limits.slots, log_level]), [
    [31_000, 32_768, "debug"],
  ]);
  equal(bed.live.settings.limits.slots, 32_768);
  match(bed.live.origins.text("log_level"), /weir\.yaml:3:1$/);
  const { succeeded, failed, problem, wantsRestart } = bed.live.state();
  deepEqual([succeeded, failed, problem, wantsRestart], [1, 0, undefined, ["limits.slots"]]);

  bed.write("span: { tcp_timeout: 31s }\nlimits: { slots: 32768 }\nlog_level: debug");
  await bed.live.reload("a test");
  equal(bed.applied.length, 1, "nothing changed");
  deepEqual(bed.live.state().wantsRestart, []);
});

Deno.test("LiveSettings goes on with the old ones where a file is wrong, or gone, or cannot be put in force", async () => {
  using bed = await open("span: { tcp_timeout: 20s }");
  for (const text of ["span: { tcp_timeout: never }", "span: [", "spam: {}"]) {
    bed.write(text);
    await bed.live.reload("a test");
  }
  deepEqual([bed.live.state().failed, bed.applied.length], [3, 0]);
  match(bed.live.state().problem!, /unknown key "spam"/);
  bed.write("span: { tcp_timeout: 31s }");
  bed.refuse(new UsageError("Cannot do that now"));
  await bed.live.reload("a test");
  deepEqual([bed.live.state().failed, bed.live.state().problem], [4, "Cannot do that now"]);
  equal(bed.live.settings.span.tcp_timeout, 20_000);
});

Deno.test("LiveSettings.set() lays keys on top, also of the file that is read again later", async () => {
  using bed = await open("span: { tcp_timeout: 20s }");
  bed.write("span: { tcp_timeout: 25s, udp_timeout: 45s }");
  deepEqual(await bed.live.set(new Map([["span.tcp_timeout", "31s"]])), {
    changed: ["span.tcp_timeout"],
    wantsRestart: [],
  });
  equal(bed.live.settings.span.udp_timeout, 60_000, "the file's change is for who asks for it");
  await bed.live.reload("a test");
  deepEqual([bed.live.settings.span.tcp_timeout, bed.live.settings.span.udp_timeout], [31_000, 45_000]);
  equal(bed.live.origins.text("span.tcp_timeout"), "config set");
  await bed.live.set(new Map([["discovery.instrument.interfaces", "eth*,!eth9"]]));
  deepEqual(bed.live.settings.discovery.instrument.interfaces, ["eth*", "!eth9"]);
});

Deno.test("LiveSettings.set() refuses what is unknown, wrong or fixed, and sets none of its keys then", async () => {
  using bed = await open("{}");
  const refused = (values: Record<string, string>, message: RegExp) =>
    rejects(bed.live.set(new Map(Object.entries(values))), (error) => {
      match((error as Error).message, message);
      return error instanceof UsageError;
    });
  await refused({ "span.tcp_timeot": "3s" }, /no key has that name: did you mean span\.tcp_timeout\?/);
  await refused({ "limits.slots": "65536" }, /Cannot set limits\.slots: it wants a restart/);
  await refused({ "span.udp_timeout": "3s", "span.tcp_timeout": "soon" }, /"soon" is no length of time/);
  await refused(Object.fromEntries([["__proto__", "3s"]]), /no key has that name/);
  deepEqual([bed.live.settings.span.udp_timeout, bed.applied.length], [60_000, 0]);
});

Deno.test("LiveSettings makes one change at a time", async () => {
  using bed = await open("{}");
  const values = ["11s", "13s", "17s"];
  await Promise.all(values.map((value) => bed.live.set(new Map([["span.tcp_timeout", value]]))));
  deepEqual(bed.applied.map(({ span }) => span.tcp_timeout), [11_000, 13_000, 17_000]);
});

Deno.test("LiveSettings.reload() does not reject, whatever goes wrong: nobody waits, and the agent would end", async () => {
  using bed = await open("{}");
  bed.write("span: { tcp_timeout: 31s }");
  bed.refuse(new TypeError("something new"));
  await bed.live.reload("a test");
  deepEqual([bed.live.state().failed, bed.live.state().problem], [1, "something new"]);
  bed.refuse(undefined);
  await bed.live.reload("a test");
  deepEqual([bed.live.state().succeeded, bed.live.settings.span.tcp_timeout], [1, 31_000]);
});
