/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slot protocol's kernel side: find, add, claim, evict. See README.md for the whole of it.
 *
 * A slot has one writer, the CPU it belongs to, whose tc hooks run with bottom halves off. So adding needs no atomic;
 * only a claim steps the generation atomically, twice, so that a reader on another CPU never takes one flow's counts
 * for another's.
 */
#ifndef WEIR_SLOTS_BPF_H
#define WEIR_SLOTS_BPF_H

#include "knobs.bpf.h"
#include "maps.bpf.h"
#include "tcp.bpf.h"

/* How strongly a claim orders its writes. A fetching atomic is a full barrier everywhere but needs kernel 5.12, and
 * older verifiers refuse it even in dead code: so there are two sets of programs, and the loader loads one.
 */
enum ordering {
	ORDERING_PLAIN,
	ORDERING_FETCH,
};

/* What a program is told about the frame in hand. */
struct sighting {
	const struct packet *packet;
	const struct flow_key *key;
	const struct measures *measures;
	struct books *books;
	__u64 now_ns;			/* coarse */
	bool replay;			/* now_ns is the recorded time, and precise */
	enum ordering ordering;
};

static __always_inline __u64 precise_ns(const struct sighting *sighting)
{
	return sighting->replay ? sighting->now_ns : bpf_ktime_get_ns();
}

static __always_inline bool is_tcp(const struct sighting *sighting)
{
	return sighting->packet->protocol == IPPROTO_TCP && !(sighting->packet->flags & KEY_FRAGMENT);
}

/* Multilinear hashing with secret odd multipliers (Lemire, Kaser 2014), of which the highest bits count: nobody outside
 * can aim at one set. The products, and the sums two by two, do not wait for each other.
 */
static __always_inline __u32 hash_key(const struct flow_key *key)
{
	__u64 source = key->words[0] * knobs.hash_multipliers[0] + key->words[1] * knobs.hash_multipliers[1];
	__u64 destination = key->words[2] * knobs.hash_multipliers[2] + key->words[3] * knobs.hash_multipliers[3];
	__u64 points = key->words[5] * knobs.hash_multipliers[5] + key->words[6] * knobs.hash_multipliers[6];

	return ((source + destination) + (points + key->words[4] * knobs.hash_multipliers[4])) >> knobs.hash_shift;
}

static __always_inline bool same_key(const struct slot *slot, const struct flow_key *key)
{
	const __u64 *a = slot->key.words;
	const __u64 *b = key->words;

	return !(((a[0] ^ b[0]) | (a[1] ^ b[1])) | ((a[2] ^ b[2]) | (a[3] ^ b[3])) |
		 (((a[4] ^ b[4]) | (a[5] ^ b[5])) | (a[6] ^ b[6])));
}

static __always_inline void step_generation(struct slot *slot, const struct sighting *sighting, bool begins)
{
	if (sighting->ordering == ORDERING_FETCH) {
		__u32 before = __sync_fetch_and_add(&slot->generation, 1);

		if (unlikely((before & 1) == begins))
			sighting->books->events[EVENT_GENERATION_ODD]++;
	} else {
		__sync_fetch_and_add(&slot->generation, 1);
	}
}

/* Puts the whole slot into the ring. User space is woken when the fill passes a multiple of ring_wake_bytes, with some
 * records of slack so that CPUs evicting at the same time do not both miss the mark.
 */
