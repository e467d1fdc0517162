/** packaging/weir.service, on a machine with systemd. */
import { equal, match, ok } from "node:assert/strict";
import { generate } from "../support/generator.ts";
import { SystemdMachine } from "../support/image/systemd_machine.ts";
import { weirImage } from "../support/image/weir_image.ts";
import { NetworkLab, until } from "../support/network_lab.ts";

const UNIT = new URL("../../packaging/weir.service", import.meta.url).pathname;
const EXPOSURE_MOST = 2.5;

Deno.test("weir.service runs with three capabilities, counts, stops with closed books, and refuses mistakes", async () => {
  const image = await weirImage();
  using lab = new NetworkLab();
  const [host, peer] = [lab.namespace("host"), lab.namespace("peer")];
  lab.veth(host, "eth0", peer, "eth0", "10.77.0.9/24", "10.77.0.1/24");
  await using machine = await SystemdMachine.start(image, host.path);
  await machine.copy(UNIT, "/etc/systemd/system/weir.service");
  equal(await machine.run("systemd-analyze", "verify", "weir.service"), "");
  const security = await machine.run("systemd-analyze", "security", "weir.service", "--offline=yes");
  const [, exposure] = /Overall exposure level for weir\.service: ([\d.]+)/.exec(security) ?? [];
  ok(Number(exposure) <= EXPOSURE_MOST, security.split("\n").at(-1)!);

  await machine.write("/etc/weir/weir.hcl", 'discovery "instrument" {\n  interfaces = ["eth*"]\n}\n');
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "start", "weir");
  const wget = () => machine.run("wget", "-q", "-O-", "http://localhost:8080/readyz").catch(() => "");
  await until("it to be ready", async () => (await wget()).trim() === "ok", 30_000);
  const capabilities = await machine.run("sh", "-c", "grep CapBnd /proc/$(systemctl show -P MainPID weir)/status");
  match(capabilities, /CapBnd:\s+000000c000001000$/, "BPF 39, PERFMON 38, NET_ADMIN 12");
  const destinationMac = host.link("eth0").mac;
  const sent = await generate({
    interface: "eth0",
    namespace: peer.name,
    destinationMac,
    packets: 1_009,
    rate: 10_000,
  });
  match(await machine.run("weir", "status"), /eth0 .*tcx/);
  await machine.run("systemctl", "stop", "weir");
  const log = await machine.run("journalctl", "-u", "weir", "-o", "cat", "--no-pager");
  const [, packets] = /Stopped: (\d+) packets seen, .*books closed/.exec(log) ?? [];
  ok(Number(packets) >= sent.packets, log.split("\n").at(-1)!);

  await machine.write("/etc/weir/weir.hcl", "spam {}\n");
  await machine.run("systemctl", "start", "weir");
  await until(
    "it to fail",
    async () => (await machine.run("systemctl", "show", "-P", "ActiveState", "weir")) === "failed",
  );
  equal(await machine.run("systemctl", "show", "-P", "NRestarts", "weir"), "0");
  equal(await machine.run("systemctl", "show", "-P", "ExecMainStatus", "weir"), "2");
  match(await machine.run("journalctl", "-u", "weir", "-o", "cat"), /weir\.hcl:1:1: unknown key "spam": did you mean/);
});
