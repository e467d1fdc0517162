/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loader's constants. src/capture/knobs.ts repeats the layout; tests/layout_test.ts compares them. */
#ifndef WEIR_KNOBS_H
#define WEIR_KNOBS_H

#include <linux/types.h>
#include "slot.h"

/* knobs.withhold: for what packets are kept from being counted (filter.bpf.h). */
enum withhold {
	WITHHOLD_INTERFACES = 1 << 0,
	WITHHOLD_PROTOCOLS = 1 << 1,
	WITHHOLD_VERSIONS = 1 << 2,
	WITHHOLD_ADDRESSES = 1 << 3,
	WITHHOLD_PORTS = 1 << 4,
	WITHHOLD_FILTERED = (1 << 5) - 1,
	WITHHOLD_SAMPLED_OUT = 1 << 5,
};

/* knobs.filter_versions */
enum filter_version {
	FILTER_IPV4 = 1 << 0,
	FILTER_IPV6 = 1 << 1,
};

/* Places of knobs.sampling_multipliers. */
enum sampling_multiplier {
	SAMPLING_ADDRESS = 0,	/* two words */
	SAMPLING_PORT = 2,
	SAMPLING_PROTOCOL = 3,
	SAMPLING_MIX = 4,
	SAMPLING_MULTIPLIERS = 5,
};

struct knobs {
	__u64 hash_multipliers[KEY_WORDS];	/* odd and random, so that nobody outside can aim at one slot */
	__u64 idle_gap_ns;			/* a silence after which the same flow gets a new generation; 0: never */
	__u32 sets_per_cpu;			/* a power of two, 2 at least */
	__u32 hash_shift;			/* 64 - log2(sets_per_cpu) */
	__u32 mark_shift;			/* set >> mark_shift: its group of marks */
	__u32 ring_wake_bytes;			/* a power of two: user space is woken at each multiple */
	__u16 tunnel_ports[4];			/* UDP ports of VXLAN, VXLAN, none, Geneve: for wire bytes under GSO */
	__u64 filter_protocols[4];		/* a bit for each protocol that may pass */
	__u64 sampling_multipliers[SAMPLING_MULTIPLIERS];	/* odd; the same wherever the same flows shall be kept */
	__u64 sampling_threshold;		/* flows whose hash of 32 bits is less are kept */
	__u32 withhold;				/* enum withhold */
	__u8 filter_versions;			/* enum filter_version: which may pass */
	__u8 filter_icmp;			/* enum ends: what any ICMP type or code may be as a port */
	__u8 reserved[2];
};

/* Ports by two bits each: which ends they may be. */
#define PORTS_PER_WORD 32
#define PORT_WORDS (65536 / PORTS_PER_WORD)

_Static_assert(sizeof(struct knobs) == 176, "knobs have no holes");

#endif
