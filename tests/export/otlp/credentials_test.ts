/** Who asks, as HTTP says it, from secrets that may change. */
import assert from "node:assert/strict";
import { ChangingFile } from "../../../src/changing_file.ts";
import { UsageError } from "../../../src/errors.ts";
import { Credentials, givenSecret } from "../../../src/export/otlp/credentials.ts";

Deno.test("Credentials writes bearer and basic as RFC 6750 and RFC 7617 have them", () => {
  assert.equal(Credentials.bearer(givenSecret("t0k")).header(), "Bearer t0k");
  assert.equal(
    Credentials.basic("Aladdin", givenSecret("open sesame")).header(),
    "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
  );
  assert.equal(Credentials.basic("ü", givenSecret("ß")).header(), "Basic w7w6w58=", "UTF-8 (RFC 7617, 2.1)");
});

Deno.test("Credentials refuses a token that no header can carry", () => {
  for (const token of ["a\nb", "a\0", "a\u2028"]) {
    assert.throws(() => Credentials.bearer(givenSecret(token)), UsageError, token);
  }
});

Deno.test("Credentials shows a file's secret of now, and the last one while there is none", () => {
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  try {
    const path = `${folder}/token`;
    Deno.writeTextFileSync(path, "first\n");
    const credentials = Credentials.bearer(new ChangingFile(path, "token"));
    assert.equal(credentials.header(), "Bearer first");
    Deno.writeTextFileSync(`${path}.new`, "second");
    Deno.renameSync(`${path}.new`, path);
    assert.equal(credentials.header(), "Bearer second");
    Deno.removeSync(path);
    assert.equal(credentials.header(), "Bearer second");
    Deno.writeTextFileSync(path, "");
    assert.equal(credentials.header(), "Bearer second", "a file that is being written says nothing");
    Deno.writeTextFileSync(path, "third");
    assert.equal(credentials.header(), "Bearer third");
    Deno.writeTextFileSync(path, "s3cret\nfifth");
    assert.throws(() => credentials.header(), (error) => {
      return error instanceof UsageError && !error.message.includes("s3cret");
    });
    Deno.writeTextFileSync(path, "sixth!");
    assert.equal(credentials.header(), "Bearer sixth!");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
