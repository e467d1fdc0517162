// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A packet trace: one record for each packet that is asked for, while somebody asks.
 *
 * An object of its own, with a ring of its own: nothing here can take room from the flows. Its programs stand right in
 * front of weir's on the same hooks, so they see what weir sees, and every packet goes on. They bound themselves, by
 * number, rate and time: left behind by an agent that was killed, they would do nothing.
 */
#include "cursor.bpf.h"
#include "parse.bpf.h"
#include "trace.h"

#define GO_ON -1	/* TC_ACT_UNSPEC and TCX_NEXT */
#define NS_PER_SECOND 1000000000ULL

/* A section of its own: the loader then needs no symbol table to find it. */
const volatile struct trace_knobs trace_knobs SEC(".rodata.knobs") = {};

/* Packets to be shown. Written by the programs, drained by the main thread. The loader sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} trace_ring SEC(".maps");

/* What became of packets. Read live through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_state);
} trace_state SEC(".maps");

static __always_inline bool is_in_prefix(const __u64 address[2])
{
	return !((address[0] ^ trace_knobs.address[0]) & trace_knobs.mask[0]) &&
	       !((address[1] ^ trace_knobs.address[1]) & trace_knobs.mask[1]);
}

/* Of what is not IP there is nothing to ask. */
static __always_inline bool is_wanted(const struct packet *packet)
{
	__u8 by = trace_knobs.by;

	if (packet->verdict == PARSED_NOT_IP)
		return !by;
	if (by & TRACE_BY_ADDRESS && !is_in_prefix(packet->source) && !is_in_prefix(packet->destination))
		return false;
	if (by & TRACE_BY_PROTOCOL && packet->protocol != trace_knobs.protocol)
		return false;
	if (by & TRACE_BY_PORT && packet->source_port != trace_knobs.port &&
	    packet->destination_port != trace_knobs.port)
		return false;
	return true;
}

/* Whether another one may be shown in this second. */
static __always_inline bool is_in_rate(struct trace_state *state, __u64 now_ns)
{
	__u64 second = now_ns / NS_PER_SECOND;

	if (state->second != second) {
		state->second = second;
		state->shown_in_second = 0;
	}
	if (state->shown_in_second >= trace_knobs.per_second_max)
		return false;
	__sync_fetch_and_add(&state->shown_in_second, 1);
	return true;
}

static __always_inline void fill(struct trace_packet *to, struct __sk_buff *skb, const struct packet *packet,
				 enum hook hook, __u64 now_ns)
{
	to->time_ns = now_ns;
	to->source[0] = packet->source[0];
	to->source[1] = packet->source[1];
	to->destination[0] = packet->destination[0];
	to->destination[1] = packet->destination[1];
	to->ifindex = skb->ifindex;
	to->ingress_ifindex = skb->ingress_ifindex;
	to->bytes = skb->len;
	to->payload_bytes = packet->payload_bytes;
	to->sequence = packet->sequence;
	to->acknowledgment = packet->acknowledgment;
	to->segments = skb->gso_segs;
	to->source_port = packet->source_port;
	to->destination_port = packet->destination_port;
	to->ethertype = packet->ethertype;
	to->vlan = packet->vlan;
	to->vlan_inner = packet->vlan_inner;
	to->protocol = packet->protocol;
	to->flags = packet->flags | (hook == HOOK_EGRESS ? KEY_EGRESS : 0);
	to->hook = hook;
	to->verdict = packet->verdict;
	to->tcp_flags = packet->tcp_flags;
	to->ttl = packet->ttl;
	__builtin_memset(to->reserved, 0, sizeof(to->reserved));
}

static __always_inline int trace(struct __sk_buff *skb, enum hook hook, enum link link)
{
	struct trace_state *state;
	struct trace_packet *to;
	struct packet packet;
	__u32 zero = 0;
	__u64 now_ns;

	state = bpf_map_lookup_elem(&trace_state, &zero);
	if (!state || state->shown >= trace_knobs.shown_max)
		return GO_ON;
	now_ns = bpf_ktime_get_ns();
	if (now_ns >= trace_knobs.until_ns)
		return GO_ON;
	/* by helper: slower, but it reads every frame that there is in one way */
	parse(skb, link == LINK_NONE ? ACCESS_COPY_NETWORK : ACCESS_COPY, link, false, &packet);
	if (!is_wanted(&packet))
		return GO_ON;
	__sync_fetch_and_add(&state->matched, 1);
	if (!is_in_rate(state, now_ns)) {
		__sync_fetch_and_add(&state->over_rate, 1);
		return GO_ON;
	}
	to = bpf_ringbuf_reserve(&trace_ring, sizeof(*to), 0);
	if (!to) {
		__sync_fetch_and_add(&state->no_room, 1);
		return GO_ON;
	}
	fill(to, skb, &packet, hook, now_ns);
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	__sync_fetch_and_add(&state->shown, 1);
	return GO_ON;
}

#define ENTRY(name, hook, link)                       \
	SEC("tc") int name(struct __sk_buff *skb)     \
	{                                             \
		return trace(skb, hook, link);        \
	}

ENTRY(weir_trace_in, HOOK_INGRESS, LINK_ETHERNET)
ENTRY(weir_trace_out, HOOK_EGRESS, LINK_ETHERNET)
ENTRY(weir_trace_in3, HOOK_INGRESS, LINK_NONE)
ENTRY(weir_trace_out3, HOOK_EGRESS, LINK_NONE)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
