import { equal, ok, throws } from "node:assert/strict";
import { assert, EnvironmentError, KernelError, UsageError } from "../src/errors.ts";

Deno.test("assert() throws for what is not so, and says whose mistake that is", () => {
  assert(1 + 1 === 2, "numbers work");
  throws(() => assert(false, "left is right"), { message: "Broken invariant: left is right" });
});

Deno.test("KernelError carries errno, the verifier's words and its cause, or nothing", () => {
  const cause = new Error("deeper");
  const error = new KernelError("Cannot load", { errno: 22, verifierLog: "R1 invalid", cause });
  equal(error.name, "KernelError");
  equal(error.errno, 22);
  equal(error.verifierLog, "R1 invalid");
  equal(error.cause, cause);
  const bare = new KernelError("Cannot load");
  equal(bare.errno, 0);
  equal(bare.verifierLog, "");
});

Deno.test("UsageError and EnvironmentError are told apart by class and by name", () => {
  ok(!(new UsageError("x") instanceof EnvironmentError));
  equal(new UsageError("x").name, "UsageError");
  equal(new EnvironmentError("x").name, "EnvironmentError");
});
