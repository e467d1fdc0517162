import assert from "node:assert/strict";
import { assertAgreement } from "../support/agreement.ts";
import { judge } from "../support/oracle.ts";
import { type Outcome, ProgramProbe } from "../support/program_probe.ts";
import type { SlotView } from "../support/slot_view.ts";
import { IPV4_ROWS } from "./ipv4_rows.ts";
import { IPV6_ROWS } from "./ipv6_rows.ts";
import { LINK_ROWS } from "./link_rows.ts";
import type { ParseRow } from "./parse_row.ts";
import { TRANSPORT_ROWS } from "./transport_rows.ts";

/** What the row itself says of its frame. */
function assertRow(row: ParseRow, outcome: Outcome): void {
  assert.equal(outcome.malformed, row.malformed);
  assert.equal(outcome.term, row.malformed ? "malformed" : row.notIp === undefined ? "accounted" : "not_ip");
  if (!row.flow) return;
  const { slot } = outcome;
  assert.ok(slot, "a flow has a slot");
  const fields = Object.keys(row.flow) as Array<keyof SlotView>;
  assert.deepEqual(Object.fromEntries(fields.map((field) => [field, slot[field]])), row.flow);
}

const GROUPS = { "link layers": LINK_ROWS, "IPv4": IPV4_ROWS, "IPv6": IPV6_ROWS, "transport layers": TRANSPORT_ROWS };

for (const [what, rows] of Object.entries(GROUPS)) {
  Deno.test(`flow program parses ${what}`, async (t) => {
    using probe = new ProgramProbe();
    for (const row of rows) {
      await t.step(row.name, () => {
        const how = row.replay ?? {};
        const outcome = probe.feed(row.frame, how);
        assertRow(row, outcome);
        // as long on the wire as it would be with an Ethernet header
        const trueBytes = (how.frameBytes ?? row.frame.length) - (how.linkBytes ?? 14) + 14;
        const verdict = judge(row.frame, { trueBytes, offloaded: true });
        assertAgreement(outcome, verdict);
        if (row.notIp !== undefined) assert.deepEqual(verdict, { term: "not_ip", ethertype: row.notIp });
      });
    }
  });
}

Deno.test("flow program parses alike whether replayed or live", async (t) => {
  using probe = new ProgramProbe({ programs: ["weir_ingress", "weir_egress"] });
  for (const row of Object.values(GROUPS).flat().filter((row) => !row.replay)) {
    await t.step(row.name, () => {
      probe.forget();
      for (const program of ["weir_ingress", "weir_egress"]) {
        const outcome = probe.run(program, row.frame);
        assert.equal(outcome.malformed, row.malformed);
        assertAgreement(outcome, judge(row.frame, { trueBytes: outcome.bytes }));
      }
    });
  }
});
