/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loader's constants. src/capture/knobs.ts repeats the layout; tests/layout_test.ts compares them. */
#ifndef WEIR_KNOBS_H
#define WEIR_KNOBS_H

#include <linux/types.h>
#include "slot.h"

struct knobs {
	__u64 hash_multipliers[KEY_WORDS];	/* odd and random, so that nobody outside can aim at one slot */
	__u64 idle_gap_ns;			/* a silence after which the same flow gets a new generation; 0: never */
	__u32 sets_per_cpu;			/* a power of two, 2 at least */
	__u32 hash_shift;			/* 64 - log2(sets_per_cpu) */
	__u32 mark_shift;			/* set >> mark_shift: its group of marks */
	__u32 ring_wake_bytes;			/* a power of two: user space is woken at each multiple */
	__u16 tunnel_ports[4];			/* UDP ports of VXLAN, VXLAN, none, Geneve: for wire bytes under GSO */
};

_Static_assert(sizeof(struct knobs) == 88, "knobs have no holes");

#endif
