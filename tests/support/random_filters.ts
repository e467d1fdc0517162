/** Filters of all keys, and the values that records are given so that their patterns hit and miss. */
import type { Random } from "./random.ts";
import type { Written, WrittenFilter } from "./filters.ts";

export const ADDRESSES = [
  "10.0.0.1",
  "10.0.0.2",
  "10.0.1.1",
  "10.255.255.255",
  "11.0.0.0",
  "192.168.7.9",
  "2001:db8::1",
  "2001:db8:0:1::7",
  "2001:db8:1::1",
  "fd00::7",
] as const;
export const PORTS = [0, 3, 8, 53, 80, 443, 8_080, 32_768, 40_009, 65_535] as const;

const PREFIXES = [
  "10.0.0.0/8",
  "10.0.0.0/24",
  "10.0.0.1",
  "10.0.0.0/31",
  "192.168.0.0/16",
  "2001:db8::/32",
  "2001:db8::/48",
  "2001:db8:0:1::/64",
  "fd00::/16",
];
const RANGES = ["0", "3", "8", "53", "80-443", "443", "1024-65535", "32768-60999"];

const POOLS: { [Block in keyof Required<WrittenFilter>]: Record<string, readonly string[]> } = {
  source: { address: PREFIXES, port: RANGES },
  destination: { address: PREFIXES, port: RANGES },
  network: {
    transport: ["tcp", "TC*", "{udp,icmp}", "icmp*", "?dp", "47", "sctp"],
    type: ["ipv4", "ipv6", "*"],
    interface_name: ["eth0", "eth*", "veth?", "lo"],
    interface_index: ["1", "2-3", "7-100"],
    interface_mac: ["02:*", "0?:00:*", "ff:ff:ff:ff:ff:ff"],
  },
  flow: {
    connection_state: ["established", "*wait*", "syn_*", "closed"],
    ip_dscp_name: ["df", "af*", "46", "ef", "7"],
    ip_ecn_name: ["non-ect", "ect?", "CE"],
    ip_ttl: ["64", "0-63", "128-255"],
    ip_flow_label: ["0", "1-524287"],
    icmp_type_name: ["echo_*", "8", "*unreachable", "3"],
    icmp_code_name: ["0", "*port*", "1", "3"],
    tcp_flags_tags: ["syn", "RST", "{fin,psh}"],
  },
};

/** What the kernel program may decide. */
export const KERNEL_KEYS = ["address", "port", "transport", "type"];

/** keys: those that may say something. Each does with a chance of one in `rarity`. */
export function randomFilter(random: Random, rarity: number, keys?: readonly string[]): WrittenFilter {
  const some = (pool: readonly string[], most: number) =>
    Array.from({ length: random.below(most + 1) }, () => random.pick(pool));
  const written = (pool: readonly string[]): Written => ({ match: some(pool, 3), not_match: some(pool, 2) });
  return Object.fromEntries(
    Object.entries(POOLS).map(([block, pools]) => [
      block,
      Object.fromEntries(
        Object.entries(pools).flatMap(([key, pool]) =>
          (!keys || keys.includes(key)) && random.oneIn(rarity) ? [[key, written(pool)]] : []
        ),
      ),
    ]),
  );
}
