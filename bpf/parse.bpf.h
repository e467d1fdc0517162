/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frame → who speaks to whom, and what the headers say. Every length is checked before it is read; nothing is guessed:
 * a fragment other than the first has no ports, an unknown protocol is a flow without ports.
 */
#ifndef WEIR_PARSE_BPF_H
#define WEIR_PARSE_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "cursor.bpf.h"
#include "reason.h"
#include "slot.h"

#define VLAN_TAGS_MAX 2			/* in the packet; a further one may be offloaded */
#define VLAN_ID_MASK 0x0fff
#define ETHERTYPE_MIN 0x0600		/* below: a length (IEEE 802.3) */
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_EXTENSIONS_MAX 8		/* more of them: a flow without ports */
#define IPV6_FLOW_LABEL 0x000fffff
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPPROTO_SHIM6 140		/* RFC 5533 */
#define IPPROTO_HIP 139			/* RFC 7401 */

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

enum link {
	LINK_ETHERNET,
	LINK_NONE,	/* tun, WireGuard, IPIP: the packet begins with its IP header */
};

/* What a frame said. Words as struct flow_key has them. It lives in the CPU's area, not on the stack: what is read back
 * from a map is any number to the verifier, so that it need not follow every way of parsing through the counting, too.
 */
struct packet {
	__u64 source[2];
	__u64 destination[2];
	__u32 header_bytes;		/* from the start of the frame to the end of its transport header */
	__u32 payload_bytes;		/* behind the transport header, as IP declares it */
	__u32 sequence;
	__u32 acknowledgment;
	__u32 flow_label;
	__u16 source_port;
	__u16 destination_port;
	__u16 vlan;
	__u16 vlan_inner;
	__u16 ethertype;
	__u16 window;
	__u8 protocol;
	__u8 flags;			/* enum key_flag */
	__u8 tcp_flags;
	__u8 ttl;
	__u8 traffic_class;
	__u8 verdict;			/* enum malformed */
	__u8 reserved[4];
};

/* As struct ethhdr, which is packed and would be read byte by byte. */
struct ethernet_header {
	__be16 destination[3];
	__be16 source[3];
	__be16 ethertype;
};

struct vlan_header {
	__be16 tci;
	__be16 ethertype;
};

struct ports_header {
	__be16 source;
	__be16 destination;
};

struct sctp_header {
	struct ports_header ports;
	__be32 verification_tag;
	__le32 checksum;
};

struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
};

struct extension_header {
	__u8 next;
	__u8 length;
	__be16 fragment;		/* of a fragment header only */
	__be32 rest;
};

