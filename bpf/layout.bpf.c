// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Never loaded: puts every structure that user space reads into BTF, where tests/layout_test.ts finds its offsets. A
 * structure that is used only through a helper would be missing from the program's own BTF.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "books.h"
#include "filter.h"
#include "knobs.h"
#include "reason.h"
#include "slot.h"
#include "trace.h"

struct slot_set layout_slot_set;
struct cpu_area layout_cpu_area;
struct knobs layout_knobs;
struct filter_node layout_filter_node;
struct stray_key layout_stray_key;
struct stray layout_stray;
struct withheld layout_withheld;
struct trace_knobs layout_trace_knobs;
struct trace_state layout_trace_state;
struct trace_packet layout_trace_packet;
enum hook layout_hook;
enum key_flag layout_key_flag;
enum slot_note layout_slot_note;
enum term layout_term;
enum malformed layout_malformed;
enum event layout_event;
enum withhold layout_withhold;
enum filter_version layout_filter_version;
enum sampling_multiplier layout_sampling_multiplier;
enum ends layout_ends;
enum trace_by layout_trace_by;
