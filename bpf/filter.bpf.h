/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that need no counting, because no record of their flow would be handed out, or because sampling leaves their
 * flow out. Only what is so whoever began the flow is decided here. User space decides the rest on what a flow is like
 * in the end, and would come to the same end for what was kept from it.
 */
#ifndef WEIR_FILTER_BPF_H
#define WEIR_FILTER_BPF_H

#include "filter.h"
#include "knobs.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

#define MAPPED_PREFIX_BYTES 12
#define MAPPED_PREFIX_WORD 0xffff0000	/* ::ffff:0:0/96, bytes 8 to 11 */

static __always_inline bool is_mapped(const __u64 address[2])
{
	return !address[0] && (__u32)address[1] == MAPPED_PREFIX_WORD;
}

static __always_inline bool is_icmp(const struct packet *packet)
{
	return packet->protocol == IPPROTO_ICMP || packet->protocol == IPPROTO_ICMPV6;
}

static __always_inline __u32 ends_of_port(__u16 port)
{
	return filter_ports[port / PORTS_PER_WORD] >> port % PORTS_PER_WORD * 2 & END_EITHER;
}

/* Byte by byte down the tree, so many steps at most. */
static __always_inline __u32 descend(__u32 root, const __u8 *bytes, __u32 steps)
{
	__u32 entry = root + bytes[0];

#pragma clang loop unroll(full)
	for (__u32 i = 1; i <= steps; i++) {
		struct filter_node *node = bpf_map_lookup_elem(&filter_nodes, &entry);

		if (!node)
			break;
		entry = node->entries[bytes[i]];
		if (entry & FILTER_LEAF)
			return entry & END_EITHER;
	}
	return END_EITHER;
}

static __always_inline __u32 ends_of_address(const __u64 address[2])
{
	const __u8 *bytes = (const __u8 *)address;

	if (is_mapped(address))
		return descend(FILTER_ROOTS_IPV4, bytes + MAPPED_PREFIX_BYTES, FILTER_STEPS_IPV4);
	return descend(FILTER_ROOTS_IPV6, bytes, FILTER_STEPS_IPV6);
}

/* Who began a flow is not known here: a packet can pass when it can one way round or the other. */
static __always_inline bool one_way_round(__u32 from, __u32 to)
{
	return (from & END_SOURCE && to & END_DESTINATION) || (to & END_SOURCE && from & END_DESTINATION);
}

static __always_inline bool ends_may_pass(const struct packet *packet)
{
	__u32 from = END_EITHER, to = END_EITHER;

	if (knobs.withhold & WITHHOLD_PORTS) {
		/* Of ICMP, a record's ports are a type and a code that this packet may not be the one to tell. */
		from = is_icmp(packet) ? knobs.filter_icmp : ends_of_port(packet->source_port);
		to = is_icmp(packet) ? knobs.filter_icmp : ends_of_port(packet->destination_port);
		if (!one_way_round(from, to))
			return false;
	}
	if (knobs.withhold & WITHHOLD_ADDRESSES) {
		from &= ends_of_address(packet->source);
		to &= ends_of_address(packet->destination);
	}
	return one_way_round(from, to);
}

static __always_inline bool may_pass(const struct packet *packet, __u32 ifindex)
{
	if (knobs.withhold & WITHHOLD_INTERFACES && bpf_map_lookup_elem(&filter_devices, &ifindex))
		return false;
	if (knobs.withhold & WITHHOLD_PROTOCOLS &&
	    !(knobs.filter_protocols[packet->protocol / 64] >> packet->protocol % 64 & 1))
		return false;
	if (knobs.withhold & WITHHOLD_VERSIONS) {
		/* As records tell them: by both addresses, not by the ethertype. */
		bool ipv4 = is_mapped(packet->source) && is_mapped(packet->destination);

		if (!(knobs.filter_versions & (ipv4 ? FILTER_IPV4 : FILTER_IPV6)))
			return false;
	}
	return !(knobs.withhold & (WITHHOLD_PORTS | WITHHOLD_ADDRESSES)) || ends_may_pass(packet);
}

static __always_inline __u64 mix(__u64 value)
{
	return (value ^ value >> 32) * knobs.sampling_multipliers[SAMPLING_MIX];
}

static __always_inline __u64 hash_end(const __u64 address[2], __u16 port)
{
	__u64 sum = address[0] * knobs.sampling_multipliers[SAMPLING_ADDRESS] +
		    address[1] * knobs.sampling_multipliers[SAMPLING_ADDRESS + 1] +
		    port * knobs.sampling_multipliers[SAMPLING_PORT];

	sum = mix(sum);
	return sum ^ sum >> 29;
}

/* The same for both directions, on every node: the ends' hashes are added, so that which of them is the first in the
 * canonical order (Community ID's) need not be known. ICMP goes by its addresses, as fragments do. wasm/sampling.ts
 * does the same.
 */
static __always_inline bool is_sampled(const struct packet *packet)
{
	__u16 from = is_icmp(packet) ? 0 : packet->source_port;
	__u16 to = is_icmp(packet) ? 0 : packet->destination_port;
	__u64 sum = hash_end(packet->source, from) + hash_end(packet->destination, to) +
		    packet->protocol * knobs.sampling_multipliers[SAMPLING_PROTOCOL];

	return mix(sum) >> 32 < knobs.sampling_threshold;
}

/* The term of the books that a parsed packet ends in before it is counted; TERM_ACCOUNTED: none. */
static __always_inline enum term withheld_as(const struct packet *packet, __u32 ifindex)
{
	/* so that what is off takes no register of what is not */
	if (likely(!knobs.withhold))
		return TERM_ACCOUNTED;
	if (knobs.withhold & WITHHOLD_FILTERED && !may_pass(packet, ifindex))
		return TERM_FILTERED;
	if (knobs.withhold & WITHHOLD_SAMPLED_OUT && !is_sampled(packet))
		return TERM_SAMPLED_OUT;
	return TERM_ACCOUNTED;
}

#endif
