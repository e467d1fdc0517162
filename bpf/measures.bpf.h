/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The four measures of a frame. One skb may stand for many packets on the wire (GSO, GRO), each with headers of its
 * own.
 */
#ifndef WEIR_MEASURES_BPF_H
#define WEIR_MEASURES_BPF_H

#include "books.h"
#include "knobs.bpf.h"
#include "parse.bpf.h"

#define GRE_CHECKSUM 0x8000	/* RFC 2784, 2890: each of these adds a word */
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define ETHERTYPE_BRIDGED 0x6558	/* Ethernet in GRE or Geneve */
#define TUNNEL_PORTS 4

struct gre_header {
	__be16 flags;
	__be16 ethertype;
};

/*
 * Geneve (RFC 8926): length of options in words, then what is inside. VXLAN (RFC 7348) has the same size and no
 * options.
 */
struct geneve_header {
	__u8 version_options;
	__u8 flags;
	__be16 ethertype;
	__be32 identifier;
};

static __always_inline bool is_tunnel_port(__u16 port)
{
	for (int i = 0; i < TUNNEL_PORTS; i++) {
		if (knobs.tunnel_ports[i] && port == knobs.tunnel_ports[i])
			return true;
	}
	return false;
}

/* From the outer transport header's end to where the inner network header begins; 0 ethertype: no tunnel. */
static __always_inline __u16 enter_tunnel(struct cursor *cursor, const struct packet *outer)
{
	struct geneve_header geneve_copy, *geneve;
	struct gre_header gre_copy, *gre;
	__u16 flags;

	switch (outer->protocol) {
	case IPPROTO_IPIP:
		return ETH_P_IP;
	case IPPROTO_IPV6:
		return ETH_P_IPV6;
	case IPPROTO_GRE:
		gre = take(cursor, &gre_copy, sizeof(*gre));
		if (!gre)
			return 0;
		flags = bpf_ntohs(gre->flags);
		skip(cursor, !!(flags & GRE_CHECKSUM) * 4 + !!(flags & GRE_KEY) * 4 + !!(flags & GRE_SEQUENCE) * 4);
		return bpf_ntohs(gre->ethertype);
	case IPPROTO_UDP:
		if (!is_tunnel_port(outer->destination_port))
			return 0;
		geneve = take(cursor, &geneve_copy, sizeof(*geneve));
		if (!geneve)
			return 0;
		if (outer->destination_port != knobs.tunnel_ports[TUNNEL_PORTS - 1])
			return ETHERTYPE_BRIDGED;	/* VXLAN: always Ethernet inside */
		skip(cursor, (geneve->version_options & 0x3f) * 4);
		return bpf_ntohs(geneve->ethertype);
	default:
		return 0;
	}
}

/* Header bytes of one segment, all layers of a tunnel included: what every further segment of a GSO frame repeats. */
static __always_inline __u32 inner_header_bytes(struct __sk_buff *skb, enum access access, __u32 header_bytes,
						__u32 protocol_port)
{
	struct packet outer = { .protocol = protocol_port & 0xff, .destination_port = protocol_port >> 16 };
	struct cursor cursor = cursor_open(skb, access, false, true);
	struct packet inner = {};

	cursor.offset = header_bytes;
	inner.ethertype = enter_tunnel(&cursor, &outer);
	if (!inner.ethertype)
		return header_bytes;
	if (inner.ethertype == ETHERTYPE_BRIDGED && parse_link(&cursor, &inner) != PARSED)
		return header_bytes;
	if (parse_network(&cursor, &inner) != PARSED)
		return header_bytes;
	return inner.header_bytes;
}

static __noinline __u32 tunnel_header_bytes(struct __sk_buff *skb, __u32 header_bytes, __u32 protocol_port)
{
	return inner_header_bytes(skb, ACCESS_COPY, header_bytes, protocol_port);
}

static __noinline __u32 tunnel_header_bytes_network(struct __sk_buff *skb, __u32 header_bytes, __u32 protocol_port)
{
	return inner_header_bytes(skb, ACCESS_COPY_NETWORK, header_bytes, protocol_port);
}

static __always_inline bool may_be_tunnel(const struct packet *packet)
{
	switch (packet->protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
		return true;
	case IPPROTO_UDP:
		return is_tunnel_port(packet->destination_port);
	default:
		return false;
	}
}

/* bytes: the frame's own length. from_network: it was parsed from its network header on. At egress the kernel has
 * corrected wire_len by the headers it knows of, which may be more than were found here; the larger one is nearer to
 * the truth.
 */
static __always_inline struct measures measure(struct __sk_buff *skb, const struct packet *packet, __u32 bytes,
					       enum hook hook, bool from_network)
{
	struct measures measures = { .frames = 1, .packets = 1, .bytes = bytes, .wire_bytes = bytes };
	__u32 protocol_port = packet->protocol | (__u32)packet->destination_port << 16;
	__u32 header_bytes = packet->header_bytes;

	if (likely(!skb->gso_size))
		return measures;
	if (may_be_tunnel(packet))
		header_bytes = from_network ? tunnel_header_bytes_network(skb, header_bytes, protocol_port) :
					      tunnel_header_bytes(skb, header_bytes, protocol_port);
	if (skb->gso_segs) {
		measures.packets = skb->gso_segs;
	} else if (bytes > header_bytes) {
		/* tap devices of virtual machines leave the count to whoever segments the frame */
		measures.packets = (bytes - header_bytes + skb->gso_size - 1) / skb->gso_size;
	}
	measures.wire_bytes += (measures.packets - 1) * header_bytes;
	if (hook == HOOK_EGRESS && skb->wire_len > measures.wire_bytes)
		measures.wire_bytes = skb->wire_len;
	return measures;
}

#endif
