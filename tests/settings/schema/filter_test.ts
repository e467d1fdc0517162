import { deepEqual, equal } from "node:assert/strict";
import { load, problemsOf } from "../../support/config_text.ts";

Deno.test("filter reads its patterns", async () => {
  const { filter } = (await load(`filter:
  source:
    address: {match: [10.0.0.0/8, 2001:db8::1], not_match: [10.1.2.3]}
    port: {match: [443, "8000-8999"]}
    namespace: {match: ["prod-*"]}
    pod: {not_match: [web-0]}
    label: {match: ["app=web*", canary]}
  flow:
    tcp_flags_tags: {match: [SYN]}
    ip_ttl: {match: ["64-128"]}
`)).settings;
  const { address, port, namespace, pod, label } = filter.source;
  deepEqual(address?.match.map(({ prefixBits }) => prefixBits), [104, 128]);
  deepEqual([...address!.not_match[0]!.address.slice(10)], [0xff, 0xff, 10, 1, 2, 3]);
  deepEqual(port?.match, [{ text: "443", least: 443, most: 443 }, { text: "8000-8999", least: 8_000, most: 8_999 }]);
  deepEqual(namespace?.match, [{ text: "prod-*" }]);
  deepEqual([namespace?.not_match, pod?.match], [[], []]);
  deepEqual(label?.match, [
    { text: "app=web*", key: "app", value: "web*" },
    { text: "canary", key: "canary", value: undefined },
  ]);
  deepEqual(filter.flow.tcp_flags_tags?.match, [{ text: "SYN" }]);
  equal(filter.destination.address, undefined);
});

Deno.test("filter refuses patterns that cannot be read, or meet nothing, each in its place", async () => {
  const problems = await problemsOf(`filter:
  source:
    address: {match: [10.0.0.0/33, nowhere,
      "fe80::1%eth0", 7]}
    port: {match: [70000, 9-1, http]}
    label: {match: ["=x"]}
  network:
    type: {match: [ipv5]}
    interface_name: {match: ["eth[", ""]}
    interface_index: {match: 1}
  flow:
    connection_state: {match: [established, fin_wait]}
    tcp_flags_tags: {match: [SYM]}
    ip_ttl: {match: [256]}
`);
  deepEqual(problems.map((problem) => problem.replace(/: an? .* is wanted$/, ": …")), [
    '3:23: filter.source.address.match[0]: "10.0.0.0/33" is no pattern: …',
    '3:36: filter.source.address.match[1]: "nowhere" is no pattern: …',
    '4:7: filter.source.address.match[2]: "fe80::1%eth0" is no pattern: …',
    '4:23: filter.source.address.match[3]: "7" is no pattern: …',
    '5:20: filter.source.port.match[0]: "70000" is no pattern: …',
    '5:27: filter.source.port.match[1]: "9-1" is no pattern: …',
    '5:32: filter.source.port.match[2]: "http" is no pattern: …',
    '6:21: filter.source.label.match[0]: "=x" is no pattern: …',
    '8:20: filter.network.type.match[0]: "ipv5" is no pattern: it meets none of ipv4, ipv6; did you mean "ipv4"?',
    '9:30: filter.network.interface_name.match[0]: "eth[" is no pattern: Missing closing: "]" - use "\\\\]" to match literal characters',
    '9:38: filter.network.interface_name.match[1]: "" is no pattern: 1 to 256 characters are possible',
    "10:23: filter.network.interface_index.match: a list is wanted: write [1]",
    '12:45: filter.flow.connection_state.match[1]: "fin_wait" is no pattern: it meets none of syn_sent, syn_received, ' +
    'established, fin_wait_1, fin_wait_2, close_wait, closing, last_ack, time_wait, closed; did you mean "fin_wait_1"?',
    '13:30: filter.flow.tcp_flags_tags.match[0]: "SYM" is no pattern: it meets none of fin, syn, rst, psh, ack, urg, ' +
    'ece, cwr; did you mean "syn"?',
    '14:22: filter.flow.ip_ttl.match[0]: "256" is no pattern: …',
  ]);
});

Deno.test("filter takes so many patterns of one key, and no more", async () => {
  const filter = (count: number) => `filter: { source: { port: { match: [${Array(count).fill(7)}] } } }`;
  deepEqual(await problemsOf(filter(4_096)), []);
  deepEqual(await problemsOf(filter(4_097)), [
    "1:29: filter.source.port.match: no more than 4096 patterns are possible",
  ]);
});
