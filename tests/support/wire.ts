/** A wire with an agent on one end and a generator on the other. */
import { type AgentOptions, AgentProcess } from "./agent_process.ts";
import { generate, type Sent, type TrafficOptions } from "./generator.ts";
import { type Namespace, NetworkLab } from "./network_lab.ts";

export interface Wire extends AsyncDisposable {
  /** The namespace that the agent runs in. */
  here: Namespace;
  agent: AgentProcess;
  send(traffic: Partial<TrafficOptions> & { packets: number }): Promise<Sent>;
}

export interface WireOptions extends Partial<AgentOptions> {
  /** The configuration file's text. */
  settings?: string;
  /** Has its turn in the agent's namespace before the agent starts. */
  before?(here: Namespace): Promise<void>;
}

/** Starts an agent on one end of a wire. */
export async function openWire(options: WireOptions): Promise<Wire> {
  const lab = new NetworkLab();
  const file = Deno.makeTempFileSync({ prefix: "weirtest-", suffix: ".yaml" });
  try {
    Deno.writeTextFileSync(file, options.settings ?? "{}");
    const [there, here] = [lab.namespace("there"), lab.namespace("here")];
    lab.veth(there, "far", here, "near");
    await options.before?.(here);
    const args = ["--interface", "near", "--config", file, ...options.args ?? []];
    const agent = await AgentProcess.start({ ...options, namespace: here, args });
    return {
      agent,
      here,
      send: (traffic) => generate({ interface: "far", namespace: there.name, rate: 100_000, ...traffic }),
      async [Symbol.asyncDispose]() {
        await agent[Symbol.asyncDispose]();
        lab[Symbol.dispose]();
        Deno.removeSync(file);
      },
    };
  } catch (error) {
    lab[Symbol.dispose]();
    throw error;
  }
}
