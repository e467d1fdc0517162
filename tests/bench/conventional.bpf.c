// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The way most flow agents count, as the yardstick for bpf/flow.bpf.c: the same parser, key and measures, but one hash
 * map that all CPUs share, atomic adds, and a precise clock on every packet.
 */
#include "../../bpf/cursor.bpf.h"
#include "../../bpf/knobs.bpf.h"
#include "../../bpf/measures.bpf.h"
#include "../../bpf/parse.bpf.h"

#define FLOWS_MAX 65536
#define GO_ON -1

struct totals {
	__u64 frames;
	__u64 packets;
	__u64 bytes;
	__u64 wire_bytes;
	__u64 first_seen_ns;
	__u64 last_seen_ns;
	__u8 tcp_flags;
	__u8 ttl;
	__u8 traffic_class;
	__u8 reserved[5];
};

/* Every flow of the host, shared by all CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOWS_MAX);
	__type(key, struct flow_key);
	__type(value, struct totals);
} flows SEC(".maps");

/* The packet in hand, as in the program that this is compared with. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct packet);
} scratch SEC(".maps");

static __always_inline void fill_key(struct flow_key *key, const struct packet *packet, struct __sk_buff *skb)
{
	key->words[0] = packet->source[0];
	key->words[1] = packet->source[1];
	key->words[2] = packet->destination[0];
	key->words[3] = packet->destination[1];
	key->words[4] = packet->source_port | (__u64)packet->destination_port << 16 | (__u64)packet->protocol << 32 |
			(__u64)packet->flags << 40 | (__u64)packet->vlan << 48;
	key->words[5] = packet->vlan_inner | (__u64)skb->ifindex << 32;
	key->words[6] = skb->ingress_ifindex;
}

SEC("tc") int conventional(struct __sk_buff *skb)
{
	struct cursor cursor = cursor_open(skb, ACCESS_DIRECT, false, skb->gso_size);
	struct measures measures;
	struct totals *totals;
	struct packet *packet;
	struct flow_key key;
	__u64 now_ns;
	__u32 zero = 0;

	packet = bpf_map_lookup_elem(&scratch, &zero);
	if (!packet)
		return GO_ON;
	__builtin_memset(packet, 0, sizeof(*packet));
	if (parse_link(&cursor, packet) != PARSED || parse_network(&cursor, packet) != PARSED)
		return GO_ON;
	measures = measure(skb, packet, skb->len, HOOK_INGRESS, false);
	fill_key(&key, packet, skb);
	now_ns = bpf_ktime_get_ns();
	totals = bpf_map_lookup_elem(&flows, &key);
	if (!totals) {
		struct totals first = {
			.frames = measures.frames,
			.packets = measures.packets,
			.bytes = measures.bytes,
			.wire_bytes = measures.wire_bytes,
			.first_seen_ns = now_ns,
			.last_seen_ns = now_ns,
			.tcp_flags = packet->tcp_flags,
			.ttl = packet->ttl,
			.traffic_class = packet->traffic_class,
		};

		bpf_map_update_elem(&flows, &key, &first, BPF_ANY);
		return GO_ON;
	}
	__sync_fetch_and_add(&totals->frames, measures.frames);
	__sync_fetch_and_add(&totals->packets, measures.packets);
	__sync_fetch_and_add(&totals->bytes, measures.bytes);
	__sync_fetch_and_add(&totals->wire_bytes, measures.wire_bytes);
	totals->last_seen_ns = now_ns;
	totals->tcp_flags |= packet->tcp_flags;
	totals->ttl = packet->ttl;
	totals->traffic_class = packet->traffic_class;
	return GO_ON;
}

/* What running any program costs. */
SEC("tc") int empty(struct __sk_buff *skb)
{
	(void)skb;
	return GO_ON;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
