import { deepEqual, throws } from "node:assert/strict";
import { glob, namePattern } from "../src/name_pattern.ts";

const NAMES = ["lo", "eth0", "ETH1", ".x", "a/b"];

Deno.test("namePattern() reads globs and regular expressions", () => {
  const chosen = (pattern: string) => NAMES.filter(namePattern(pattern));
  deepEqual(chosen("eth*"), ["eth0"]);
  deepEqual(chosen("{lo,eth[0-9]}"), ["lo", "eth0"]);
  deepEqual(chosen("/0$/"), ["eth0"]);
  deepEqual(chosen("*"), ["lo", "eth0", "ETH1", ".x"]);
});

Deno.test("glob() tells names apart whoever calls it back, and takes any case where it is told to", () => {
  deepEqual(NAMES.filter(glob("eth?", { ignoreCase: true })), ["eth0", "ETH1"]);
  deepEqual(NAMES.map(glob("none")), NAMES.map(() => false), "a place in a list is no option");
});

Deno.test("namePattern() refuses what cannot be read", () => {
  for (
    const pattern of ["", "x".repeat(257), "/eth", "//", "/(/", "/^e/i", "eth[0", "{a", "/" + "x".repeat(257) + "/"]
  ) {
    throws(() => namePattern(pattern), SyntaxError, pattern);
  }
});
