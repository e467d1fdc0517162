import { deepEqual } from "node:assert/strict";
import type { LiveSettings } from "../../src/settings/mod.ts";
import { ReloadTriggers } from "../../src/verbs/reload_triggers.ts";
import { until } from "../support/network_lab.ts";

/** A folder as Kubernetes mounts a ConfigMap: the file is a link into ..data, which is a link to what is in force. */
function open(isWatched = true) {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  let count = 0;
  const mount = (text: string) => {
    const version = `..version_${++count}`;
    Deno.mkdirSync(`${folder}/${version}`);
    Deno.writeTextFileSync(`${folder}/${version}/weir.hcl`, text);
    Deno.symlinkSync(version, `${folder}/..data_tmp`);
    Deno.renameSync(`${folder}/..data_tmp`, `${folder}/..data`);
  };
  mount("first");
  Deno.symlinkSync("..data/weir.hcl", `${folder}/weir.hcl`);
  const reloads: string[] = [];
  const live = { settings: { auto_reload: isWatched }, reload: (why: string) => Promise.resolve(reloads.push(why)) };
  const path = `${folder}/weir.hcl`;
  const triggers = new ReloadTriggers(path, live as unknown as LiveSettings);
  return {
    folder,
    path,
    mount,
    triggers,
    live,
    reloads,
    [Symbol.dispose]() {
      triggers[Symbol.dispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

Deno.test("ReloadTriggers sees the link that Kubernetes changes, once", () => {
  using bed = open();
  bed.triggers.look();
  bed.mount("second");
  for (let i = 0; i < 5; i++) bed.triggers.look();
  deepEqual(bed.reloads, [`${bed.path} changed`]);
});

Deno.test("ReloadTriggers waits until a file that is being written stands still, or is back", () => {
  using bed = open();
  for (let i = 0; i < 3; i++) {
    Deno.writeTextFileSync(`${bed.folder}/..data/weir.hcl`, "x", { append: true });
    bed.triggers.look();
  }
  deepEqual(bed.reloads, []);
  bed.triggers.look();
  deepEqual(bed.reloads.length, 1);
  Deno.renameSync(`${bed.folder}/..data`, `${bed.folder}/away`);
  bed.triggers.look();
  Deno.renameSync(`${bed.folder}/away`, `${bed.folder}/..data`);
  for (let i = 0; i < 3; i++) bed.triggers.look();
  deepEqual(bed.reloads.length, 1, "the same file is back");
});

Deno.test("ReloadTriggers leaves a changed file alone where nobody asked for it, and hears SIGHUP all the same", async () => {
  using bed = open(false);
  bed.mount("second");
  for (let i = 0; i < 3; i++) bed.triggers.look();
  deepEqual(bed.reloads, []);
  Deno.kill(Deno.pid, "SIGHUP");
  await until("the signal to be heard", () => bed.reloads.length > 0);
  deepEqual(bed.reloads, ["SIGHUP"]);
});

Deno.test("ReloadTriggers does not read again what a SIGHUP has read, as where that turns looking on", async () => {
  using bed = open(false);
  bed.mount("second");
  Deno.kill(Deno.pid, "SIGHUP");
  await until("the signal to be heard", () => bed.reloads.length > 0);
  bed.live.settings.auto_reload = true;
  for (let i = 0; i < 3; i++) bed.triggers.look();
  deepEqual(bed.reloads, ["SIGHUP"]);
  bed.mount("third");
  for (let i = 0; i < 3; i++) bed.triggers.look();
  deepEqual(bed.reloads, ["SIGHUP", `${bed.path} changed`]);
});
