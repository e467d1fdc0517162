/**
 * Builds the image and tests it. Files are named without _test, so that `deno task test` does not wait for an image to
 * be built.
 *
 *     deno task test:image [ARGUMENTS OF deno test …]
 */
const FILES = ["image.ts", "service.ts"].map((name) => new URL(name, import.meta.url).pathname);

const args = ["test", "-A", "--quiet", ...FILES, ...Deno.args];
const { code } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).spawn().status;
Deno.exit(code);
