/** Two hosts that talk TCP by real sockets over a wire, each with an agent of its own. */
import { equal } from "node:assert/strict";
import { AgentProcess, type Ended } from "./agent_process.ts";
import { assertFinalBooks, assertNothingLost } from "./books_file.ts";
import { type Namespace, type NetworkLab, run, until } from "./network_lab.ts";

const CLIENT = "10.5.0.1";
export const SERVER = "10.5.0.2";
export const SERVER_6 = "fd05::2";
export const PORT = 8_000;

export interface Hosts extends AsyncDisposable {
  client: Namespace;
  server: Namespace;
  /** Stops both agents: the client's, the server's. */
  stop(): Promise<[Ended, Ended]>;
}

/** client has c0, server s0. args: of both agents, beside those of a test. */
export async function openHosts(lab: NetworkLab, args: string[] = []): Promise<Hosts> {
  const [client, server] = [lab.namespace("client", { ipv6: true }), lab.namespace("server", { ipv6: true })];
  lab.veth(client, "c0", server, "s0", `${CLIENT}/24`, `${SERVER}/24`);
  client.ip("address add fd05::1/64 dev c0 nodad");
  server.ip(`address add ${SERVER_6}/64 dev s0 nodad`);
  const start = (namespace: Namespace, device: string) =>
    AgentProcess.start({ namespace, args: ["--interface", device, "--output", "json", ...args] });
  const agents = await Promise.all([start(client, "c0"), start(server, "s0")]);
  return {
    client,
    server,
    async stop() {
      const [ofClient, ofServer] = await Promise.all(agents.map((agent) => agent.stop()));
      for (const { code, books, log } of [ofClient!, ofServer!]) {
        equal(code, 0, log);
        assertFinalBooks(books);
        assertNothingLost(books);
      }
      return [ofClient!, ofServer!];
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
    },
  };
}

const [TIME_WAIT, LISTEN] = ["06", "0A"];

/** Waits until no connection has anything left to say. */
export async function untilQuiet({ client, server }: Pick<Hosts, "client" | "server">): Promise<void> {
  const states = (host: Namespace) =>
    ["tcp", "tcp6"].flatMap((file) =>
      host.read(`/proc/thread-self/net/${file}`).trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/)[3]!)
    );
  await until(
    "connections to end",
    () => [client, server].flatMap(states).every((state) => state === TIME_WAIT || state === LISTEN),
  );
}

/** Bulk TCP from client to server: so many bytes. */
export async function bulk(hosts: Hosts, address: string, bytes: string): Promise<void> {
  const enter = (namespace: Namespace) => [`--net=${namespace.path}`, "iperf3"];
  const args = [...enter(hosts.server), "--server", "--one-off", "--port", `${PORT}`];
  const server = new Deno.Command("nsenter", { args, stdout: "null", stderr: "null" }).spawn();
  try {
    const listens = () => /:1F40 [0:]+ 0A /.test(hosts.server.read("/proc/thread-self/net/tcp6"));
    await until("iperf3 to listen", listens);
    run("nsenter", [...enter(hosts.client), "--client", address, "--port", `${PORT}`, "--bytes", bytes]);
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  } finally {
    await server.status;
  }
}
