/** Every fixed bound, with its unit and reason, and the relations between them. */
import { assert } from "./errors.ts";

/** Slots of all CPUs together, 192 bytes each: 12 MiB. Beyond, flows are evicted sooner, never lost. */
export const SLOTS_DEFAULT = 65_536;
/** A CPU's least share: fewer would evict at every step. */
export const SLOTS_PER_CPU_MIN = 256;
export const SLOT_BYTES = 192;

/** The kernel's ring: at a million evictions a second, 8 MiB last 40 ms from empty to full. */
export const RING_BYTES_DEFAULT = 8 * 1024 * 1024;
/** An evicted slot in the ring, its header included. */
export const RING_RECORD_BYTES = 8 + SLOT_BYTES;
/** User space is woken at each multiple of this part of the ring. */
export const RING_WAKE_PARTS = 4;

/** Flows held at once. 264 bytes each with the index: 66 MiB when the table is full. */
export const FLOWS_MAX_DEFAULT = 262_144;
/** A flow in the table, with its part of the index. */
export const FLOW_BYTES = 264;
/** Within a limit of memory a table gets what remains, from so many flows to so many. */
export const FLOWS_MAX_LEAST = 16_384;
export const FLOWS_MAX_FITTED = 1_048_576;
/** What an agent takes that has a receiver, its names of a usual cluster, and no flows yet. */
export const RESIDENT_BYTES = 110 * 1024 * 1024;
/** Entries are counted in 23 bits. */
export const FLOWS_MAX_MOST = 8_000_000;
/** Aggregates by prefix that stand in for flows beyond the maximum. */
export const AGGREGATES_MAX = 1_024;
/** Aggregates by protocol and IP version alone: always room for each. */
export const AGGREGATES_OF_LAST_RESORT = 512;

/** Records between the table and the main thread: 2.5 MiB. When they are used up, flows keep counting. */
export const OUT_RECORDS = 8_192;
/**
 * Records that wait in front of a receiver, 300 bytes each: 37.5 MiB when full. Beyond, detail is given up, no packet.
 */
export const EXPORT_QUEUE_RECORDS_DEFAULT = 131_072;
/** A record that waits. */
export const QUEUE_RECORD_BYTES = 300;
/** The least room of a queue: who asks whether it is ready gives it 512 at once. */
export const EXPORT_QUEUE_RECORDS_MIN = 1_024;
/** So many spans are worth a request of their own: larger ones hold more memory while they are few. */
export const OTLP_BATCH_RECORDS_WANTED = 512;
/** Spans in a request when many wait: about 3 MB. Fewer cost more each: a fifth at half as many. */
export const OTLP_BATCH_RECORDS = 2_048;
/** gRPC servers take messages of 4 MiB where nobody says otherwise. Where spans are long, a request has fewer. */
export const OTLP_REQUEST_BYTES_MAX = 4_000_000;
export const OTLP_LINGER_MS = 2_000;
export const OTLP_BATCHES_IN_FLIGHT = 4;
export const OTLP_TIMEOUT_MS = 10_000;
/** A replay waits for its output instead, so it needs little. */
export const REPLAY_QUEUE_RECORDS = 4_096;
/** Records on a page of a look at live flows. */
export const SNAPSHOT_RECORDS = 512;

/** Evicted slots counted between two looks at anything else: about 1 ms. */
export const DRAIN_RECORDS = 8_192;
/** Flows looked at, and records handed out, in one step of the sweep: each under 1 ms of CPU. */
export const SWEEP_ENTRIES = 8_192;
export const SWEEP_RECORDS = 256;

/** Nodes of a filter's addresses in the kernel, 1 KiB each. Beyond, the kernel lets pass what it cannot tell apart. */
export const FILTER_NODES_MAX = 4_096;
/** Patterns of one key of a filter. */
export const FILTER_PATTERNS_MAX = 4_096;

/** Interfaces that one run can tell apart by name. */
export const INTERFACES_MAX = 65_536;
/** Devices and VLAN devices that the counting rule knows at once, twice the room of each for open addressing. */
export const DEVICES_MAX = 16_384;
export const VLANS_MAX = 4_096;
/** How long a removed device keeps its part in the counting rule: its last packets may still lie in slots. */
export const DEVICE_MEMORY_MS = 300_000;

