/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each CPU's own books and marks, read live by user space.
 * src/collect/kernel_books.ts repeats the layout; tests/layout_test.ts compares them.
 */
#ifndef WEIR_BOOKS_H
#define WEIR_BOOKS_H

#include <linux/types.h>
#include "reason.h"
#include "slot.h"

/* The four measures of every term. */
struct measures {
	__u64 frames;
	__u64 packets;
	__u64 bytes;
	__u64 wire_bytes;
};

struct books {
	struct measures terms[TERM_COUNT];
	__u64 malformed[MALFORMED_COUNT];	/* frames */
	__u64 events[EVENT_COUNT];
	__u64 reserved[8];
};

/* One mark for each group of sets that was touched since user space cleared it. */
#define MARK_GROUPS 512

#define SCRATCH_BYTES 128

/* Frames that became no flow, by where and what: so that strays have names. */
struct stray_key {
	__u32 ifindex;
	__u16 ethertype;
	__u8 hook;
	__u8 term;
};

struct stray {
	__u64 frames;
	__u64 bytes;
};

#define STRAYS_MAX 1024

/* What is filtered or sampled out is no rarity: each CPU adds it up by itself, and moves a place's sum to the strays
 * when another key needs the place.
 */
struct withheld {
	union {
		struct stray_key key;
		__u64 word;
	};
	struct stray sum;
};

#define WITHHELD_PLACES 128

struct cpu_area {
	struct books books[HOOK_COUNT];
	__u8 marks[MARK_GROUPS];
	__u64 tick;		/* jiffies when tick_ns was read */
	__u64 tick_ns;		/* CLOCK_MONOTONIC, coarse */
	__u64 scratch[SCRATCH_BYTES / 8];	/* the packet in hand: struct packet */
	__u64 heartbeat_ns;	/* CLOCK_MONOTONIC, CPU 0's area only: written by user space while it lives, so that another
				 * agent can tell a filter of a dead one */
	__u64 withheld_moves;	/* sums moved to the strays, odd while one is: who reads both looks before and after */
	__u64 reserved[4];
	struct withheld withheld[WITHHELD_PLACES];
};

_Static_assert(sizeof(struct books) == 512, "books are eight cache lines");
_Static_assert(sizeof(struct withheld) == 24, "withheld has no holes");
_Static_assert(sizeof(struct cpu_area) == 4800, "cpu_area has no holes");
_Static_assert(sizeof(struct stray_key) == 8, "stray_key has no holes");

#endif
