import { deepEqual, equal, match } from "node:assert/strict";
import { createRoutes, type RouteOptions } from "../../src/serve/routes.ts";
import type { FlowRecord } from "../../src/flow_record.ts";
import type { FlowSpan } from "../../src/export/span.ts";
import { LiveSettings, loadSettings } from "../../src/settings/mod.ts";
import { plainSettings } from "../../src/settings/plain_settings.ts";
import { FakeAgent, fakeExporter, watchedDevice } from "../support/fake_agent.ts";

function open(names?: RouteOptions["names"]) {
  const fake = new FakeAgent();
  const spanOf = (record: FlowRecord) => ({ name: String(record) }) as FlowSpan;
  const settings = new LiveSettings(plainSettings([])!, {
    load: (set) => loadSettings({ flags: set }),
    apply: () => Promise.resolve(),
  });
  const traceImage = () => new Uint8Array();
  const isBpfFsWritable = () => true;
  const app = createRoutes({
    agent: fake.agent,
    version: "9.8.7",
    spanOf,
    recentSpanOf: spanOf,
    isBpfFsWritable,
    traceImage,
    settings,
    names,
  });
  const get = async (path: string, local = true, method = "GET", socket = false) => {
    const response = await app.fetch(new Request(`http://weir${path}`, { method }), { local, socket });
    return { status: response.status, body: await response.text(), type: response.headers.get("content-type") };
  };
  return { fake, app, get };
}

Deno.test("createRoutes() answers health with ok, to everybody", async () => {
  const { get } = open();
  for (const path of ["/livez", "/readyz", "/startup"]) {
    const { status, body, type } = await get(path, false);
    deepEqual([status, body], [200, "ok"], path);
    match(type!, /^text\/plain/);
  }
});

Deno.test("createRoutes() says what is wrong where health is not, and every check with ?verbose", async () => {
  const { fake, get } = open();
  fake.watched = [watchedDevice(7, "eth0", { problem: "Device or resource busy" })];
  delete fake.watched[0]!.attachment;
  fake.exporters = [Object.assign(fakeExporter("json"), { ok: false })];
  deepEqual(await get("/readyz", false), {
    status: 503,
    body: "interfaces: attached to 0, failed on 1\nexporter json: is blocked\n",
    type: "text/plain; charset=UTF-8",
  });
  const { status, body } = await get("/readyz?verbose", false);
  equal(status, 503);
  match(body, /^\[\+\] state: running\n\[\+\] collector: .*\n\[-\] interfaces: .*\n\[-\] exporter json: .*\nfailed\n$/);
  match((await get("/livez?verbose")).body, /^\[\+\] collector: .*\nok\n$/);
});

Deno.test("createRoutes() tells of flows, books and itself only to this machine", async () => {
  const { get } = open();
  for (const path of ["/flows", "/books", "/status", "/flows?limit=3"]) {
    equal((await get(path, false)).status, 403, path);
    equal((await get(path, false, "HEAD")).status, 403, path);
    equal((await get(path)).status, 200, path);
  }
  for (const path of ["/", "/flows/", "/books/x", "/livez/x", "/metrics", "//books", "/FLOWS", "/%62ooks/"]) {
    equal((await get(path, false)).status, 404, path);
  }
  equal((await get("/%62ooks", false)).status !== 200, true, "another spelling of the path is no way round");
  equal((await get("/books", true, "POST")).status, 404);
});

Deno.test("createRoutes() gives as many flows as it is asked for, and says how many there are", async () => {
  const { fake, get } = open();
  fake.flows = Array.from({ length: 1_013 }, (_, i) => i) as unknown as FlowRecord[];
  const flows = async (path: string) => JSON.parse((await get(path)).body) as { total: number; flows: FlowSpan[] };
  equal((await flows("/flows")).flows.length, 1_000);
  equal((await flows("/flows")).total, 1_013);
  deepEqual((await flows("/flows?limit=2")).flows, [{ name: "0" }, { name: "1" }]);
  equal((await flows("/flows?limit=0")).flows.length, 0);
  equal((await flows("/flows?limit=100000")).flows.length, 1_013);
  for (const limit of ["-1", "1.5", "x", "100001", "Infinity"]) {
    const { status, body } = await get(`/flows?limit=${limit}`);
    equal(status, 400, limit);
    match(body, /limit must be a whole number from 0 to 100000/);
  }
});

