/** What the command line says where the machine lacks something, or something has it: named, with the fix, exit 1. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { AgentProcess, startCommand, weir } from "../support/agent_process.ts";
import { inFolder } from "../support/folder.ts";
import { NetworkLab } from "../support/network_lab.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What a process without rights has: root's name, and none of its capabilities. */
const POWERLESS = ["--bounding-set=-all", "--inh-caps=-all"];
const NOBODY = 65_534;

/** Runs a verb without any capability. */
async function powerless(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command("setpriv", {
    args: [...POWERLESS, Deno.execPath(), ...startCommand(), ...args],
    cwd: ROOT,
  });
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("weir run without root names every right that it lacks, with the fix, and leaves nothing behind", async () => {
  await inFolder(async (folder) => {
    const { code, stdout, stderr } = await powerless("run", "-i", "lo", "--socket", `${folder}/weir.sock`);
    equal(code, 1);
    equal(stdout, "");
    match(stderr, /^weir: Cannot run here:\n/);
    for (const name of ["CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON"]) {
      const said =
        `^  ${name.toLowerCase()}: ${name} is outside of this process's bounds; let the container or service `;
      match(stderr, new RegExp(said, "m"));
    }
    deepEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("weir doctor works without root, says the same, and fails", async () => {
  const { code, stdout } = await powerless("doctor", "--json", "--socket", "/nonexistent/weir.sock");
  equal(code, 1);
  const { requirements, hooks, findings } = JSON.parse(stdout);
  const states = Object.fromEntries(requirements.map(({ name, state }: Record<string, string>) => [name, state]));
  equal(states.cap_net_admin, "missing");
  equal(states.kernel, "ok");
  equal(states.tcx, "unknown", "the kernel does not tell");
  deepEqual(hooks, []);
  equal(findings, undefined);
});

Deno.test("weir says what to do where no agent answers, and where the socket is another user's", async () => {
  await inFolder(async (folder) => {
    const socket = `${folder}/weir.sock`;
    const nobody =
      `weir: Cannot reach an agent on ${socket}: start one with "weir run", or name its socket with --socket\n`;
    for (const verb of ["flows", "books", "status"]) {
      deepEqual(await weir(verb, "--socket", socket), { code: 1, stdout: "", stderr: nobody });
    }
    await Deno.writeTextFile(socket, "no socket");
    equal((await weir("status", "--socket", socket)).code, 1);
    await Deno.remove(socket);

    const listener = Deno.listen({ transport: "unix", path: socket });
    await Deno.chown(socket, NOBODY, NOBODY);
    await Deno.chmod(socket, 0o600);
    const { code, stderr } = await powerless("status", "--socket", socket);
    equal(code, 1);
    equal(stderr, `weir: Cannot reach an agent on ${socket}: the socket is another user's; ask as root (sudo)\n`);
    listener.close();
  });
});

Deno.test("weir run refuses a port that was chosen and is taken", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await inFolder(async (folder) => {
    const common = ["run", "-i", "lo", "--output", "none", "--socket", `${folder}/weir.sock`, "--listen", "127.0.0.1"];
    const refused = await weir(...common, "--health-port", `${port}`, "--metrics-port", "0");
    equal(refused.code, 1);
    const said = `Cannot serve health on 127.0.0.1:${port}: the port is taken by another program; choose another one`;
    ok(refused.stderr.endsWith(`weir: ${said}\n`), refused.stderr);
    match(refused.stderr, /Detached from lo/);
    deepEqual([...Deno.readDirSync(folder)], []);
  });
  taken.close();
});

Deno.test("weir run warns of a default port that is taken, and runs without it", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("ports");
  const taken = host.within(() => Deno.listen({ hostname: "127.0.0.1", port: 8_080 }));
  await inFolder(async (folder) => {
    const words = ["run", "-i", "lo", "--output", "none", "--socket", `${folder}/weir.sock`, "--duration", "100ms"];
    const { code, stderr } = await new Deno.Command("nsenter", {
      args: [`--net=${host.path}`, Deno.execPath(), ...startCommand(), ...words],
      cwd: ROOT,
    }).output();
    const log = new TextDecoder().decode(stderr);
    equal(code, 0, log);
    match(
      log,
      /\[warning\] weir: Cannot serve health on 0\.0\.0\.0:8080: the port is taken by another program; running/,
    );
    match(log, /Serving metrics on 0\.0\.0\.0:10250/);
  });
  taken.close();
});

Deno.test("weir run refuses a file in its socket's place, and leaves it as it is", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/precious`;
    await Deno.writeTextFile(path, "precious");
    const ports = ["--health-port", "0", "--metrics-port", "0"];
    const { code, stderr } = await weir("run", "-i", "lo", "--output", "none", "--socket", path, ...ports);
    equal(code, 1);
    match(stderr, /weir: Cannot serve on .*precious: a file is there that is no socket; choose another socket/);
    equal(await Deno.readTextFile(path), "precious");
  });
});

Deno.test("weir run refuses to be the second agent on a socket, and does not disturb the first", async () => {
  await using first = await AgentProcess.start({ args: ["-i", "lo", "--output", "none"] });
  const second = await weir("run", "-i", "lo", "--output", "none", "--socket", first.socket);
  equal(second.code, 1);
  equal(
    second.stderr,
    `weir: Cannot start: an agent (pid ${first.pid}) runs here already; ` +
      "stop it, or choose another socket with --socket\n",
  );
  equal(await first.ask("/readyz"), "ok");
  equal((await first.stop()).code, 0);
});
