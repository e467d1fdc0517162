import { deepEqual, equal, throws } from "node:assert/strict";
import { chooseInterfaces, isLiteral } from "../../src/capture/interfaces.ts";
import { UsageError } from "../../src/errors.ts";

const NAMES = ["lo", "eth0", "eth1", "eth10", "enp3s0", "veth12ab", "cni0", "br-lan", "eth0.100", ".hidden", "wg@x"];

function chosen(...patterns: string[]): string[] {
  return NAMES.filter(chooseInterfaces(patterns));
}

Deno.test("chooseInterfaces() takes every name when it is given none", () => {
  deepEqual(chosen(), NAMES);
});

Deno.test("chooseInterfaces() reads names and globs", () => {
  deepEqual(chosen("eth0"), ["eth0"]);
  deepEqual(chosen("eth?"), ["eth0", "eth1"]);
  deepEqual(chosen("eth[02-9]", "lo"), ["lo", "eth0"]);
  deepEqual(chosen("{lo,br-*}"), ["lo", "br-lan"]);
  deepEqual(chosen("*"), NAMES, "a name that begins with a dot, too");
  deepEqual(chosen("ETH0"), []);
});

Deno.test("chooseInterfaces() reads regular expressions between slashes", () => {
  deepEqual(chosen("/^e(th|np)\\d/"), ["eth0", "eth1", "eth10", "enp3s0", "eth0.100"]);
  deepEqual(chosen("/0$/"), ["eth0", "eth10", "enp3s0", "cni0", "eth0.100"]);
});

Deno.test("chooseInterfaces() excludes what stands behind an exclamation mark, wherever it stands", () => {
  deepEqual(chosen("!lo", "!/eth/"), ["enp3s0", "cni0", "br-lan", ".hidden", "wg@x"]);
  deepEqual(chosen("!eth1", "eth*"), ["eth0", "eth10", "eth0.100"]);
  deepEqual(chosen("eth1", "!eth1"), []);
});

Deno.test("chooseInterfaces() refuses patterns that cannot be read, by name", () => {
  const bad: Array<[string, RegExp]> = [
    ["", /pattern ""/],
    ["!", /pattern ""/],
    ["x".repeat(257), /1 to 256 characters/],
    ["/eth(/", /pattern \/eth\(\/: /],
    ["!/[/", /pattern \/\[\/: /],
    ["/eth0", /pattern \/eth0: .*ends with a slash/],
    ["eth[0", /pattern eth\[0: /],
    ["{eth0", /pattern \{eth0: /],
  ];
  for (const [pattern, message] of bad) {
    throws(
      () => chooseInterfaces([pattern]),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
      pattern,
    );
  }
});

Deno.test("isLiteral() knows a name from a pattern", () => {
  for (const name of ["lo", "eth0.100", "br-lan", "wg@x", "veth12ab", "a:1"]) equal(isLiteral(name), true, name);
  for (const pattern of ["eth*", "/lo/", "!lo", "{a,b}", "eth?", "eth[0]", ""]) {
    equal(isLiteral(pattern), false, pattern);
  }
});
