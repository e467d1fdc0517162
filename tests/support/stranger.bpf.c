// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Somebody else's program on a hook: it gives every packet the verdict that the loader chose. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile int verdict SEC(".rodata.knobs") = -1;

SEC("tc") int stranger(struct __sk_buff *skb)
{
	(void)skb;
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