Deno.test("createRoutes() gives the books with their equations, audit, strays and reasons", async () => {
  const { fake, get } = open();
  fake.strayList = [
    { ifindex: 7, hook: "ingress", term: "not_ip", ethertype: 0x806, ethertypeName: "arp", frames: 3n, bytes: 126n },
    { ifindex: 9, hook: "egress", term: "not_ip", ethertype: 0x806, ethertypeName: "arp", frames: 1n, bytes: 42n },
  ];
  const books = JSON.parse((await get("/books")).body);
  equal(books.packets.seen, 103);
  equal(books.packets.lost.ring_full, 2);
  equal(books.bytes.exporters.json.exported, 79 * 107);
  equal(books.closed, true);
  equal(books.equations.length, 4 * 5);
  deepEqual(books.strays[0], {
    interface: "eth0",
    hook: "ingress",
    term: "not_ip",
    ethertype: 0x806,
    ethertypeName: "arp",
    frames: 3,
    bytes: 126,
  });
  equal(books.strays[1].interface, "#9", "a device that is gone has its index for a name");
  equal(books.malformed.tcp_header_length, 9);
  deepEqual(books.records.json, { queued: 0, exported: 11, lost: { output_closed: 3 } });
});

Deno.test("createRoutes() gives the status with devices that are there, and their problems", async () => {
  const { fake, get } = open();
  fake.watched.push(watchedDevice(8, "old0", { goneAtMs: 1 }), watchedDevice(9, "ib0", { problem: "no" }));
  delete fake.watched[2]!.attachment;
  const status = JSON.parse((await get("/status")).body);
  equal(status.version, "9.8.7");
  equal(status.state, "running");
  equal(status.started, new Date(fake.startedAtMs).toISOString());
  deepEqual(
    status.interfaces.map(({ name, attached, problem }: Record<string, unknown>) => [name, attached, problem]),
    [["eth0", "tcx", null], ["ib0", null, "no"]],
  );
  equal(status.table.flowsMax, 1_009);
});

Deno.test("createRoutes() explains a flow that there is not by the protocol that was asked for", async () => {
  const asked: number[] = [];
  const names = { explain: ({ protocol }: { protocol: number }) => void asked.push(protocol) };
  const { get } = open(names as unknown as RouteOptions["names"]);
  for (const flow of ["10.0.0.1 10.0.0.2:53 udp", "10.0.0.1 10.0.0.2:53", "10.0.0.1 10.0.0.2 sctp"]) {
    equal((await get(`/explain?flow=${encodeURIComponent(flow)}`)).status, 200, flow);
  }
  deepEqual(asked, [17, 6, 132]);
  const { status, body } = await get("/explain?flow=10.0.0.1+10.0.0.2+tpc");
  deepEqual([status, body.slice(0, 25)], [400, "Cannot use protocol tpc: "]);
});

Deno.test("createRoutes() says why it does not take settings, and takes them over the socket only", async () => {
  const { app } = open();
  const post = async (body: BodyInit, headers: Record<string, string>, socket = true) => {
    const request = new Request("http://weir/settings", { method: "POST", body, headers });
    const response = await app.fetch(request, { local: true, socket });
    return [response.status, (await response.text()).trim()];
  };
  const set = '{"span.tcp_timeout":"31s"}';
  const sized = { "content-length": String(set.length) };
  deepEqual(await post(set, sized, false), [403, "only over the agent's socket"]);
  deepEqual(await post(set, {}), [400, "Cannot set anything: a request with its Content-Length is wanted"]);
  deepEqual(await post(set, { "content-length": "65537" }), [
    400,
    "Cannot set that much at once: 65536 bytes are possible",
  ]);
  deepEqual(await post("[", sized), [400, "Cannot set anything: an object of JSON is wanted"]);
  deepEqual(await post('{"a":1}', sized), [400, 'Cannot set anything: {"key": "text"} is wanted']);
  deepEqual(await post(set, sized), [200, '{"changed":["span.tcp_timeout"],"wantsRestart":[]}']);
});