static __always_inline long evict(const struct slot *slot)
{
	__u64 fill = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	__u64 next = fill + 16 * (sizeof(*slot) + BPF_RINGBUF_HDR_SZ);
	bool passes = (fill ^ next) & ~(__u64)(knobs.ring_wake_bytes - 1);

	return bpf_ringbuf_output(&ring, (void *)slot, sizeof(*slot), passes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void copy_macs(struct slot *slot, struct __sk_buff *skb)
{
	struct ethhdr ethernet;

	if (bpf_skb_load_bytes(skb, 0, &ethernet, sizeof(ethernet)))
		return;
	__builtin_memcpy(slot->source_mac, ethernet.h_source, ETH_ALEN);
	__builtin_memcpy(slot->destination_mac, ethernet.h_dest, ETH_ALEN);
}

static __always_inline void begin_counters(struct slot *slot, const struct sighting *sighting)
{
	slot->frames = sighting->measures->frames;
	slot->packets = sighting->measures->packets;
	slot->bytes = sighting->measures->bytes;
	slot->wire_bytes = sighting->measures->wire_bytes;
	slot->first_seen_ns = precise_ns(sighting);
	slot->last_seen_ns = slot->first_seen_ns;
	slot->ttl = sighting->packet->ttl;
	slot->traffic_class = sighting->packet->traffic_class;
	slot->flow_label = sighting->packet->flow_label;
	slot->ethertype = sighting->packet->ethertype;
	slot->hole_begin = 0;
	slot->hole_end = 0;
	slot->retransmitted_packets = 0;
	slot->retransmitted_bytes = 0;
	slot->out_of_order_packets = 0;
	slot->zero_windows = 0;
	slot->notes = 0;
}

static __always_inline void begin_tcp(struct slot *slot, const struct sighting *sighting)
{
	const struct packet *packet = sighting->packet;
	__u8 flags = is_tcp(sighting) ? packet->tcp_flags : 0;

	slot->tcp_flags = flags;
	slot->tcp_flags_first = flags;
	slot->sequence_first = packet->sequence;
	slot->sequence_next = packet->sequence + sequence_length(packet);
	slot->sequence_floor = packet->sequence;
	slot->acknowledgment_first = packet->acknowledgment;
	slot->syn_ns = flags & TCP_SYN ? slot->first_seen_ns : 0;
	slot->ack_ns = (flags & (TCP_ACK | TCP_SYN)) == TCP_ACK ? slot->first_seen_ns : 0;
	if (is_tcp(sighting))
		watch_window(slot, packet);
}

/* Rewrites the slot for this packet's flow. What was in it is in the ring already. */
static __always_inline void rewrite(struct slot *slot, __u32 index, struct __sk_buff *skb,
				    const struct sighting *sighting, bool has_macs)
{
	step_generation(slot, sighting, true);
	slot->index = index;
	for (int i = 0; i < KEY_WORDS; i++)
		slot->key.words[i] = sighting->key->words[i];
	begin_counters(slot, sighting);
	begin_tcp(slot, sighting);
	__builtin_memset(slot->source_mac, 0, 2 * ETH_ALEN);
	if (has_macs)
		copy_macs(slot, skb);
	step_generation(slot, sighting, false);
}

/* Whether this packet of a resident flow begins something new: another connection on the same ports, or the same flow
 * after a silence long enough for user space to have ended it.
 */
static __always_inline int renewal(const struct slot *slot, const struct sighting *sighting)
{
	const struct packet *packet = sighting->packet;

	if (is_tcp(sighting) && unlikely(packet->tcp_flags & TCP_SYN) &&
	    (!(slot->tcp_flags_first & TCP_SYN) || slot->sequence_first != packet->sequence))
		return EVENT_CLAIM_SYN;
	if (knobs.idle_gap_ns && unlikely((__s64)(sighting->now_ns - slot->last_seen_ns) > (__s64)knobs.idle_gap_ns))
		return EVENT_CLAIM_IDLE;
	return -1;
}

static __always_inline void add_tcp(struct slot *slot, const struct sighting *sighting, __u64 *now_ns)
{
	const struct packet *packet = sighting->packet;
	__u8 flags = packet->tcp_flags;
	bool first_ack = flags & TCP_ACK & ~slot->tcp_flags;

	if (unlikely(first_ack || flags & (TCP_SYN | TCP_FIN | TCP_RST))) {
		*now_ns = precise_ns(sighting);
		if (flags & TCP_SYN)
			slot->syn_ns = *now_ns;
		else if (first_ack)
			slot->ack_ns = *now_ns;
	}
	if (unlikely(flags & ~slot->tcp_flags))
		slot->tcp_flags |= flags;
	follow_sequence(slot, packet, sighting->measures->packets);
	watch_window(slot, packet);
}

/* The hot path: one more packet of a resident flow. */
static __always_inline void add(struct slot *slot, const struct sighting *sighting)
{
	__u64 now_ns = sighting->now_ns;

	if (is_tcp(sighting))
		add_tcp(slot, sighting, &now_ns);
	slot->frames += sighting->measures->frames;
	slot->packets += sighting->measures->packets;
	slot->bytes += sighting->measures->bytes;
	slot->wire_bytes += sighting->measures->wire_bytes;
	/* the coarse clock lags the precise one by up to a tick */
	if ((__s64)(now_ns - slot->last_seen_ns) > 0)
		slot->last_seen_ns = now_ns;
	slot->ttl = sighting->packet->ttl;
	slot->traffic_class = sighting->packet->traffic_class;
}

/* Never used first, else the one silent for longer. */
static __always_inline __u32 victim(const struct slot_set *set)
{
	if (!set->way[0].generation)
		return 0;
	if (!set->way[1].generation)
		return 1;
	return (__s64)(set->way[1].last_seen_ns - set->way[0].last_seen_ns) < 0;
}

/* Counts the sighting in its flow's slot. Returns the term of the books that it ends in. */
static __always_inline enum term count_in_slot(struct slot_set *set, __u32 set_index, struct __sk_buff *skb,
					       const struct sighting *sighting, bool has_macs)
{
	struct slot *slot = NULL;
	__u32 way = 0;
	int event;

	if (same_key(&set->way[0], sighting->key)) {
		slot = &set->way[0];
	} else if (same_key(&set->way[1], sighting->key)) {
		slot = &set->way[1];
		way = 1;
	}
	if (likely(slot != NULL)) {
		event = renewal(slot, sighting);
		if (likely(event < 0)) {
			add(slot, sighting);
			return TERM_ACCOUNTED;
		}
		if (evict(slot)) {
			/* The flow's own slot: counting in the old generation loses nothing but its end. */
			sighting->books->events[EVENT_CLAIM_REFUSED]++;
			add(slot, sighting);
			return TERM_ACCOUNTED;
		}
	} else {
		way = victim(set);
		slot = way ? &set->way[1] : &set->way[0];
		event = slot->generation ? EVENT_CLAIM_EVICT : EVENT_CLAIM_EMPTY;
		if (event == EVENT_CLAIM_EVICT && evict(slot))
			return TERM_LOST_RING_FULL;
	}
	sighting->books->events[event]++;
	rewrite(slot, set_index * SLOT_WAYS + way, skb, sighting, has_macs);
	return TERM_ACCOUNTED;
}

#endif
