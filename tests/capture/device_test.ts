import { equal } from "node:assert/strict";
import { countsLikeHooks, isLoopback, linkOf } from "../../src/capture/device.ts";
import { tableDevice } from "../support/device.ts";

Deno.test("linkOf() knows Ethernet, devices whose packets begin with IP, and those that weir cannot read", () => {
  const link = (hardwareType: number) => linkOf(tableDevice({ ifindex: 1, hardwareType }));
  for (const ethernet of [1, 772]) equal(link(ethernet), "ethernet");
  // PPP, raw IP, IPIP, IP6IP6, SIT, GRE, GRE6, none (tun, WireGuard)
  for (const ip of [512, 519, 768, 769, 776, 778, 823, 65_534]) equal(link(ip), "ip");
  // InfiniBand, CAN, 802.11 monitors
  for (const unreadable of [32, 280, 801, 803]) equal(link(unreadable), undefined);
});

Deno.test("countsLikeHooks() trusts software devices' counters, and no hardware's", () => {
  equal(countsLikeHooks(tableDevice({ ifindex: 1 })), false);
  equal(countsLikeHooks(tableDevice({ ifindex: 1, kind: "veth" })), true);
  equal(countsLikeHooks(tableDevice({ ifindex: 1, hardwareType: 772 })), true);
  equal(isLoopback(tableDevice({ ifindex: 1 })), false);
});
