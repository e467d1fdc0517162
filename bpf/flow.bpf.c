// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every packet of a host, counted where it passes.
 *
 * The hooks are tc's (tcx or clsact), ingress and egress: the first and the last place where a packet of any device is
 * seen with its link header, after GRO and before the queueing discipline. Both run with bottom halves off, so a CPU's
 * slots and books have one writer. The verdict is always "go on": weir never changes a packet's fate.
 */
#include "cursor.bpf.h"
#include "filter.bpf.h"
#include "knobs.bpf.h"
#include "maps.bpf.h"
#include "measures.bpf.h"
#include "parse.bpf.h"
#include "slots.bpf.h"

_Static_assert(sizeof(struct packet) <= SCRATCH_BYTES, "a packet fits its scratch");

#define GO_ON -1	/* TC_ACT_UNSPEC and TCX_NEXT */

/* Fixed properties of an entry point: constants to the compiler. */
struct entry {
	enum hook hook;
	enum link link;
	enum ordering ordering;
	bool replay;
};

static __always_inline void book(struct books *books, enum term term, const struct measures *measures)
{
	struct measures *sum = &books->terms[term & (TERM_COUNT - 1)];

	sum->frames += measures->frames;
	sum->packets += measures->packets;
	sum->bytes += measures->bytes;
	sum->wire_bytes += measures->wire_bytes;
}

/* struct stray_key in one word. */
static __always_inline __u64 stray_word(__u32 ifindex, __u16 ethertype, enum hook hook, enum term term)
{
	return ifindex | (__u64)ethertype << 32 | (__u64)hook << 48 | (__u64)term << 56;
}

/* Lists frames that became no flow. Seldom, so a shared map will do. */
static __noinline int list_stray(__u64 word, __u64 frames, __u64 bytes)
{
	struct stray first = { .frames = frames, .bytes = bytes };
	struct stray *stray = bpf_map_lookup_elem(&strays, &word);

	if (!stray) {
		if (!bpf_map_update_elem(&strays, &word, &first, BPF_NOEXIST))
			return 0;
		/* another CPU was first, or there is no room */
		stray = bpf_map_lookup_elem(&strays, &word);
		if (!stray)
			return -1;
	}
	__sync_fetch_and_add(&stray->frames, frames);
	__sync_fetch_and_add(&stray->bytes, bytes);
	return 0;
}

static __always_inline void book_stray(struct books *books, enum term term, const struct measures *measures,
				       const struct packet *packet, __u32 ifindex, enum hook hook)
{
	book(books, term, measures);
	if (list_stray(stray_word(ifindex, packet->ethertype, hook, term), 1, measures->bytes))
		books->events[EVENT_STRAY_UNLISTED]++;
}

/* Makes a place another key's. */
static __noinline int move_withheld(struct cpu_area *area, struct withheld *place, __u64 word)
{
	int unlisted = 0;

	if (!area || !place)
		return 0;
	area->withheld_moves++;
	asm volatile("" ::: "memory");
	if (place->sum.frames)
		unlisted = list_stray(place->word, place->sum.frames, place->sum.bytes);
	place->sum.frames = 0;
	place->sum.bytes = 0;
	place->word = word;
	asm volatile("" ::: "memory");
	area->withheld_moves++;
	return unlisted;
}

static __always_inline void book_withheld(struct cpu_area *area, struct books *books, enum term term,
					  const struct measures *measures, __u32 ifindex, enum hook hook)
{
	__u32 index = ifindex * HOOK_COUNT + hook + (term == TERM_SAMPLED_OUT ? WITHHELD_PLACES / 2 : 0);
	struct withheld *place = &area->withheld[index & (WITHHELD_PLACES - 1)];
	__u64 word = stray_word(ifindex, 0, hook, term);

	book(books, term, measures);
	if (unlikely(place->word != word) && move_withheld(area, place, word))
		books->events[EVENT_STRAY_UNLISTED]++;
	place->sum.frames += measures->frames;
	place->sum.bytes += measures->bytes;
}

/* The slower way of reading, for what the faster one could not tell. */
static __noinline int parse_copy(struct __sk_buff *skb, struct packet *packet, bool replay)
{
	if (!packet)
		return 0;
	parse(skb, ACCESS_COPY, LINK_ETHERNET, replay, packet);
	return 0;
}

static __noinline int parse_copy_network(struct __sk_buff *skb, struct packet *packet)
{
	if (!packet)
		return 0;
	parse(skb, ACCESS_COPY_NETWORK, LINK_NONE, false, packet);
	return 0;
}

