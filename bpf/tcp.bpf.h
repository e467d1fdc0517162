/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sequence numbers of one direction say about its quality. A slot sees a flow only from its claim on and only
 * what one CPU handles, so both counts are lower bounds: nothing is called retransmitted that this slot has not seen.
 */
#ifndef WEIR_TCP_BPF_H
#define WEIR_TCP_BPF_H

#include "books.h"
#include "parse.bpf.h"
#include "slot.h"

/* A jump further than this is no gap but another stream's numbers: start over, count nothing. */
#define SEQUENCE_JUMP_MAX (1 << 26)

static __always_inline __u32 sequence_length(const struct packet *packet)
{
	return packet->payload_bytes + !!(packet->tcp_flags & TCP_SYN) + !!(packet->tcp_flags & TCP_FIN);
}

static __always_inline void open_hole(struct slot *slot, __u32 sequence)
{
	if (slot->hole_begin == slot->hole_end) {
		slot->hole_begin = slot->sequence_next;
		slot->notes &= ~NOTE_HOLES_MERGED;
	} else {
		slot->notes |= NOTE_HOLES_MERGED;
	}
	slot->hole_end = sequence;
}

/* A segment that begins in the hole: late, not sent twice. */
static __always_inline void fill_hole(struct slot *slot, __u32 begin, __u32 end, __u64 packets)
{
	bool reaches_end = (__s32)(end - slot->hole_end) >= 0;

	if (slot->notes & NOTE_HOLES_MERGED)
		return;
	slot->out_of_order_packets += (__s32)(end - slot->hole_end) <= 0 ? packets : 1;
	if (begin == slot->hole_begin)
		slot->hole_begin = reaches_end ? slot->hole_end : end;
	else if (reaches_end)
		slot->hole_end = begin;
	else
		slot->notes |= NOTE_HOLES_MERGED;	/* one on each side now */
}

/* A segment sent before, at least up to `again`. SYN and FIN take a number each, but are no bytes. */
static __always_inline void count_retransmitted(struct slot *slot, const struct packet *packet, __u32 length,
						__u32 again, __u64 packets)
{
	bool whole = length <= again;
	__u32 bytes = whole ? length : again;

	slot->retransmitted_packets += whole ? packets : 1;
	slot->retransmitted_bytes += bytes - !!(packet->tcp_flags & TCP_SYN) - (whole && packet->tcp_flags & TCP_FIN);
}

/* A segment that begins before what was expected. behind: by how much. */
static __always_inline void look_back(struct slot *slot, const struct packet *packet, __u32 length, __u32 behind,
				      __u64 packets)
{
	__u32 begin = packet->sequence, end = begin + length, again = behind;

	/* a keep-alive or window probe repeats one byte on purpose (RFC 9293, 3.8.4) */
	if (length == 1 && behind == 1 && !(packet->tcp_flags & (TCP_SYN | TCP_FIN)))
		return;
	if (slot->hole_begin != slot->hole_end && (__s32)(begin - slot->hole_end) < 0) {
		if ((__s32)(begin - slot->hole_begin) >= 0) {
			fill_hole(slot, begin, end, packets);
			return;
		}
		again = slot->hole_begin - begin;
		if (length > again && !(slot->notes & NOTE_HOLES_MERGED))
			slot->hole_begin = (__s32)(end - slot->hole_end) < 0 ? end : slot->hole_end;
	}
	/* before what this slot has seen; as a distance, so that it holds for streams of any length */
	if (behind > slot->sequence_next - slot->sequence_floor)
		return;
	count_retransmitted(slot, packet, length, again, packets);
}

/* A segment that is not the next one. Out of line: its many variables would take registers from every packet. */
static __noinline int leave_sequence(struct slot *slot, const struct packet *packet, __u32 length, __u64 packets)
{
	__s32 ahead;

	if (!slot || !packet)
		return 0;
	ahead = packet->sequence - slot->sequence_next;
	if (ahead > SEQUENCE_JUMP_MAX || ahead < -SEQUENCE_JUMP_MAX) {
		slot->sequence_floor = packet->sequence;
		slot->hole_begin = slot->hole_end;
	} else if (ahead > 0) {
		open_hole(slot, packet->sequence);
	} else {
		look_back(slot, packet, length, -ahead, packets);
		if ((__s32)(packet->sequence + length - slot->sequence_next) <= 0)
			return 0;
	}
	slot->sequence_next = packet->sequence + length;
	return 0;
}

static __always_inline void follow_sequence(struct slot *slot, const struct packet *packet, __u64 packets)
{
	__u32 length = sequence_length(packet);

	if (!length)
		return;
	if (likely(packet->sequence == slot->sequence_next))
		slot->sequence_next += length;
	else
		leave_sequence(slot, packet, length, packets);
}

static __always_inline void watch_window(struct slot *slot, const struct packet *packet)
{
	if (unlikely(!packet->window) && !(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		slot->zero_windows++;
}

#endif
