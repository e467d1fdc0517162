/** Files that others replace. */
import assert from "node:assert/strict";
import { ChangingFile } from "../src/changing_file.ts";
import { UsageError } from "../src/errors.ts";
import { inFolder } from "./support/folder.ts";

Deno.test("ChangingFile counts what changed, not what was only written again", async () => {
  await inFolder((folder) => {
    const path = `${folder}/cert`;
    Deno.writeTextFileSync(path, "one");
    const file = new ChangingFile(path, "certificate");
    assert.deepEqual([file.read(), file.version], ["one", 0]);
    Deno.writeTextFileSync(`${path}.new`, "one");
    Deno.renameSync(`${path}.new`, path);
    assert.deepEqual([file.read(), file.version], ["one", 0]);
    Deno.writeTextFileSync(`${path}.new`, "two");
    Deno.renameSync(`${path}.new`, path);
    assert.deepEqual([file.read(), file.version], ["two", 1]);
  });
});

Deno.test("ChangingFile follows a link to another folder, as a projected volume changes", async () => {
  await inFolder((folder) => {
    for (const name of ["a", "b"]) {
      Deno.mkdirSync(`${folder}/${name}`);
      Deno.writeTextFileSync(`${folder}/${name}/token`, name);
    }
    Deno.symlinkSync("a", `${folder}/data`);
    const file = new ChangingFile(`${folder}/data/token`, "token");
    Deno.symlinkSync("b", `${folder}/new`);
    Deno.renameSync(`${folder}/new`, `${folder}/data`);
    assert.equal(file.read(), "b");
  });
});

Deno.test("ChangingFile refuses at first what it takes for no change later: nothing, emptiness, too much, a folder", async () => {
  await inFolder((folder) => {
    const cases: Array<[string, () => void, RegExp]> = [
      ["none", () => {}, /No such file/],
      ["empty", () => Deno.writeTextFileSync(`${folder}/empty`, " \n"), /it is empty/],
      ["large", () => Deno.writeFileSync(`${folder}/large`, new Uint8Array(1_048_577)), /it has 1048577 bytes/],
      ["folder", () => Deno.mkdirSync(`${folder}/folder`), /it is no file/],
    ];
    for (const [name, make, why] of cases) {
      make();
      assert.throws(() => new ChangingFile(`${folder}/${name}`, "token"), (error: Error) => {
        assert(error instanceof UsageError);
        assert.match(error.message, new RegExp(`^Cannot read the token ${folder}/${name}: `));
        assert.match(error.message, why);
        return true;
      });
    }
  });
});
