/** The benches work: a quick run of all of them, whose figures nobody believes. */
import assert from "node:assert/strict";

const RUN = new URL("./bench/run.ts", import.meta.url).pathname;

async function bench(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-q", "-A", RUN, ...args] });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** All but that of Kubernetes, which wants an API server: tests/cluster/bench.ts has it. */
const PARTS = [
  "kernel",
  "filter",
  "table",
  "steps",
  "community_id",
  "export",
  "export_memory",
  "outage",
  "whole_path",
  "footprint",
];

Deno.test("bench measures every part, prints a table and writes its figures", async () => {
  const file = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    const { code, stdout, stderr } = await bench(...PARTS, "--smoke", "--json", file);
    assert.equal(code, 0, stderr);
    const { figures, kernel, deno } = JSON.parse(Deno.readTextFileSync(file));
    assert.equal(deno, Deno.version.deno);
    assert.equal(kernel, Deno.osRelease());
    const parts = new Set(figures.map(({ name }: { name: string }) => name.split(",")[0]));
    assert.deepEqual([...parts], PARTS.map((part) => part.replaceAll(/(?<!community)_/g, " ")));
    for (const { name, value } of figures) {
      assert(Number.isFinite(value) && value >= 0, `${name} is ${value}`);
      assert(stdout.includes(name), `${name} is in the table`);
    }
    for (const measure of ["frames", "packets"]) {
      const off = figures.find(({ name }: { name: string }) => name.endsWith(`${measure} not counted`));
      assert.deepEqual([off.value, off.reached], [0, true], off.name);
    }
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("bench names the parts there are when asked for another", async () => {
  const { code, stderr } = await bench("tabel");
  assert.notEqual(code, 0);
  assert.match(stderr, /Unknown argument "tabel": parts are kernel, filter, table/);
});
