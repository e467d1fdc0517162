/** How flows leave by stdout: for people, for machines, and when nobody reads any more. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { AgentProcess, startCommand, weir } from "../support/agent_process.ts";
import { type Namespace, NetworkLab, run, until } from "../support/network_lab.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const HEADER = "TIME         PROTO   SOURCE";
const ESCAPE = "\x1b[";
const STYLE = new RegExp(`\x1b\\[\\d+m`, "g");

/** Sends a datagram to a port of loopback where nobody listens. */
function send({ path }: Namespace, port: number): void {
  run("nsenter", [`--net=${path}`, "bash", "-c", `echo weir > /dev/udp/127.0.0.1/${port}`]);
}

/** Runs run on a terminal for as long as `during` takes. Returns what the terminal got. */
async function onTerminal(
  host: Namespace,
  env: string[],
  during: (folder: string) => Promise<void>,
): Promise<{ code: number; text: string }> {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  const words = [
    ...[Deno.execPath(), ...startCommand(), "run", "-i", "lo", "--log-level", "error"],
    ...["--socket", `${folder}/weir.sock`, "--health-port", "0", "--metrics-port", "0", "--duration", "5m"],
  ];
  const child = new Deno.Command("nsenter", {
    args: [`--net=${host.path}`, "env", "-u", "NO_COLOR", ...env, "script", "-qec", words.join(" "), "/dev/null"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reading = new Response(child.stdout).text();
  try {
    await until(
      "the agent to be there",
      () => weir("status", "--socket", `${folder}/weir.sock`).then((s) => s.code === 0),
    );
    await during(folder);
    const { pid } = JSON.parse((await weir("status", "--json", "--socket", `${folder}/weir.sock`)).stdout);
    Deno.kill(pid, "SIGINT");
    return { code: (await child.status).code, text: (await reading).replaceAll("\r\n", "\n") };
  } catch (error) {
    child.kill("SIGKILL"); // the agent gets the terminal's hangup
    await reading;
    throw error;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("run writes aligned lines in colour on a terminal, and without where NO_COLOR says so", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("terminal");
  for (const [env, coloured] of [[[], true], [["NO_COLOR=1"], false]] as Array<[string[], boolean]>) {
    const { code, text } = await onTerminal(host, env, () => Promise.resolve(send(host, 1_009)));
    equal(code, 0);
    equal(text.includes(ESCAPE), coloured, text);
    const lines = text.replaceAll(STYLE, "").trimEnd().split("\n");
    ok(lines[0]!.startsWith(HEADER), text);
    const udp = lines.find((line) => line.includes("127.0.0.1:1009"));
    match(
      udp!,
      /^\d\d:\d\d:\d\d\.\d{3} udp {5}127\.0\.0\.1:\d+ +127\.0\.0\.1:1009 +1\/0 +47B\/0B +\S+ +- +lo +forced end$/,
    );
    equal(udp!.indexOf("127.0.0.1:1009"), lines[0]!.indexOf("DESTINATION"), "columns stand below their names");
  }
});

Deno.test("run writes text without colour into a pipe when it is told to", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("pipe");
  await using agent = await AgentProcess.start({ namespace: host, args: ["-i", "lo", "-o", "text"], stdout: "hold" });
  send(host, 1_009);
  agent.read();
  const { code } = await agent.stop();
  equal(code, 0);
  const text = agent.output;
  ok(text.startsWith(HEADER), text);
  ok(!text.includes(ESCAPE));
  match(text, /^\S+ udp +127\.0\.0\.1:\d+ +127\.0\.0\.1:1009 /m);
});

Deno.test("run ends cleanly, with closed books, when the reader of its output has enough", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("head");
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  const words = [
    ...[Deno.execPath(), ...startCommand(), "run", "-i", "lo", "-o", "text", "--books", `${folder}/books.json`],
    ...["--socket", `${folder}/weir.sock`, "--health-port", "0", "--metrics-port", "0", "--duration", "5m"],
  ];
  await Deno.writeTextFile(`${folder}/weir.yaml`, "span: {udp_timeout: 1s, icmp_timeout: 1s}\n");
  const script = `set -o pipefail; ${words.join(" ")} --config ${folder}/weir.yaml | head -1`;
  const child = new Deno.Command("nsenter", {
    args: [`--net=${host.path}`, "bash", "-c", script],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  let ended = false;
  output.then(() => ended = true);
  await until("the agent to end", async () => {
    send(host, 1_009);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return ended;
  }, 30_000);
  const { code, stdout, stderr } = await output;
  const log = new TextDecoder().decode(stderr);
  equal(code, 0, log);
  equal(new TextDecoder().decode(stdout).trimEnd().split("\n").length, 1);
  match(log, /Stopping: nobody reads the output any more/);
  match(log, /books closed/);
  const books = JSON.parse(Deno.readTextFileSync(`${folder}/books.json`));
  equal(books.closed, true);
  ok(books.packets.exporters.text.lost_export.output_closed > 0, "what nobody read is said to be lost");
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("weir's other verbs end cleanly, too, when nobody reads what they say", async () => {
  for (const verb of ["--help", "version", "doctor --socket /nonexistent"]) {
    const script = `set -o pipefail; ${[Deno.execPath(), ...startCommand()].join(" ")} ${verb} | true`;
    const { code, stderr } = await new Deno.Command("bash", { args: ["-c", script], cwd: ROOT }).output();
    deepEqual([code, new TextDecoder().decode(stderr)], [0, ""], verb);
  }
});
