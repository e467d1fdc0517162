/** The filter of a running agent replaced under traffic, on both kinds of hook, without losing or doubling a packet. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { Agent } from "../../src/agent.ts";
import { flowProgramImage, tableModule } from "../../src/artifacts.ts";
import { type Books, booksJson, checkBooks } from "../../src/books.ts";
import { chooseInterfaces, openLibbpf, openNamespace } from "../../src/capture/mod.ts";
import type { TableOptions } from "../../src/count/mod.ts";
import { hostMeaning } from "../../src/enrich/mod.ts";
import { CountingExporter } from "../../src/export/mod.ts";
import { pageBytes } from "../../src/libc.ts";
import { assertFinalBooks, assertNothingLost, type BooksFile } from "../support/books_file.ts";
import { filterOf, type WrittenFilter } from "../support/filters.ts";
import { TABLE_DEFAULTS } from "../support/flow_lab.ts";
import { generate, type Sent } from "../support/generator.ts";
import { type Namespace, NetworkLab } from "../support/network_lab.ts";

const MODES = ["tcx", "tc"] as const;
const DEADLINE_MS = 15_000;
const FLOWS = 101;

interface Wire extends AsyncDisposable {
  agent: Agent;
  there: Namespace;
  here: Namespace;
}

/** An agent of this process on one end of a wire. */
function openWire(mode: typeof MODES[number], table: Partial<TableOptions> = {}): Wire {
  const lab = new NetworkLab();
  const [there, here] = [lab.namespace("there"), lab.namespace("here")];
  lab.veth(there, "far", here, "near");
  const kernel = openLibbpf();
  const agent = new Agent({
    kernel,
    image: flowProgramImage(),
    module: tableModule(),
    namespace: openNamespace(here.path),
    interfaces: chooseInterfaces(["near"]),
    mode,
    order: "first",
    priority: 1,
    memory: { cpuCount: kernel.features().possibleCpus, pageBytes: pageBytes(), flowsMax: 10_007 },
    table: { ...TABLE_DEFAULTS, ...table },
    meaningOf: hostMeaning(() => false),
    exporters: [new CountingExporter()],
  });
  return {
    agent,
    there,
    here,
    async [Symbol.asyncDispose]() {
      if (agent.state === "running") agent.abandon();
      await agent.close();
      lab[Symbol.dispose]();
    },
  };
}

async function finalBooks(agent: Agent): Promise<Books> {
  await agent.stop(DEADLINE_MS);
  const books = await agent.auditBooks();
  const file = booksJson(books) as unknown as BooksFile;
  assertFinalBooks(file);
  assertNothingLost(file);
  deepEqual((await agent.audit()).map(({ verdict }) => verdict), ["equal"]);
  return books;
}

/** The generator's packets are UDP, from 10.77.0.1 and ports from 10000 on, to 198.18.0.1:4242. */
const FILTERS: ReadonlyArray<{ written: WrittenFilter; lets: boolean }> = [
  { written: { source: { address: { not_match: ["10.77.0.0/16"] } } }, lets: true },
  { written: { source: { address: { not_match: ["10.0.0.0/8", "198.18.0.0/15"] } } }, lets: false },
  { written: {}, lets: true },
  { written: { destination: { port: { match: ["443", "4000-5000"] } } }, lets: true },
  { written: { destination: { port: { match: ["443"] } } }, lets: false },
  { written: { network: { transport: { match: ["tcp"] } } }, lets: false },
  { written: { network: { transport: { match: ["UDP"] } } }, lets: true },
  { written: { network: { interface_name: { not_match: ["ne*"] } } }, lets: false },
  { written: { network: { interface_name: { match: ["near"] } } }, lets: true },
  { written: { network: { type: { match: ["ipv6"] } } }, lets: false },
  { written: { destination: { address: { match: ["198.18.0.1"] } } }, lets: true },
];

/** Those that the kernel decides wholly: two keep everything out, two nothing. */
const WHOLE = [1, 2, 7, 10].map((place) => FILTERS[place]!.written);

for (const mode of MODES) {
  Deno.test(`useFilter() has effect from the next packet on, by ${mode}`, async () => {
    await using wire = openWire(mode);
    const { agent, there } = wire;
    // an address that can be either end passes the kernel, which does not know who began
    const inKernel = ({ source }: WrittenFilter) => source?.address?.not_match?.length !== 1;
    let [expectedFiltered, expectedSeen] = [0n, 0n];
    for (const [i, { written, lets }] of FILTERS.entries()) {
      agent.useFilter(filterOf(written));
      const { packets } = await generate({
        interface: "far",
        namespace: there.name,
        packets: 211 + i,
        flows: 7,
        rate: 20_000,
      });
      expectedSeen += BigInt(packets);
      if (!lets && inKernel(written)) expectedFiltered += BigInt(packets);
      const { kernel } = await agent.auditBooks();
      equal(kernel.filtered.packets, expectedFiltered, JSON.stringify(written));
      equal(kernel.seen.packets, expectedSeen, JSON.stringify(written));
    }
    const strays = agent.strays().filter(({ term }) => term === "filtered");
    deepEqual(strays.map(({ hook, frames }) => [hook, frames]), [["ingress", expectedFiltered]]);
    const { table } = await finalBooks(agent);
    // no flow was over before the last filter, which lets all pass that was counted
    equal(table.filtered_flow.packets, 0n);
    equal(table.handed_out.packets, expectedSeen - expectedFiltered);
  });

  Deno.test(`useFilter() under traffic leaves the books closed to the packet, by ${mode}`, async () => {
    await using wire = openWire(mode, { udpTimeoutMs: 211 });
    const { agent, there } = wire;
    const packets = 200_003;
    const args = ["run", "-q", "-A", new URL("../support/generator.ts", import.meta.url).pathname];
    const traffic = ["--interface", "far", "--namespace", there.name, "--flows", `${FLOWS}`, "--rate", "50000"];
    const generator = new Deno.Command(Deno.execPath(), {
      args: [...args, ...traffic, "--packets", `${packets}`, "--json"],
      stdout: "piped",
    }).spawn();
    let isOver = false;
    const output = generator.output().finally(() => isOver = true);
    let replaced = 0;
    while (!isOver) {
      agent.useFilter(filterOf(WHOLE[replaced++ % WHOLE.length]!));
      await new Promise((resolve) => setTimeout(resolve, 53));
      const open = checkBooks(await agent.auditBooks()).filter(({ closed }) => !closed);
      deepEqual(open, []);
    }
    const sent: Sent = JSON.parse(new TextDecoder().decode((await output).stdout));
    equal(sent.packets, packets);
    // on a busy machine all of that may have met one filter: these meet both kinds
    const few = { interface: "far", namespace: there.name, packets: 101 };
    for (const written of [FILTERS[1]!.written, {}]) {
      agent.useFilter(filterOf(written));
      await generate(few);
    }
    const total = BigInt(packets + 2 * few.packets);
    const { kernel, table } = await finalBooks(agent);
    equal(kernel.seen.packets, total);
    ok(kernel.filtered.packets > 0n && table.handed_out.packets > 0n, "both came up");
    ok(replaced > WHOLE.length, `${replaced} replacements`);
  });
}
