/** Sampling on two hosts that talk: both keep the same connections, whole, and say how many others there were. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { FlowSpan } from "../../src/export/span.ts";
import type { Ended } from "../support/agent_process.ts";
import { NetworkLab } from "../support/network_lab.ts";
import { type Random, randomTest } from "../support/random.ts";
import { sumCounted } from "../support/span_sums.ts";
import { type Hosts, openHosts, PORT, SERVER, untilQuiet } from "../support/tcp_hosts.ts";

const CONNECTIONS = 211;
const REFUSALS = 13;

const isTcp = ({ attributes }: FlowSpan) => attributes["network.transport"] === "tcp";

/** Connections that talk and end, one after the other, then some to where nobody listens. What both hosts say. */
async function talk(sampling: string): Promise<[Ended, Ended]> {
  using lab = new NetworkLab();
  const settings = Deno.makeTempFileSync({ prefix: "weirtest-", suffix: ".yaml" });
  Deno.writeTextFileSync(settings, `sampling: { ${sampling} }`);
  try {
    await using hosts = await openHosts(lab, ["--config", settings]);
    await connectAll(hosts);
    await untilQuiet(hosts);
    return await hosts.stop();
  } finally {
    Deno.removeSync(settings);
  }
}

async function connectAll({ client, server }: Hosts): Promise<void> {
  using listener = server.within(() => Deno.listen({ hostname: SERVER, port: PORT }));
  for (let i = 0; i < CONNECTIONS; i++) {
    const connecting = client.within(() => Deno.connect({ hostname: SERVER, port: PORT }));
    const [there, here] = [await connecting, await listener.accept()];
    await there.write(new Uint8Array(7));
    await here.read(new Uint8Array(7));
    there.close();
    equal(await here.read(new Uint8Array(7)), null);
    here.close();
  }
  for (let i = 0; i < REFUSALS; i++) {
    const refused = client.within(() => Deno.connect({ hostname: SERVER, port: PORT + 1 }));
    await refused.then((connection) => connection.close(), () => {});
  }
}

function communityIds({ spans }: Ended): string[] {
  return [...new Set(spans.filter(isTcp).map(({ attributes }) => `${attributes["flow.community_id"]}`))].toSorted();
}

const seedOf = (random: Random) => random.u32();

randomTest("run with a sampling rate keeps the same connections on both hosts, in both directions", async (random) => {
  const rate = 0.25;
  const ended = await talk(`rate: ${rate}, keep_failures: false, seed: ${seedOf(random)}`);
  const [kept, others] = ended.map(communityIds) as [string[], string[]];
  deepEqual(kept, others);
  const expected = (CONNECTIONS + REFUSALS) * rate;
  // five standard deviations
  const slack = 5 * Math.sqrt(expected * (1 - rate));
  ok(Math.abs(kept.length - expected) < slack, `${kept.length} kept, ${expected} expected`);
  for (const { spans, books } of ended) {
    for (const { attributes } of spans.filter(isTcp)) {
      equal(attributes["weir.sampling.rate"], rate);
      equal(attributes["weir.counted"], "both", "no direction without the other");
    }
    const { seen, sampled_out, sampled_out_flow, not_ip, counted } = books.packets;
    equal(sampled_out_flow, 0, "the kernel decides");
    ok(sampled_out > 0);
    equal(seen - not_ip, sampled_out + counted);
    equal(sumCounted(spans).packets, counted);
  }
});

randomTest(
  "run that keeps failures hands out every refused connection, and no other at a rate of 0",
  async (random) => {
    const ended = await talk(`rate: 0, keep_failures: true, seed: ${seedOf(random)}`);
    for (const { spans, books } of ended) {
      const tcp = spans.filter(isTcp);
      equal(tcp.length, REFUSALS);
      for (const { attributes } of tcp) {
        equal(attributes["destination.port"], PORT + 1);
        equal(attributes["weir.sampling.rate"], undefined, "each of them is kept");
      }
      const { sampled_out, sampled_out_flow, handed_out, counted } = books.packets;
      equal(sampled_out, 0);
      ok(sampled_out_flow >= CONNECTIONS * 7, `${sampled_out_flow} packets of connections`);
      equal(counted, sampled_out_flow + handed_out);
    }
  },
);