static __always_inline bool is_vlan(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

/* A further tag, from the outside in. Tag id 0 is a priority without a network. */
static __always_inline void add_vlan(struct packet *packet, __u16 tci)
{
	__u16 id = tci & VLAN_ID_MASK;

	if (!packet->vlan)
		packet->vlan = id;
	else if (!packet->vlan_inner)
		packet->vlan_inner = id;
}

static __always_inline enum malformed parse_link(struct cursor *cursor, struct packet *packet)
{
	struct ethernet_header ethernet_copy, *ethernet;

	ethernet = take(cursor, &ethernet_copy, sizeof(*ethernet));
	if (!ethernet)
		return MALFORMED_LINK_TRUNCATED;
	packet->ethertype = bpf_ntohs(ethernet->ethertype);

	for (int i = 0; i < VLAN_TAGS_MAX && is_vlan(packet->ethertype); i++) {
		struct vlan_header vlan_copy, *vlan;

		vlan = take(cursor, &vlan_copy, sizeof(*vlan));
		if (!vlan)
			return MALFORMED_LINK_TRUNCATED;
		add_vlan(packet, bpf_ntohs(vlan->tci));
		packet->ethertype = bpf_ntohs(vlan->ethertype);
	}
	return PARSED;
}

static __always_inline enum malformed parse_tcp(struct cursor *cursor, struct packet *packet, __u32 length)
{
	struct tcphdr tcp_copy, *tcp;
	__u32 header_bytes;

	if (length < sizeof(*tcp))
		return MALFORMED_TRANSPORT_TRUNCATED;
	tcp = take(cursor, &tcp_copy, sizeof(*tcp));
	if (!tcp)
		return MALFORMED_TRANSPORT_TRUNCATED;
	header_bytes = tcp->doff * 4;
	if (header_bytes < sizeof(*tcp) || header_bytes > length)
		return MALFORMED_TCP_HEADER_LENGTH;

	packet->source_port = bpf_ntohs(tcp->source);
	packet->destination_port = bpf_ntohs(tcp->dest);
	packet->sequence = bpf_ntohl(tcp->seq);
	packet->acknowledgment = bpf_ntohl(tcp->ack_seq);
	packet->window = bpf_ntohs(tcp->window);
	packet->tcp_flags = ((__u8 *)tcp)[13];
	skip(cursor, header_bytes - sizeof(*tcp));
	packet->payload_bytes = length - header_bytes;
	return PARSED;
}

static __always_inline enum malformed parse_transport(struct cursor *cursor, struct packet *packet, __u32 length)
{
	struct icmp_header icmp_copy, *icmp;
	union {
		struct udphdr udp;
		struct sctp_header sctp;
	} ports_copy;
	struct ports_header *ports;
	__u32 size;

	if (packet->flags & KEY_FRAGMENT) {
		packet->payload_bytes = length;
		return PARSED;
	}
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(cursor, packet, length);
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		size = packet->protocol == IPPROTO_UDP ? sizeof(struct udphdr) : sizeof(struct sctp_header);
		if (length < size)
			return MALFORMED_TRANSPORT_TRUNCATED;
		ports = packet->protocol == IPPROTO_UDP ? take(cursor, &ports_copy, sizeof(struct udphdr)) :
							  take(cursor, &ports_copy, sizeof(struct sctp_header));
		if (!ports)
			return MALFORMED_TRANSPORT_TRUNCATED;
		packet->source_port = bpf_ntohs(ports->source);
		packet->destination_port = bpf_ntohs(ports->destination);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		size = sizeof(*icmp);
		if (length < size)
			return MALFORMED_TRANSPORT_TRUNCATED;
		icmp = take(cursor, &icmp_copy, sizeof(*icmp));
		if (!icmp)
			return MALFORMED_TRANSPORT_TRUNCATED;
		packet->source_port = icmp->type;
		packet->destination_port = icmp->code;
		break;
	default:
		size = 0;
	}
	packet->payload_bytes = length - size;
	return PARSED;
}

static __always_inline enum malformed parse_ipv4(struct cursor *cursor, struct packet *packet)
{
	struct iphdr ip_copy, *ip;
	__u32 header_bytes, total_bytes;

	ip = take(cursor, &ip_copy, sizeof(*ip));
	if (!ip)
		return MALFORMED_IPV4_TRUNCATED;
	if (ip->version != 4)
		return MALFORMED_IP_VERSION;
	header_bytes = ip->ihl * 4;
	if (header_bytes < sizeof(*ip))
		return MALFORMED_IPV4_HEADER_LENGTH;
	total_bytes = bpf_ntohs(ip->tot_len);
	if (!total_bytes && cursor->offloaded)
		total_bytes = rest(cursor) + sizeof(*ip);
	if (total_bytes < header_bytes || total_bytes > rest(cursor) + sizeof(*ip))
		return MALFORMED_IPV4_TOTAL_LENGTH;

	packet->source[1] = (__u64)ip->saddr << 32 | 0xffff0000;
	packet->destination[1] = (__u64)ip->daddr << 32 | 0xffff0000;
	packet->protocol = ip->protocol;
	packet->ttl = ip->ttl;
	packet->traffic_class = ip->tos;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
		packet->flags |= KEY_FRAGMENT;
	skip(cursor, header_bytes - sizeof(*ip));
	return parse_transport(cursor, packet, total_bytes - header_bytes);
}