static __always_inline void parse_any(struct __sk_buff *skb, const struct entry entry, struct books *books,
				      struct packet *packet)
{
	if (entry.link == LINK_NONE) {
		parse_copy_network(skb, packet);
		return;
	}
	parse(skb, ACCESS_DIRECT, LINK_ETHERNET, entry.replay, packet);
	if (likely(packet->verdict == PARSED || packet->verdict == PARSED_NOT_IP))
		return;
	if (packet->verdict != PARSE_BY_COPY) {
		if (skb->data_end - skb->data >= skb->len)
			return;
		books->events[EVENT_NON_LINEAR]++;
	}
	parse_copy(skb, packet, entry.replay);
}

static __always_inline struct books *books_of(struct cpu_area *area, enum hook hook)
{
	return hook == HOOK_EGRESS ? &area->books[HOOK_EGRESS] : &area->books[HOOK_INGRESS];
}

static __always_inline enum hook replay_hook(const struct __sk_buff *skb)
{
	return skb->cb[REPLAY_CB_FLAGS] & REPLAY_EGRESS ? HOOK_EGRESS : HOOK_INGRESS;
}

/* A replay's parser knows less of its frame beforehand, so more ways lead through it: a global function, which the
 * verifier goes through once. Inline, it took 5.10 five sixths of its million instructions.
 */
__noinline int parse_replayed(struct __sk_buff *skb)
{
	const struct entry entry = { .link = LINK_ETHERNET, .replay = true };
	__u32 cpu = skb->cb[REPLAY_CB_CPU];
	struct cpu_area *area = bpf_map_lookup_elem(&cpus, &cpu);

	if (area)
		parse_any(skb, entry, books_of(area, replay_hook(skb)), (struct packet *)area->scratch);
	return 0;
}

static __always_inline void fill_key(struct flow_key *key, const struct packet *packet, enum hook hook, __u32 ifindex,
				     __u32 ingress_ifindex)
{
	__u64 flags = packet->flags | (hook == HOOK_EGRESS ? KEY_EGRESS : 0);

	/* Whole words: a word read back right after it was written in pieces would stall. */
	key->words[0] = packet->source[0];
	key->words[1] = packet->source[1];
	key->words[2] = packet->destination[0];
	key->words[3] = packet->destination[1];
	key->words[4] = packet->source_port | (__u64)packet->destination_port << 16 | (__u64)packet->protocol << 32 |
			flags << 40 | (__u64)packet->vlan << 48;
	key->words[5] = packet->vlan_inner | (__u64)ifindex << 32;
	key->words[6] = ingress_ifindex;
}

/* The time to within a tick. A clock that is asked once a tick, and jiffies (a load, not a call) to tell when, cost a
 * fraction of asking on every packet, even of asking the kernel's own coarse clock (5.11).
 */
static __always_inline __u64 coarse_ns(struct cpu_area *area)
{
	__u64 tick = bpf_jiffies64();

	if (unlikely(area->tick != tick)) {
		area->tick = tick;
		area->tick_ns = bpf_ktime_get_ns();
	}
	return area->tick_ns;
}

/*
 * The length that counts. A device without link layer may leave outer headers in front of the packet: there IP knows.
 */
static __always_inline __u32 frame_length(struct __sk_buff *skb, const struct packet *packet, const struct entry entry)
{
	if (entry.replay)
		return skb->cb[REPLAY_CB_FRAME_BYTES];
	if (entry.link == LINK_NONE && packet->header_bytes && !skb->gso_size)
		return packet->header_bytes + packet->payload_bytes;
	return skb->len;
}

/* Counts a parsed packet in its flow. Returns the term of the books that it ends in. */
static __always_inline enum term account(struct __sk_buff *skb, const struct entry entry, enum hook hook, __u32 cpu,
					 __u32 ifindex, struct cpu_area *area, struct sighting *sighting)
{
	bool has_macs = entry.link == LINK_ETHERNET && !(entry.replay && skb->cb[REPLAY_CB_FLAGS] & REPLAY_NO_MACS);
	__u32 set_in_cpu, set_index;
	struct slot_set *set;
	struct flow_key key;
	enum term term;

	fill_key(&key, sighting->packet, hook, ifindex, entry.replay ? 0 : skb->ingress_ifindex);
	set_in_cpu = hash_key(&key);
	set_index = cpu * knobs.sets_per_cpu + set_in_cpu;
	set = bpf_map_lookup_elem(&slots, &set_index);
	if (unlikely(!set))
		return TERM_LOST_NO_SLOT;
	sighting->key = &key;
	sighting->now_ns = entry.replay ? skb->tstamp : coarse_ns(area);
	sighting->replay = entry.replay;
	sighting->ordering = entry.ordering;
	term = count_in_slot(set, set_index, skb, sighting, has_macs);
	if (likely(term == TERM_ACCOUNTED))
		area->marks[set_in_cpu >> knobs.mark_shift & (MARK_GROUPS - 1)] = 1;
	return term;
}

