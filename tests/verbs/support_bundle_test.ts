/** support-bundle, with a running agent and without, unpacked by the real tar. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { archive } from "../../src/verbs/support/archive.ts";
import { startCommand, weir } from "../support/agent_process.ts";
import { inFolder } from "../support/folder.ts";
import { run } from "../support/network_lab.ts";
import { openWire } from "../support/wire.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SECRET = "s3cr3t-t0ken";
const SETTINGS = `
span: { udp_timeout: 1m }
export:
  traces:
    otlp:
      - { endpoint: "http://127.0.0.1:9", protocol: http_binary, auth: { bearer: ${SECRET} }, headers: { x-key: ${SECRET} } }
`;

/** Unpacks it. Returns its files by name, without the folder that all of them are in. */
function unpack(path: string, folder: string): Map<string, string> {
  const listed = new Deno.Command("tar", { args: ["-tzf", path] }).outputSync();
  equal(new TextDecoder().decode(listed.stderr), "", "tar has nothing to say");
  const names = new TextDecoder().decode(listed.stdout).trim().split("\n");
  run("tar", ["-xzf", path, "-C", folder]);
  equal(new Set(names.map((name) => name.split("/")[0])).size, 1, "all of it is in one folder");
  return new Map(names.map((name) => [name.slice(name.indexOf("/") + 1), Deno.readTextFileSync(`${folder}/${name}`)]));
}

Deno.test("support-bundle collects settings without secrets, books, status, doctor, metrics, log and kernel state", async () => {
  await using wire = await openWire({ args: ["--output", "none"], settings: SETTINGS });
  await wire.send({ flows: 13, packets: 101, rate: 10_000 });
  await inFolder(async (folder) => {
    const path = `${folder}/bundle.tar.gz`;
    const config = `${folder}/config.yaml`;
    await Deno.writeTextFile(config, SETTINGS);
    const place = ["--network-namespace", wire.here.path, "--config", config, "--socket", wire.agent.socket];
    const { code, stdout, stderr } = await weir("support-bundle", `--output=${path}`, ...place);
    deepEqual([code, stderr], [0, ""]);
    equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    const files = unpack(path, folder);
    for (const text of files.values()) ok(!text.includes(SECRET), "no secret is in it");
    for (const name of [...files.keys()].slice(0, -1)) {
      match(stdout, new RegExp(`\\n${name.replaceAll(".", "\\.")} +\\d`), `${name} is told of`);
    }
    match(stdout, /bundle\.tar\.gz: \S+iB\n$/);
    const read = (name: string) => JSON.parse(files.get(name)!);
    equal(read("agent/status.json").pid, wire.agent.pid);
    equal(read("agent/books.json").closed, true);
    ok(read("agent/books.json").packets.counted >= 101);
    match(files.get("agent/metrics.txt")!, /^weir_interface_packets_by_interface_total\{interface="near"/m);
    match(files.get("agent/log.txt")!, /Attached to near by tcx?/);
    match(files.get("agent/settings.yaml")!, /udp_timeout: "?1m"?/);
    match(files.get("settings.yaml")!, /udp_timeout: "?1m"?/);
    const doctor = read("doctor.json");
    equal(doctor.receivers[0].state, "missing", "nobody listens there");
    match(files.get("doctor.txt")!, /receiver otlp/);
    match(files.get("kernel/proc/version")!, /^Linux version /);
    const programs: Array<{ id: number; name: string; tag: string }> = read("bpf/programs.json");
    const ours = read("agent/interfaces.json").interfaces.find(({ name }: { name: string }) => name === "near");
    const [attached] = ours.hooks.ingress.programs;
    ok(programs.some(({ id, tag }) => id === attached.id && tag === attached.tag), "the agent's program is listed");
    const listed: Array<{ id: number }> = JSON.parse(run("bpftool", ["-j", "map", "show"]));
    const maps: Array<{ id: number; name: string }> = read("bpf/maps.json");
    ok(maps.some(({ name }) => name === "slots"));
    ok(maps.filter(({ id }) => listed.some((map) => map.id === id)).length > 3, "as bpftool has them");
    equal(files.has("agent/flows.json"), false, "no flows that nobody asked for");

    const again = await weir("support", "bundle", "-o", path, ...place);
    deepEqual([again.code, again.stdout], [2, ""]);
    match(again.stderr, /^weir: Cannot write .*bundle\.tar\.gz: it is there already; name another file\n$/);
    const { stdout: bytes, stderr: contents } = await new Deno.Command(Deno.execPath(), {
      args: [...startCommand(), "support-bundle", "--output", "-", "--no-attach", ...place],
      cwd: ROOT,
    }).output();
    await Deno.writeFile(`${folder}/piped.tar.gz`, bytes);
    equal(JSON.parse(unpack(`${folder}/piped.tar.gz`, folder).get("agent/status.json")!).pid, wire.agent.pid);
    match(new TextDecoder().decode(contents), /\nagent\/status\.json +\d/);
    const withFlows = `${folder}/flows.tar.gz`;
    equal((await weir("support", "bundle", "-o", withFlows, "--flows", "7", "--no-attach", ...place)).code, 0);
    equal(JSON.parse(unpack(withFlows, folder).get("agent/flows.json")!).flows.length, 7);
  });
});

Deno.test("support-bundle works without an agent and with a configuration that cannot be used, and says what it lacks", async () => {
  await inFolder(async (folder) => {
    const config = `${folder}/config.yaml`;
    await Deno.writeTextFile(config, "span: { udp_timeout: soon }");
    const path = `${folder}/bundle.tar.gz`;
    const place = ["--config", config, "--socket", `${folder}/none.sock`, "--no-attach"];
    const { code, stdout } = await weir("support-bundle", "-o", path, "--json", ...place);
    equal(code, 0);
    const said = JSON.parse(stdout);
    const files = unpack(path, folder);
    deepEqual(said.files, [...files.keys()]);
    const why = Object.fromEntries(said.missing.map(({ name, why }: Record<string, string>) => [name, why]));
    equal(why["settings.yaml"], `Cannot use ${config}: 1 problem`, "no more of it: a problem may quote what is secret");
    match(why["agent/books.json"], /^Cannot reach an agent on /);
    ok(files.has("doctor.json") && files.has("bpf/programs.json") && files.has("kernel/proc/meminfo"));
    match(files.get("contents.txt")!, /not to be had +because\nsettings\.yaml +/);
    const nowhere = await weir("support-bundle", "-o", "/nonexistent/x.tar.gz", ...place);
    equal(nowhere.code, 1);
    match(nowhere.stderr, /^weir: Cannot write \/nonexistent\/x\.tar\.gz: No such file or directory; name another/);
  });
});

Deno.test("archive() keeps texts of any length, empty ones too", async () => {
  await inFolder(async (folder) => {
    const texts = ["", "x".repeat(511), "x".repeat(512), "ä".repeat(10_007)];
    const path = `${folder}/x.tar.gz`;
    const files = texts.map((text, i) => ({ name: `deep/er/${i}.txt`, text }));
    await Deno.writeFile(path, await archive(files, 1_700_000_000_000));
    deepEqual([...unpack(path, folder)], files.map(({ name, text }) => [name, text]));
    match(run("tar", ["-tvzf", path]), /^-rw------- 0\/0 +0 2023-11-14 /);
  });
});
