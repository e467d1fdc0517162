/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map. The loader sets the sizes that are 1 here. */
#ifndef WEIR_MAPS_BPF_H
#define WEIR_MAPS_BPF_H

#include "books.h"
#include "filter.h"
#include "slot.h"

/* Flows in the making: CPU × set → two slots. Written by the CPU that owns the part, read live through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot_set);
} slots SEC(".maps");

/* Evicted slots, whole, in the order of their eviction. Written by the programs, drained by the collector. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* CPU → its books and marks. Books are written here only; user space clears marks through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_area);
} cpus SEC(".maps");

/* Device, ethertype, hook, term → frames that became no flow. Written here, listed by user space when asked. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STRAYS_MAX);
	__type(key, struct stray_key);
	__type(value, struct stray);
} strays SEC(".maps");

/* The filter's addresses: node → 256 entries, one for each value of an address's next byte. Written before the program
 * runs, and never again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct filter_node);
} filter_nodes SEC(".maps");

/* Devices whose packets the filter keeps out. Written by user space before a device's program runs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} filter_devices SEC(".maps");

#endif
