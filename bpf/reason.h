/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a packet ended where it did. Numbers are never reused; src/books.ts and src/collect/kernel_books.ts name them for
 * people. */
#ifndef WEIR_REASON_H
#define WEIR_REASON_H

/* The kernel's terms of the books: every frame is SEEN and then exactly one of the others. */
enum term {
	TERM_SEEN = 0,
	TERM_ACCOUNTED = 1,		/* added to a slot */
	TERM_NOT_IP = 2,		/* ARP, LLC, other ethertypes */
	TERM_MALFORMED = 3,		/* not what its headers say; detail in enum malformed */
	TERM_FILTERED = 4,
	TERM_SAMPLED_OUT = 5,
	TERM_LOST_RING_FULL = 6,	/* no room to evict the flow whose slot this packet needed */
	TERM_LOST_NO_SLOT = 7,		/* a slot array smaller than the CPU's share: a loader's mistake */
	TERM_COUNT = 8,
};

/* Detail of TERM_MALFORMED, and the parser's verdict. */
enum malformed {
	PARSED = 0,
	MALFORMED_LINK_TRUNCATED = 1,
	MALFORMED_IPV4_TRUNCATED = 2,
	MALFORMED_IPV4_HEADER_LENGTH = 3,
	MALFORMED_IPV4_TOTAL_LENGTH = 4,
	MALFORMED_IPV6_TRUNCATED = 5,
	MALFORMED_IPV6_PAYLOAD_LENGTH = 6,
	MALFORMED_IPV6_EXTENSION_TRUNCATED = 7,
	MALFORMED_IP_VERSION = 8,
	MALFORMED_TRANSPORT_TRUNCATED = 9,
	MALFORMED_TCP_HEADER_LENGTH = 10,
	MALFORMED_COUNT = 16,
	/* verdicts that are no malformation */
	PARSED_NOT_IP = 16,
	PARSE_BY_COPY = 17,		/* only the slower way of reading can tell */
};

/* Things that happened, per CPU and hook; not terms of the books. */
enum event {
	EVENT_CLAIM_EMPTY = 0,		/* a slot taken that was never used */
	EVENT_CLAIM_EVICT = 1,		/* a slot taken from another flow, whose counts went into the ring */
	EVENT_CLAIM_SYN = 2,		/* a new connection on the same ports: a generation of its own */
	EVENT_CLAIM_IDLE = 3,		/* the same flow after a long silence: a generation of its own */
	EVENT_CLAIM_REFUSED = 4,	/* same flow, ring full: counted in the old generation */
	EVENT_NON_LINEAR = 5,		/* headers outside the linear data: read by helper */
	EVENT_GENERATION_ODD = 6,	/* must stay 0: two programs in one slot at once */
	EVENT_STRAY_UNLISTED = 7,	/* a stray that the table of strays had no room for */
	EVENT_COUNT = 8,
};

#endif
