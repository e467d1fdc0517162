import { deepEqual } from "node:assert/strict";
import type { Answer } from "../../../src/export/sender.ts";
import { answerToStatus } from "../../../src/export/otlp/grpc_status.ts";

function outcomeOf(code: number): Answer {
  return answerToStatus({ code, message: "why", details: undefined }, (reason, detail) => {
    return { outcome: "rejected", reason, detail };
  });
}

Deno.test("answerToStatus() has a reason for each code there is, and one for all that there are not", () => {
  deepEqual(outcomeOf(3), { outcome: "rejected", reason: "grpc_3", detail: "gRPC 3 why" });
  deepEqual(outcomeOf(16), { outcome: "rejected", reason: "grpc_16", detail: "gRPC 16 why" });
  for (const code of [17, -1, 1e9, 3.5, NaN]) {
    deepEqual(outcomeOf(code), { outcome: "rejected", reason: "grpc_2", detail: `gRPC ${code} why` });
  }
});
