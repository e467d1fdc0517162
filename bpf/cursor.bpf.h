/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cursor over a frame. Headers are read in place; where the frame's linear data is too short for that, or where the
 * frame does not begin with its network header, they are copied out by a helper. Nothing here changes the frame.
 */
#ifndef WEIR_CURSOR_BPF_H
#define WEIR_CURSOR_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

enum access {
	ACCESS_DIRECT,		/* in place, from the start of the frame */
	ACCESS_COPY,		/* by helper, from the start of the frame */
	ACCESS_COPY_NETWORK,	/* by helper, from the network header: devices without link layer, where the frame may
				 * still begin with what an outer device left there (GRE) */
};

/* What a replay says of each recorded frame, in skb->cb. src/capture/replay.ts fills it. */
enum replay_cb {
	REPLAY_CB_FLAGS = 0,		/* enum replay_flag; from bit 16 on: bytes of the frame that the data holds */
	REPLAY_CB_LINK_BYTES = 1,	/* true size of the link header that an Ethernet header stands for here */
	REPLAY_CB_FRAME_BYTES = 2,	/* true length of the frame */
	REPLAY_CB_CPU = 3,
	REPLAY_CB_IFINDEX = 4,
};

enum replay_flag {
	REPLAY_EGRESS = 1 << 0,
	REPLAY_NO_MACS = 1 << 1,
};

struct cursor {
	struct __sk_buff *skb;
	void *at;
	void *end;
	__u32 offset;
	bool replay;		/* the data may be longer (padded) or shorter (cut) than the frame: skb->cb says */
	bool offloaded;		/* segmentation is left to the device: IP's length may be 0 (BIG TCP) */
	enum access access;	/* always a constant, so that only one way of reading remains */
};

static __always_inline struct cursor cursor_open(struct __sk_buff *skb, enum access access, bool replay, bool offloaded)
{
	struct cursor cursor = {
		.skb = skb,
		.at = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end,
		.offset = 0,
		.replay = replay,
		.offloaded = offloaded,
		.access = access,
	};

	return cursor;
}

/* Asked for again each time: what stays in a register gathers bounds from every comparison, and the verifier would
 * follow each way of parsing for itself.
 */
static __always_inline __u32 replay_word(const struct cursor *cursor, enum replay_cb word)
{
	return *(volatile __u32 *)&cursor->skb->cb[word];
}

/* Bytes of the frame that can be read, in a replay. */
static __always_inline __u32 replay_readable(const struct cursor *cursor)
{
	return replay_word(cursor, REPLAY_CB_FLAGS) >> 16;
}

/* True length of the frame, with an Ethernet header for its link header. */
static __always_inline __u32 frame_end(const struct cursor *cursor)
{
	if (cursor->replay)
		return replay_word(cursor, REPLAY_CB_FRAME_BYTES) + ETH_HLEN - replay_word(cursor, REPLAY_CB_LINK_BYTES);
	return cursor->skb->len;
}

/* The next size bytes, in place or in copy, or NULL where the frame ends before. Advances only on success. */
static __always_inline void *take(struct cursor *cursor, void *copy, __u32 size)
{
	void *header;

	if (cursor->replay && cursor->offset + size > replay_readable(cursor))
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
	__u32 end = frame_end(cursor);

	return end > cursor->offset ? end - cursor->offset : 0;
}

#endif
