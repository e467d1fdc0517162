/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cursor over a frame. Headers are read in place; where the frame's linear data is too short for that, or where the
 * frame does not begin with its network header, they are copied out by a helper. Nothing here changes the frame.
 */
#ifndef WEIR_CURSOR_BPF_H
#define WEIR_CURSOR_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

enum access {
	ACCESS_DIRECT,		/* in place, from the start of the frame */
	ACCESS_COPY,		/* by helper, from the start of the frame */
	ACCESS_COPY_NETWORK,	/* by helper, from the network header: devices without link layer, where the frame may
				 * still begin with what an outer device left there (GRE) */
};

struct cursor {
	struct __sk_buff *skb;
	void *at;
	void *end;
	__u32 offset;
	__u32 limit;		/* true length of the frame: in a replay the data may be longer (padded) or shorter (cut) */
	__u32 readable;		/* bytes of the frame that the data holds; 0: the kernel's own bounds say */
	bool offloaded;		/* segmentation is left to the device: IP's length may be 0 (BIG TCP) */
	enum access access;	/* always a constant, so that only one way of reading remains */
};

static __always_inline struct cursor cursor_open(struct __sk_buff *skb, enum access access, __u32 limit,
						__u32 readable, bool offloaded)
{
	struct cursor cursor = {
		.skb = skb,
		.at = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end,
		.offset = 0,
		.limit = limit,
		.readable = readable,
		.offloaded = offloaded,
		.access = access,
	};

	return cursor;
}

/* The next size bytes, in place or in copy, or NULL where the frame ends before. Advances only on success. */
static __always_inline void *take(struct cursor *cursor, void *copy, __u32 size)
{
	void *header;

	if (cursor->readable && cursor->offset + size > cursor->readable)
		return NULL;
	if (cursor->access == ACCESS_DIRECT) {
		header = cursor->at;
		if (header + size > cursor->end)
			return NULL;
		cursor->at = header + size;
	} else {
		long failed = cursor->access == ACCESS_COPY ?
			bpf_skb_load_bytes(cursor->skb, cursor->offset, copy, size) :
			bpf_skb_load_bytes_relative(cursor->skb, cursor->offset, copy, size, BPF_HDR_START_NET);

		if (failed)
			return NULL;
		header = copy;
	}
	cursor->offset += size;
	return header;
}

/* Passes over size bytes unread: options, extension headers. take() finds out whether they were there. */
static __always_inline void skip(struct cursor *cursor, __u32 size)
{
	cursor->at += size;
	cursor->offset += size;
}

/* Bytes from the cursor to the true end of the frame; 0 past it. */
static __always_inline __u32 rest(const struct cursor *cursor)
{
	return cursor->limit > cursor->offset ? cursor->limit - cursor->offset : 0;
}

#endif
