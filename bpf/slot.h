/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slot: what one CPU knows of one direction of one flow at one point of the host.
 * Shared with user space: wasm/slot.ts repeats it, tests/layout_test.ts compares them.
 */
#ifndef WEIR_SLOT_H
#define WEIR_SLOT_H

#include <linux/types.h>

enum hook {
	HOOK_INGRESS = 0,
	HOOK_EGRESS = 1,
	HOOK_COUNT = 2,
};

/* flow_key.flags */
enum key_flag {
	KEY_EGRESS = 1 << 0,	/* seen by the egress hook */
	KEY_FRAGMENT = 1 << 1,	/* a fragment other than the first: its ports are unknown, so they are 0 */
};

/* Two sightings of one packet at different points have different keys: the table, which knows the devices,
 * decides which of them counts. Ports and VLAN tags in host byte order, addresses as on the wire, IPv4 mapped into
 * IPv6 (RFC 4291, 2.5.5.2). For ICMP and ICMPv6 source_port is the type and destination_port the code.
 *
 * ┌─────────────┬──────────────────┬───────┬───────┬─────┬─────┬──────┬──────┬─────┬───────┬─────────┬────────┐
 * │ source   16 │ destination   16 │ sport │ dport │proto│flags│ vlan │inner │ 0   │ifindex│ ingress │ tunnel │
 * └─────────────┴──────────────────┴───────┴───────┴─────┴─────┴──────┴──────┴─────┴───────┴─────────┴────────┘
 */
struct flow_key {
	union {
		struct {
			__u8 source[16];
			__u8 destination[16];
			__u16 source_port;
			__u16 destination_port;
			__u8 protocol;
			__u8 flags;
			__u16 vlan;		/* VLAN id of the outer tag, 0: none */
			__u16 vlan_inner;	/* VLAN id of the second tag (802.1ad), 0: none */
			__u16 reserved;
			__u32 ifindex;
			__u32 ingress_ifindex;	/* the device the packet entered this host by; 0: sent by this host */
			__u32 tunnel_id;	/* room for the inner flows of tunnels; 0 */
		};
		__u64 words[7];
	};
};

#define KEY_WORDS 7

/* slot.notes: rare facts, so that the hot line stays small */
enum slot_note {
	NOTE_HOLES_MERGED = 1 << 0,	/* more than one sequence hole: what falls between is neither counted as
					 * retransmitted nor as out of order, so that both stay lower bounds */
};

/* One line for who, one for how much, one for what happens seldom. Counters only grow within one generation; an odd
 * generation says that the slot is being rewritten. User space never writes here.
 */
struct slot {
	/* line 0: who */
	__u32 generation;
	__u32 index;			/* this slot's place in the array */
	struct flow_key key;

	/* line 1: how much; every packet writes here */
	__u64 frames;			/* skbs */
	__u64 packets;			/* segments */
	__u64 bytes;			/* skb->len */
	__u64 wire_bytes;		/* with the headers of every further segment */
	__u64 first_seen_ns;		/* CLOCK_MONOTONIC, precise */
	__u64 last_seen_ns;		/* CLOCK_MONOTONIC, coarse but for packets that carry timing meaning */
	__u32 sequence_next;
	__u8 tcp_flags;			/* OR of all packets */
	__u8 tcp_flags_first;		/* the first packet's */
	__u8 ttl;			/* the last packet's; IPv6: hop limit */
	__u8 traffic_class;		/* the last packet's DSCP and ECN */
	__u32 hole_begin;		/* sequence numbers skipped and not seen yet; begin == end: none */
	__u32 hole_end;

	/* line 2: seldom */
	__u64 syn_ns;			/* time of the last SYN or SYN-ACK */
	__u64 ack_ns;			/* time of the first ACK that carries no SYN */
	__u32 sequence_first;		/* of the first packet: the initial sequence number if that was a SYN */
	__u32 acknowledgment_first;	/* of the first packet: the peer's initial sequence number + 1 if a SYN-ACK */
	__u32 retransmitted_packets;	/* lower bound */
	__u32 retransmitted_bytes;	/* lower bound */
	__u32 out_of_order_packets;	/* lower bound */
	__u32 zero_windows;
	__u32 flow_label;		/* IPv6, the first packet's */
	__u8 source_mac[6];		/* the first packet's; 0 on devices without link layer */
	__u8 destination_mac[6];
	__u16 ethertype;
	__u8 notes;
	__u8 reserved;
	__u32 sequence_floor;		/* where the numbers that this slot follows began */
};

#define SLOT_BYTES 192
#define SLOT_WAYS 2

struct slot_set {
	struct slot way[SLOT_WAYS];
};

_Static_assert(sizeof(struct flow_key) == 56, "flow_key is 7 words");
_Static_assert(__builtin_offsetof(struct flow_key, ifindex) == 44, "ifindex moved");
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot is three cache lines");
_Static_assert(__builtin_offsetof(struct slot, frames) == 64, "counters start the second line");
_Static_assert(__builtin_offsetof(struct slot, syn_ns) == 128, "seldom things start the third line");

#endif
