/** An agent that is told everything by a file and its environment. */
import { deepEqual, equal, match } from "node:assert/strict";
import { AgentProcess } from "../support/agent_process.ts";
import { NetworkLab, run, until } from "../support/network_lab.ts";

const CONFIGURATION = `
discovery "instrument" {
  interfaces = ["lo"]
}
span {
  udp_timeout       = "1s"
  community_id_seed = env("SEED", "7")
}
export "traces" {
  stdout = "json"
}
features "protocol_detection" {
  enabled = true
}
pipeline {
  flow_producer {
    workers = 4
  }
}
`;

Deno.test("weir run does what an HCL file says, and says once what it does not do", async () => {
  using lab = new NetworkLab();
  const host = lab.namespace("configured");
  const folder = await Deno.makeTempDir({ prefix: "weirtest-" });
  try {
    await Deno.writeTextFile(`${folder}/weir.hcl`, CONFIGURATION);
    await using agent = await AgentProcess.start({
      namespace: host,
      args: ["-c", `${folder}/weir.hcl`, "--log-format", "json"],
    });
    run("nsenter", [`--net=${host.path}`, "bash", "-c", "echo weir > /dev/udp/127.0.0.1/1009"]);
    await until(
      "the flow to end by the file's timeout",
      () => agent.output.includes('"destination.port":1009'),
      20_000,
    );
    const { code, spans, log } = await agent.stop();
    equal(code, 0);
    const span = spans.find(({ attributes }) => attributes["destination.port"] === 1_009)!;
    equal(span.attributes["flow.end_reason"], "idle timeout");
    const notices = log.split("\n").filter((line) => line.includes("has no effect")).map((line) => JSON.parse(line));
    deepEqual(notices.map(({ level, place }) => [level, place]), [
      ["info", `${folder}/weir.hcl:13:3`],
      ["info", `${folder}/weir.hcl:17:5`],
    ]);
    match(notices[0].message, /features\.protocol_detection\.enabled has no effect yet: protocols are not detected$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