static __always_inline bool is_extension(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case IPPROTO_AH:
	case IPPROTO_MH:
	case IPPROTO_HIP:
	case IPPROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

/* Extension headers (RFC 8200, 4) up to the first that is none. length: what IP declares behind the fixed header. */
static __always_inline enum malformed parse_ipv6_extensions(struct cursor *cursor, struct packet *packet, __u32 *length)
{
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		struct extension_header extension_copy, *extension;
		__u32 header_bytes;

		/* Behind a fragment's header is the middle of something: not a header. */
		if (!is_extension(packet->protocol) || packet->flags & KEY_FRAGMENT)
			return PARSED;
		if (*length < sizeof(*extension))
			return MALFORMED_IPV6_EXTENSION_TRUNCATED;
		extension = take(cursor, &extension_copy, sizeof(*extension));
		if (!extension)
			return MALFORMED_IPV6_EXTENSION_TRUNCATED;
		if (packet->protocol == IPPROTO_FRAGMENT) {
			header_bytes = sizeof(*extension);
			if (extension->fragment & bpf_htons(IPV6_FRAGMENT_OFFSET))
				packet->flags |= KEY_FRAGMENT;
		} else if (packet->protocol == IPPROTO_AH) {
			header_bytes = (extension->length + 2) * 4;
		} else {
			header_bytes = (extension->length + 1) * 8;
		}
		if (header_bytes < sizeof(*extension) || header_bytes > *length)
			return MALFORMED_IPV6_EXTENSION_TRUNCATED;
		packet->protocol = extension->next;
		skip(cursor, header_bytes - sizeof(*extension));
		*length -= header_bytes;
	}
	return PARSED;
}

static __always_inline enum malformed parse_ipv6(struct cursor *cursor, struct packet *packet)
{
	struct ipv6hdr ip_copy, *ip;
	enum malformed verdict;
	__u32 length, first;

	ip = take(cursor, &ip_copy, sizeof(*ip));
	if (!ip)
		return MALFORMED_IPV6_TRUNCATED;
	if (ip->version != 6)
		return MALFORMED_IP_VERSION;
	length = bpf_ntohs(ip->payload_len);
	if (!length && (cursor->offloaded || ip->nexthdr == IPPROTO_HOPOPTS))
		length = rest(cursor);
	if (length > rest(cursor))
		return MALFORMED_IPV6_PAYLOAD_LENGTH;

	first = bpf_ntohl(*(__be32 *)ip);
	packet->source[0] = *(__u64 *)&ip->saddr.s6_addr32[0];
	packet->source[1] = *(__u64 *)&ip->saddr.s6_addr32[2];
	packet->destination[0] = *(__u64 *)&ip->daddr.s6_addr32[0];
	packet->destination[1] = *(__u64 *)&ip->daddr.s6_addr32[2];
	packet->protocol = ip->nexthdr;
	packet->ttl = ip->hop_limit;
	packet->traffic_class = first >> 20;
	packet->flow_label = first & IPV6_FLOW_LABEL;
	if (unlikely(is_extension(packet->protocol))) {
		if (cursor->access == ACCESS_DIRECT)
			return PARSE_BY_COPY;
		verdict = parse_ipv6_extensions(cursor, packet, &length);
		if (verdict != PARSED)
			return verdict;
	}
	return parse_transport(cursor, packet, length);
}

/* Network header and up. packet->ethertype says which; the cursor stands at it. */
static __always_inline enum malformed parse_network(struct cursor *cursor, struct packet *packet)
{
	enum malformed verdict;

	if (packet->ethertype == ETH_P_IP)
		verdict = parse_ipv4(cursor, packet);
	else if (packet->ethertype == ETH_P_IPV6)
		verdict = parse_ipv6(cursor, packet);
	else
		return PARSED_NOT_IP;
	packet->header_bytes = cursor->offset;
	return verdict;
}

static __always_inline void parse(struct __sk_buff *skb, enum access access, enum link link, bool replay,
				  struct packet *packet)
{
	struct cursor cursor = cursor_open(skb, access, replay, replay || skb->gso_size);
	enum malformed verdict = PARSED;

	__builtin_memset(packet, 0, sizeof(*packet));
	/* The outermost tag may be offloaded: taken out of the frame and kept beside it. */
	if (skb->vlan_present)
		add_vlan(packet, skb->vlan_tci);
	if (link == LINK_ETHERNET)
		verdict = parse_link(&cursor, packet);
	else
		packet->ethertype = bpf_ntohs(skb->protocol);
	packet->verdict = verdict == PARSED ? parse_network(&cursor, packet) : verdict;
}

#endif
