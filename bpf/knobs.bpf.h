/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the loader decides before the verifier looks: constants to the program, so that what is off costs nothing. */
#ifndef WEIR_KNOBS_BPF_H
#define WEIR_KNOBS_BPF_H

#include "knobs.h"

/* A section of its own: the loader then needs no symbol table to find it. */
const volatile struct knobs knobs SEC(".rodata.knobs") = {};

/* Of the filter: enum ends of each port. Read only with WITHHOLD_PORTS. */
const volatile __u64 filter_ports[PORT_WORDS] SEC(".rodata.ports") = {};

#endif