/** A step of the wall clock against the monotonic one that makes a new anchor. */
export const ANCHOR_STEP_NS = 1_000_000n;
export const ANCHORS_MAX = 65_536;

/** The collector's waits: between scans with traffic, and without. */
export const SCAN_INTERVAL_MS = 500;
export const IDLE_INTERVAL_MS = 1_000;
/** Every so many scans all slots are read, marked or not. */
export const FULL_SCAN_EVERY = 20;

/** A replay's rounds, in recorded time: what a scan every {@linkcode SCAN_INTERVAL_MS} is to a live one. */
export const REPLAY_ROUND_NS = 1_000_000_000n;
/** How much earlier than the frame before it a recorded frame may be without the clock having been set. */
export const REPLAY_LATE_NS = 1_000_000_000n;

/** A packet trace's ring: some 2,700 packets, more than are read in one go. A power of two. */
export const TRACE_RING_BYTES = 256 * 1024;
/** Packets that a trace shows unless it is told otherwise, and at most; and how many a second. */
export const TRACE_PACKETS_DEFAULT = 100;
export const TRACE_PACKETS_MOST = 100_000;
export const TRACE_PER_SECOND_DEFAULT = 1_000;
export const TRACE_PER_SECOND_MOST = 10_000;
export const TRACE_DURATION_DEFAULT_MS = 30_000;
export const TRACE_DURATION_MOST_MS = 600_000;

/** The last lines of the log, for support bundles: some 2,000 lines. */
export const LOG_RING_BYTES = 256 * 1024;
/** A Kubernetes object as JSON: etcd takes 1.5 MiB of it, in a shorter form. A longer one is passed over. */
export const OBJECT_BYTES_MAX = 8 * 1024 * 1024;
/** Objects on a page of a list, where lists are not streamed. */
export const LIST_PAGE_OBJECTS = 500;
/** Addresses of one object: endpoint slices have a hundred, at most a thousand. */
export const OBJECT_ADDRESSES_MAX = 1_024;
/** What a path of an association rule finds in one object. */
export const PATH_VALUES_MAX = 4_096;
/** Labels and annotations in spans; annotations hold whole documents at times. Longer ones are cut. */
export const LABEL_LENGTH_MAX = 1_024;
/** A prefix of 253 characters, a slash and a name of 63: Kubernetes takes no longer keys. */
export const LABEL_KEY_LENGTH_MAX = 317;
/** Patterns for keys and values of labels and annotations. */
export const KEY_PATTERN_LENGTH_MAX = 512;
/** Names of attributes that the configuration makes of keys. */
export const ATTRIBUTE_NAME_LENGTH_MAX = 512;
/** Of each sort of values that objects share, as many are remembered, twice at most: replicas follow each other. */
export const INTERNED_VALUES = 2_048;
/** Owners that pods have and nobody knows yet, twice at most. More of them get their names with the next change. */
export const MISSED_OWNERS_MAX = 4_096;
/**
 * Labels of pods, in each namespace, that are remembered with the policies that isolate them, and sets of what policies
 * say of flows: of each as many, about 200 bytes each.
 */
export const ISOLATIONS_MAX = 4_096;

/** WebAssembly's page, and the grain of mapped regions. */
export const WASM_PAGE_BYTES = 65_536;

assert(RING_BYTES_DEFAULT / RING_WAKE_PARTS > 64 * RING_RECORD_BYTES, "a wake-up comes for more than a few records");
assert((OUT_RECORDS & (OUT_RECORDS - 1)) === 0, "out is a ring with a power of two of records");
assert(SWEEP_RECORDS < OUT_RECORDS, "one step of the sweep fits the out ring");
assert(DRAIN_RECORDS * RING_RECORD_BYTES < RING_BYTES_DEFAULT, "draining a batch is less than the ring");

/** Records handed out that are kept for questions: 300 KB. */
export const RECENT_RECORDS = 1_024;

/** TCP, UDP (RFC 768, 9293). */
export const PORT_MOST = 65_535;
