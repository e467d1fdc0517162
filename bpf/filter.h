/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filter's addresses as a tree: one byte of the address a step. src/capture/address_tree.ts builds it;
 * tests/layout_test.ts compares.
 */
#ifndef WEIR_FILTER_H
#define WEIR_FILTER_H

#include <linux/types.h>

/* Which ends of a flow an address or a port may be. */
enum ends {
	END_SOURCE = 1 << 0,
	END_DESTINATION = 1 << 1,
	END_EITHER = END_SOURCE | END_DESTINATION,
};

/* By the address's next byte: the node to go on at, or FILTER_LEAF and enum ends. */
struct filter_node {
	__u32 entries[256];
};

#define FILTER_LEAF (1U << 31)

/* The first byte chooses among 256 roots. IPv4's addresses begin behind the prefix that maps them, ::ffff:0:0/96. */
#define FILTER_ROOTS_IPV6 0
#define FILTER_ROOTS_IPV4 256
/* Bytes that are looked at behind the first. Longer prefixes of IPv6 are not told apart: user space decides. */
#define FILTER_STEPS_IPV6 7
#define FILTER_STEPS_IPV4 3

#endif
