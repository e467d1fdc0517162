import { deepEqual, equal, match, throws } from "node:assert/strict";
import { InvalidArgumentError } from "commander";
import { booksText, type BooksView } from "../../src/verbs/books.ts";
import { collect, parseDuration, parsePort, parseWhole } from "../../src/verbs/parse_option.ts";
import { alignRows } from "../../src/verbs/table.ts";
import { booksView } from "../../src/serve/views.ts";
import { amount, FakeAgent } from "../support/fake_agent.ts";

async function view(fake: FakeAgent): Promise<BooksView> {
  return JSON.parse(JSON.stringify(await booksView(fake)));
}

Deno.test("alignRows() pads columns to their widest cell, numbers on the left, and no line's end", () => {
  equal(
    alignRows([["name", "n", ""], ["a", "1009", "x"], ["longer", "7", ""]], new Set([1])),
    [
      "name       n",
      "a       1009  x",
      "longer     7",
    ].join("\n"),
  );
  equal(alignRows([["one"]]), "one");
});

Deno.test("booksText() has a row for every term, exporters' and losses' under their names", async () => {
  const text = booksText(await view(new FakeAgent()));
  const row = (name: string) => text.split("\n").find((line) => line.startsWith(`${name} `))?.split(/ +/).slice(1);
  deepEqual(row("seen"), ["103", "103", "11021", "11021"]);
  deepEqual(row("lost.ring_full"), ["2", "2", "214", "214"]);
  deepEqual(row("exporters.json.exported"), ["79", "79", "8453", "8453"]);
  deepEqual(row("exporters.json.lost_export.output_closed"), ["4", "4", "428", "428"]);
  match(text, /\nclosed: every equation holds$/);
});

Deno.test("booksText() says which equation does not hold, with both sides", async () => {
  const fake = new FakeAgent();
  const books = fake.books();
  books.table.held = amount(5);
  fake.auditBooks = () => Promise.resolve(books);
  const text = booksText(await view(fake));
  match(text, /\nNOT CLOSED: counted in packets: 89 is not 88 \(± 0\)\n/);
  equal(text.match(/NOT CLOSED/g)?.length, 4, "in every measure");
  equal(text.includes("every equation holds"), false);
});

Deno.test("booksText() lists strays and what the auditor says", async () => {
  const fake = new FakeAgent();
  fake.strayList = [
    { ifindex: 7, hook: "ingress", term: "not_ip", ethertype: 0x806, ethertypeName: "arp", frames: 3n, bytes: 126n },
  ];
  const [deviceFramesLeast, deviceFramesMost] = [11n, 13n];
  const device = { deviceFramesLeast, deviceFramesMost, deviceBytesLeast: 0n, deviceBytesMost: 0n };
  fake.auditLines = [
    { interface: "eth0", ifindex: 7, frames: 12n, bytes: 0n, ...device, verdict: "equal", cause: "" },
    {
      interface: "eth1",
      ifindex: 8,
      frames: 2n,
      bytes: 0n,
      ...device,
      verdict: "explained",
      cause: "bouncer in front",
    },
  ];
  const text = booksText(await view(fake));
  match(text, /\nframes that became no flow:\ninterface .*\neth0 +ingress +not_ip +arp +3 +126\n/);
  match(text, /\neth0 +12 +11–13 +equal\neth1 +2 +11–13 +explained +bouncer in front$/);
});

Deno.test("parseDuration(), parsePort(), parseWhole() and collect() read options' values, or say what is wanted", () => {
  equal(parseDuration("1m30s"), 90_000);
  equal(parseDuration("24d"), 24 * 86_400_000);
  for (const text of ["0s", "5", "25d", ""]) throws(() => parseDuration(text), InvalidArgumentError);
  deepEqual(["0", "8080", "65535"].map(parsePort), [0, 8_080, 65_535]);
  for (const text of ["-1", "65536", "80a", "", "1e3", "0x50", " 80"]) {
    throws(() => parsePort(text), InvalidArgumentError);
  }
  equal(parseWhole(1, 9)("9"), 9);
  for (const text of ["0", "10", "1.5", "", "-1"]) throws(() => parseWhole(1, 9)(text), /from 1 to 9 is wanted/);
  throws(() => parseWhole(3)("2"), /a whole number from 3 is wanted/);
  deepEqual(collect("b", collect("a")), ["a", "b"]);
});
