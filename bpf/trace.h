/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a packet trace and user space share. src/capture/trace/trace_layout.ts repeats it; tests/layout_test.ts compares
 * them.
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <linux/types.h>

enum trace_by {
	TRACE_BY_PROTOCOL = 1 << 0,
	TRACE_BY_PORT = 1 << 1,		/* either end's */
	TRACE_BY_ADDRESS = 1 << 2,	/* either end's */
};

/* What is shown, and how much of it. Addresses as on the wire, IPv4 mapped. */
struct trace_knobs {
	__u64 address[2];
	__u64 mask[2];
	__u64 until_ns;			/* CLOCK_MONOTONIC: nothing is shown after it */
	__u64 shown_max;
	__u32 per_second_max;
	__u16 port;
	__u8 protocol;
	__u8 by;			/* enum trace_by */
};

/* Counted by all CPUs together, so roughly bounded; user space cuts what is too much. */
struct trace_state {
	__u64 matched;
	__u64 shown;			/* given to user space */
	__u64 over_rate;		/* not shown: more than are shown in a second */
	__u64 no_room;			/* not shown: the ring was full */
	__u64 second;			/* CLOCK_MONOTONIC, s */
	__u64 shown_in_second;
};

struct trace_packet {
	__u64 time_ns;			/* CLOCK_MONOTONIC */
	__u64 source[2];
	__u64 destination[2];
	__u32 ifindex;
	__u32 ingress_ifindex;		/* the device the packet entered this host by; 0: sent by this host */
	__u32 bytes;
	__u32 payload_bytes;
	__u32 sequence;
	__u32 acknowledgment;
	__u16 segments;			/* 0: one */
	__u16 source_port;		/* of ICMP the type */
	__u16 destination_port;		/* of ICMP the code */
	__u16 ethertype;
	__u16 vlan;
	__u16 vlan_inner;
	__u8 protocol;
	__u8 flags;			/* enum key_flag */
	__u8 hook;			/* enum hook */
	__u8 verdict;			/* enum malformed */
	__u8 tcp_flags;
	__u8 ttl;
	__u8 reserved[6];
};

_Static_assert(sizeof(struct trace_knobs) == 56, "trace_knobs has no holes");
_Static_assert(sizeof(struct trace_state) == 48, "trace_state has no holes");
_Static_assert(sizeof(struct trace_packet) == 88, "trace_packet has no holes");

#endif
