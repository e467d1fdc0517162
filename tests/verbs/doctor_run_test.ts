/** doctor and diagnose on this machine: as an ordinary user, as root, with a broken bpffs, beside a running agent. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Requirement } from "../../src/capture/mod.ts";
import type { Diagnosis } from "../../src/verbs/doctor/diagnosis.ts";
import { startCommand, weir } from "../support/agent_process.ts";
import { Collector, COLLECTOR_ADDRESS, GRPC_PORT, HTTP_PORT } from "../support/collector.ts";
import { NetworkLab, run } from "../support/network_lab.ts";
import { requires } from "../support/requires.ts";
import { Stranger } from "../support/stranger.ts";
import { openWire } from "../support/wire.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const NO_AGENT = ["--socket", "/nonexistent/weir.sock"];
const NOBODY = 65_534;
/** An ordinary user, who may read this tree wherever it lies. */
const ORDINARY = [
  ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
  ...["--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"],
];

/** Deno's folder of packages, with folders of the ordinary user's own: Deno wants to write into them. */
async function withPackages(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  try {
    const { denoDir } = JSON.parse(run(Deno.execPath(), ["info", "--json"]));
    run("cp", ["--recursive", "--reflink=auto", `${denoDir}/npm`, folder]);
    run("chown", ["--recursive", `${NOBODY}`, folder]);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a verb by way of another command. */
async function by(command: string, args: string[], words: string[], env = {}): Promise<Outcome> {
  const all = [...args, Deno.execPath(), ...startCommand(), ...words];
  const { code, stdout, stderr } = await new Deno.Command(command, { args: all, cwd: ROOT, env }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

function diagnosisOf({ stdout, stderr }: Outcome): { diagnosis: Diagnosis; line(name: string): Requirement } {
  equal(stderr, "");
  const diagnosis: Diagnosis = JSON.parse(stdout);
  const lines = [...diagnosis.requirements, ...diagnosis.receivers, ...diagnosis.cluster];
  return {
    diagnosis,
    line(name) {
      const found = lines.find((line) => line.name === name);
      ok(found, `${name} is looked at`);
      return found;
    },
  };
}

Deno.test("doctor tells an ordinary user what is missing, what it cannot know, and nothing wrong", async () => {
  await withPackages(async (folder) => {
    const outcome = await by("setpriv", ORDINARY, ["doctor", "--json", ...NO_AGENT], { DENO_DIR: folder });
    equal(outcome.code, 1);
    const { diagnosis, line } = diagnosisOf(outcome);
    equal(diagnosis.ok, false);
    for (const name of ["cap_net_admin", "cap_bpf", "cap_perfmon"]) {
      equal(line(name).state, "missing");
      match(line(name).remedy, /^run as root \(sudo\), or grant CAP_/);
    }
    equal(line("tcx").state, "unknown");
    for (const name of ["kernel", "btf", "libbpf", "clock source"]) equal(line(name).state, "ok", name);
    const isEverybodys = ((Deno.statSync("/sys/fs/bpf").mode ?? 0) & 0o002) !== 0;
    const found = isEverybodys ? "mounted, writable" : "mounted, not writable for this user";
    deepEqual([line("bpffs").state, line("bpffs").found], ["ok", found]);
    deepEqual([diagnosis.interfaces, diagnosis.hooks], [[], []], "nothing is tried that could only fail");
  });
});

for (
  const [what, prepare, state, found] of [
    ["of another type", "mount -t tmpfs none /sys/fs/bpf", "degraded", "/sys/fs/bpf is of type tmpfs, not bpf"],
    ["that is read only", "mount -o remount,bind,ro /sys/fs/bpf", "degraded", "/sys/fs/bpf is mounted read-only"],
    ["that is there", "true", "ok", "mounted, writable"],
  ] as const
) {
  Deno.test(`doctor tells root of a bpf file system ${what}, and tries every interface all the same`, async () => {
    using lab = new NetworkLab();
    const host = lab.namespace("doctor");
    const script = `mount -t bpf bpf /sys/fs/bpf 2>/dev/null; ${prepare} && exec "$@"`;
    const outcome = await by("unshare", ["--mount", "sh", "-c", script, "sh"], [
      ...["doctor", "--json", "--network-namespace", host.path],
      ...NO_AGENT,
    ]);
    const { diagnosis, line } = diagnosisOf(outcome);
    deepEqual([line("bpffs").state, line("bpffs").found], [state, found]);
    deepEqual([outcome.code, diagnosis.ok], [0, true]);
    deepEqual(diagnosis.interfaces.map((tried) => [tried.interface, tried.result]), [["lo", "attached"]]);
    match(line("jit").found, /^on: the program is \d{4,5} bytes of machine code$/);
    equal(line("cap_bpf").found, "effective, as root");
  });
}

for (const mode of ["tcx", "tc"] as const) {
  requires(
    mode,
    mode === "tcx" ? "6.6" : "5.8",
    `doctor and diagnose bpf leave an agent on ${mode} alone`,
    async () => {
      await using wire = await openWire({ args: ["--output", "none", "--attach", mode] });
      const { agent, here } = wire;
      using _stranger = new Stranger({
        namespace: here,
        device: "near",
        hook: "ingress",
        verdict: "goOn",
        place: mode === "tcx" ? { tcx: "last" } : { tc: 9 },
      });
      const config = await Deno.makeTempFile({ prefix: "weirtest-", suffix: ".yaml" });
      await Deno.writeTextFile(config, `discovery: { instrument: { attach: ${mode} } }`);
      const place = ["--network-namespace", here.path, "--config", config];
      const sending = wire.send({ flows: 101, packets: 20_011 });
      const outcome = await weir("doctor", "--json", ...place, "--socket", agent.socket);
      const { diagnosis } = diagnosisOf(outcome);
      deepEqual([outcome.code, diagnosis.findings], [0, []], "the agent sees what its devices count");
      const near = diagnosis.interfaces.find((tried) => tried.interface === "near")!;
      deepEqual([near.mode, near.result], [mode, "attached"]);
      deepEqual(near.hooks, { ingress: { position: 1, programs: 3 }, egress: { position: 1, programs: 2 } });
      deepEqual(diagnosis.hooks.map(({ program, inFront }) => [program, inFront]), [["stranger", false]]);

      const bpf = await weir("diagnose", "bpf", "--json", "--pattern", "n*", "--skip", "lo", ...place);
      deepEqual(JSON.parse(bpf.stdout).summary, { interfaces: 1, attached: 1, failed: 0, unreadable: 0 });
      await sending;
      const { interfaces } = await agent.askJson("/interfaces");
      const { hooks } = interfaces.find(({ name }: { name: string }) => name === "near");
      deepEqual(hooks.ingress.programs.map(({ ours }: { ours: boolean }) => ours), [true, false], "nothing is left");
      const { books } = await agent.stop();
      equal(books.closed, true);
      equal(books.packets.counted >= 20_011, true);
      deepEqual(Object.values(books.packets.lost), [0, 0]);
      await Deno.remove(config);
    },
  );
}

Deno.test("diagnose bpf says why an interface cannot be attached to, and fails only where all do", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("diagnose");
  lab.veth(host, "dum0", lab.namespace("peer"), "far");
  host.tc("qdisc add dev dum0 clsact");
  // a priority is one protocol's: who has it for IPv4 alone keeps it from everybody who wants all
  host.tc(`filter add dev dum0 ingress prio 1 protocol ip bpf da obj ${ROOT}.output/stranger.bpf.o sec tc`);
  const config = await Deno.makeTempFile({ prefix: "weirtest-", suffix: ".yaml" });
  await Deno.writeTextFile(config, "discovery: { instrument: { attach: tc } }");
  const place = ["--network-namespace", host.path, "--config", config];
  const some = await weir("diagnose", "bpf", ...place);
  deepEqual([some.code, some.stderr], [0, ""]);
  match(some.stdout, /\nlo +- +up +tc +1\/1 +1\/1 +attached\n/);
  match(
    some.stdout,
    /\ndum0 +veth +up +tc +- +- +failed +Cannot attach to tc ingress .*stranger has priority 1 there; /,
  );
  match(some.stdout, /\n\n2 interfaces: 1 attached, 1 failed\n$/);
  const none = await weir("diagnose", "bpf", "-i", "dum0", ...place);
  equal(none.code, 1);
  const doctor = await weir("doctor", "-i", "dum0", ...place, ...NO_AGENT);
  equal(doctor.code, 1, "what run would want is missing");
  equal(run("tc", ["-n", host.name, "filter", "show", "dev", "lo", "ingress"]), "", "nothing is left");
  const nobody = await weir("diagnose", "bpf", "-i", "dum9", ...place);
  deepEqual([nobody.code, nobody.stdout], [2, ""]);
  match(nobody.stderr, /^weir: Unknown interface "dum9": did you mean "dum0"\?\n$/);
  const nothing = await weir("diagnose", "bpf", "--pattern", "wlan*", ...place);
  equal(nothing.code, 2);
  match(nothing.stderr, /patterns match none/);
  await Deno.remove(config);
});

Deno.test("doctor asks a real collector by each protocol, sends it no span, and fails where nobody listens", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("receivers");
  await using collector = await Collector.start({ namespace: host });
  const config = await Deno.makeTempFile({ prefix: "weirtest-", suffix: ".yaml" });
  const receiver = (name: string, port: number, protocol: string) =>
    `{ name: ${name}, endpoint: "http://${COLLECTOR_ADDRESS}:${port}", protocol: ${protocol} }`;
  const ask = async (...receivers: string[]) => {
    await Deno.writeTextFile(config, `export: { traces: { otlp: [${receivers.join(", ")}] } }`);
    const words = ["doctor", "--json", "--no-attach", "--config", config, ...NO_AGENT];
    return await by("nsenter", [`--net=${host.path}`], words);
  };
  const good = [
    receiver("a", GRPC_PORT, "grpc"),
    receiver("b", HTTP_PORT, "http_binary"),
    receiver("c", HTTP_PORT, "http_json"),
  ];
  const fine = await ask(...good);
  const states = diagnosisOf(fine).diagnosis.receivers.map(({ name, state }) => [name, state]);
  deepEqual(states, [["receiver a", "ok"], ["receiver b", "ok"], ["receiver c", "ok"]]);
  equal(fine.code, 0);
  deepEqual(diagnosisOf(fine).diagnosis.interfaces, [], "--no-attach");
  const broken = await ask(receiver("a", GRPC_PORT, "http_binary"), receiver("b", 4_999, "grpc"));
  equal(broken.code, 1);
  deepEqual(diagnosisOf(broken).diagnosis.receivers.map(({ state }) => state), ["missing", "missing"]);
  match(diagnosisOf(broken).line("receiver b").found, /cannot connect \(Connection refused\)$/);
  deepEqual(collector.spans(), []);
  await Deno.remove(config);
});