static __always_inline int observe(struct __sk_buff *skb, const struct entry entry)
{
	__u32 cpu = entry.replay ? skb->cb[REPLAY_CB_CPU] : bpf_get_smp_processor_id();
	__u32 ifindex = entry.replay ? skb->cb[REPLAY_CB_IFINDEX] : skb->ifindex;
	enum hook hook = entry.replay ? replay_hook(skb) : entry.hook;
	struct sighting sighting;
	struct measures measures;
	struct cpu_area *area;
	struct packet *packet;
	struct books *books;
	enum term term;

	area = bpf_map_lookup_elem(&cpus, &cpu);
	if (!area)
		return GO_ON;
	books = books_of(area, hook);
	packet = (struct packet *)area->scratch;

	if (entry.replay)
		parse_replayed(skb);
	else
		parse_any(skb, entry, books, packet);
	/* From here on what was parsed is read back (see struct packet): were it still in registers, verifiers before
	 * 6.5 would follow each way of parsing through all the rest, at twenty times the cost.
	 */
	asm volatile("" ::: "memory");
	if (entry.replay)
		packet->header_bytes += skb->cb[REPLAY_CB_LINK_BYTES] - ETH_HLEN;
	measures = measure(skb, packet, frame_length(skb, packet, entry), hook, entry.link == LINK_NONE);
	book(books, TERM_SEEN, &measures);

	if (likely(packet->verdict == PARSED)) {
		term = withheld_as(packet, ifindex);
		if (term != TERM_ACCOUNTED) {
			book_withheld(area, books, term, &measures, ifindex, hook);
			return GO_ON;
		}
		sighting.packet = packet;
		sighting.measures = &measures;
		sighting.books = books;
		term = account(skb, entry, hook, cpu, ifindex, area, &sighting);
	} else if (packet->verdict == PARSED_NOT_IP) {
		term = TERM_NOT_IP;
	} else {
		books->malformed[packet->verdict & (MALFORMED_COUNT - 1)]++;
		term = TERM_MALFORMED;
	}
	if (likely(term == TERM_ACCOUNTED)) {
		book(books, TERM_ACCOUNTED, &measures);
		return GO_ON;
	}
	book_stray(books, term, &measures, packet, ifindex, hook);
	return GO_ON;
}

#define ENTRY(name, ...)                                              \
	SEC("tc") int name(struct __sk_buff *skb)                     \
	{                                                             \
		return observe(skb, (struct entry){ __VA_ARGS__ });   \
	}

ENTRY(weir_ingress, .hook = HOOK_INGRESS, .link = LINK_ETHERNET, .ordering = ORDERING_PLAIN)
ENTRY(weir_egress, .hook = HOOK_EGRESS, .link = LINK_ETHERNET, .ordering = ORDERING_PLAIN)
ENTRY(weir_ingress_ip, .hook = HOOK_INGRESS, .link = LINK_NONE, .ordering = ORDERING_PLAIN)
ENTRY(weir_egress_ip, .hook = HOOK_EGRESS, .link = LINK_NONE, .ordering = ORDERING_PLAIN)
ENTRY(weir_replay, .link = LINK_ETHERNET, .ordering = ORDERING_PLAIN, .replay = true)

/* The same with fetching atomics, for CPUs that order stores weakly. */
ENTRY(weirf_ingress, .hook = HOOK_INGRESS, .link = LINK_ETHERNET, .ordering = ORDERING_FETCH)
ENTRY(weirf_egress, .hook = HOOK_EGRESS, .link = LINK_ETHERNET, .ordering = ORDERING_FETCH)
ENTRY(weirf_ingress_ip, .hook = HOOK_INGRESS, .link = LINK_NONE, .ordering = ORDERING_FETCH)
ENTRY(weirf_egress_ip, .hook = HOOK_EGRESS, .link = LINK_NONE, .ordering = ORDERING_FETCH)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
