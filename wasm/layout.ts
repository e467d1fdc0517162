// Never instantiated by the agent: tells tests/layout_test.ts where the compiler put each field that others read, too,
// and the numbers that others repeat. Of the files below it shows constants; classes follow field by field.

import { Clocks, Settings } from "./memory_map";
import { Measures } from "./books";
import { Device, DeviceTable, Vlan } from "./devices";
import { Entry } from "./entry";
import { FlowRecord } from "./record";
import { Shadow } from "./shadow";
import { Slot } from "./slot";

export * from "./books";
export * from "./census";
export * from "./entry";
export * from "./memory_map";
export * from "./record";
export * from "./shadow";
export * from "./slot";
export * from "./span/queued_record";
export * from "./tuple";
export {
  CARRIES_ESP,
  CARRIES_GRE,
  CARRIES_IP,
  CARRIES_UDP,
  COVERED,
  EGRESS_SEEN_ABOVE,
  ENDPOINT,
  GENEVE_PORT,
  HASH_MULTIPLIER,
  INGRESS_ASSUMED_BELOW,
  INGRESS_SEEN_BELOW,
  LOOPBACK,
  VLAN_ATTACHED,
  VLAN_MULTIPLIER,
  VXLAN_PORT,
  VXLAN_PORT_LINUX,
} from "./devices";
export { AGGREGATES_OF_LAST_RESORT } from "./pool";

// Class_SIZE and Class_field, one for each field: tests/layout_test.ts finds a missing one.

export const Slot_SIZE: u32 = offsetof<Slot>();
export const Slot_generation: u32 = offsetof<Slot>("generation");
export const Slot_index: u32 = offsetof<Slot>("index");
export const Slot_source0: u32 = offsetof<Slot>("source0");
export const Slot_source1: u32 = offsetof<Slot>("source1");
export const Slot_destination0: u32 = offsetof<Slot>("destination0");
export const Slot_destination1: u32 = offsetof<Slot>("destination1");
export const Slot_sourcePort: u32 = offsetof<Slot>("sourcePort");
export const Slot_destinationPort: u32 = offsetof<Slot>("destinationPort");
export const Slot_protocol: u32 = offsetof<Slot>("protocol");
export const Slot_flags: u32 = offsetof<Slot>("flags");
export const Slot_vlan: u32 = offsetof<Slot>("vlan");
export const Slot_vlanInner: u32 = offsetof<Slot>("vlanInner");
export const Slot_keyReserved: u32 = offsetof<Slot>("keyReserved");
export const Slot_ifindex: u32 = offsetof<Slot>("ifindex");
export const Slot_ingressIfindex: u32 = offsetof<Slot>("ingressIfindex");
export const Slot_tunnelId: u32 = offsetof<Slot>("tunnelId");
export const Slot_frames: u32 = offsetof<Slot>("frames");
export const Slot_packets: u32 = offsetof<Slot>("packets");
export const Slot_bytes: u32 = offsetof<Slot>("bytes");
export const Slot_wireBytes: u32 = offsetof<Slot>("wireBytes");
export const Slot_firstSeenNs: u32 = offsetof<Slot>("firstSeenNs");
export const Slot_lastSeenNs: u32 = offsetof<Slot>("lastSeenNs");
export const Slot_sequenceNext: u32 = offsetof<Slot>("sequenceNext");
export const Slot_tcpFlags: u32 = offsetof<Slot>("tcpFlags");
export const Slot_tcpFlagsFirst: u32 = offsetof<Slot>("tcpFlagsFirst");
export const Slot_ttl: u32 = offsetof<Slot>("ttl");
export const Slot_trafficClass: u32 = offsetof<Slot>("trafficClass");
export const Slot_holeBegin: u32 = offsetof<Slot>("holeBegin");
export const Slot_holeEnd: u32 = offsetof<Slot>("holeEnd");
export const Slot_synNs: u32 = offsetof<Slot>("synNs");
export const Slot_ackNs: u32 = offsetof<Slot>("ackNs");
export const Slot_sequenceFirst: u32 = offsetof<Slot>("sequenceFirst");
export const Slot_acknowledgmentFirst: u32 = offsetof<Slot>("acknowledgmentFirst");
export const Slot_retransmittedPackets: u32 = offsetof<Slot>("retransmittedPackets");
export const Slot_retransmittedBytes: u32 = offsetof<Slot>("retransmittedBytes");
export const Slot_outOfOrderPackets: u32 = offsetof<Slot>("outOfOrderPackets");
export const Slot_zeroWindows: u32 = offsetof<Slot>("zeroWindows");
export const Slot_flowLabel: u32 = offsetof<Slot>("flowLabel");
export const Slot_sourceMac0: u32 = offsetof<Slot>("sourceMac0");
export const Slot_sourceMac1: u32 = offsetof<Slot>("sourceMac1");
export const Slot_destinationMac0: u32 = offsetof<Slot>("destinationMac0");
export const Slot_destinationMac1: u32 = offsetof<Slot>("destinationMac1");
export const Slot_ethertype: u32 = offsetof<Slot>("ethertype");
export const Slot_notes: u32 = offsetof<Slot>("notes");
export const Slot_sequenceFloor: u32 = offsetof<Slot>("sequenceFloor");

export const Shadow_SIZE: u32 = offsetof<Shadow>();
export const Shadow_frames: u32 = offsetof<Shadow>("frames");
export const Shadow_packets: u32 = offsetof<Shadow>("packets");
export const Shadow_bytes: u32 = offsetof<Shadow>("bytes");
export const Shadow_wireBytes: u32 = offsetof<Shadow>("wireBytes");
export const Shadow_retransmittedPackets: u32 = offsetof<Shadow>("retransmittedPackets");
export const Shadow_retransmittedBytes: u32 = offsetof<Shadow>("retransmittedBytes");
export const Shadow_outOfOrderPackets: u32 = offsetof<Shadow>("outOfOrderPackets");
export const Shadow_zeroWindows: u32 = offsetof<Shadow>("zeroWindows");
export const Shadow_generationsDone: u32 = offsetof<Shadow>("generationsDone");
export const Shadow_entry: u32 = offsetof<Shadow>("entry");
export const Shadow_devices: u32 = offsetof<Shadow>("devices");
export const Shadow_interfaceId: u32 = offsetof<Shadow>("interfaceId");
export const Shadow_verdict: u32 = offsetof<Shadow>("verdict");
export const Shadow_direction: u32 = offsetof<Shadow>("direction");

export const Entry_SIZE: u32 = offsetof<Entry>();
export const Entry_low0: u32 = offsetof<Entry>("low0");
export const Entry_low1: u32 = offsetof<Entry>("low1");
export const Entry_high0: u32 = offsetof<Entry>("high0");
export const Entry_high1: u32 = offsetof<Entry>("high1");
export const Entry_ports: u32 = offsetof<Entry>("ports");
export const Entry_domain: u32 = offsetof<Entry>("domain");
export const Entry_protocol: u32 = offsetof<Entry>("protocol");
export const Entry_kind: u32 = offsetof<Entry>("kind");
export const Entry_trafficClass0: u32 = offsetof<Entry>("trafficClass0");
export const Entry_trafficClass1: u32 = offsetof<Entry>("trafficClass1");
export const Entry_state: u32 = offsetof<Entry>("state");
export const Entry_lastSeenNs: u32 = offsetof<Entry>("lastSeenNs");
export const Entry_tcpFlags0: u32 = offsetof<Entry>("tcpFlags0");
export const Entry_tcpFlags1: u32 = offsetof<Entry>("tcpFlags1");
export const Entry_ttl0: u32 = offsetof<Entry>("ttl0");
export const Entry_ttl1: u32 = offsetof<Entry>("ttl1");
export const Entry_interface0: u32 = offsetof<Entry>("interface0");
export const Entry_interface1: u32 = offsetof<Entry>("interface1");
export const Entry_frames0: u32 = offsetof<Entry>("frames0");
export const Entry_packets0: u32 = offsetof<Entry>("packets0");
export const Entry_bytes0: u32 = offsetof<Entry>("bytes0");
export const Entry_wireBytes0: u32 = offsetof<Entry>("wireBytes0");
export const Entry_frames1: u32 = offsetof<Entry>("frames1");
export const Entry_packets1: u32 = offsetof<Entry>("packets1");
export const Entry_bytes1: u32 = offsetof<Entry>("bytes1");
export const Entry_wireBytes1: u32 = offsetof<Entry>("wireBytes1");
export const Entry_packetsHanded0: u32 = offsetof<Entry>("packetsHanded0");
export const Entry_packetsHanded1: u32 = offsetof<Entry>("packetsHanded1");
export const Entry_bytesHanded0: u32 = offsetof<Entry>("bytesHanded0");
export const Entry_bytesHanded1: u32 = offsetof<Entry>("bytesHanded1");
export const Entry_startNs: u32 = offsetof<Entry>("startNs");
export const Entry_synNs: u32 = offsetof<Entry>("synNs");
export const Entry_synAckNs: u32 = offsetof<Entry>("synAckNs");
export const Entry_ackNs: u32 = offsetof<Entry>("ackNs");
export const Entry_retransmittedPackets0: u32 = offsetof<Entry>("retransmittedPackets0");
export const Entry_retransmittedPackets1: u32 = offsetof<Entry>("retransmittedPackets1");
export const Entry_retransmittedBytes0: u32 = offsetof<Entry>("retransmittedBytes0");
export const Entry_retransmittedBytes1: u32 = offsetof<Entry>("retransmittedBytes1");
export const Entry_outOfOrder0: u32 = offsetof<Entry>("outOfOrder0");
export const Entry_outOfOrder1: u32 = offsetof<Entry>("outOfOrder1");
export const Entry_zeroWindows0: u32 = offsetof<Entry>("zeroWindows0");
export const Entry_zeroWindows1: u32 = offsetof<Entry>("zeroWindows1");
export const Entry_label0: u32 = offsetof<Entry>("label0");
export const Entry_label1: u32 = offsetof<Entry>("label1");
export const Entry_sequenceOrIcmp: u32 = offsetof<Entry>("sequenceOrIcmp");
export const Entry_handedMs: u32 = offsetof<Entry>("handedMs");
export const Entry_records: u32 = offsetof<Entry>("records");
export const Entry_interface2: u32 = offsetof<Entry>("interface2");
export const Entry_interface3: u32 = offsetof<Entry>("interface3");
export const Entry_mac0: u32 = offsetof<Entry>("mac0");
export const Entry_mac1: u32 = offsetof<Entry>("mac1");
export const Entry_anchor: u32 = offsetof<Entry>("anchor");

export const FlowRecord_SIZE: u32 = offsetof<FlowRecord>();
export const FlowRecord_what: u32 = offsetof<FlowRecord>("what");
export const FlowRecord_endReason: u32 = offsetof<FlowRecord>("endReason");
export const FlowRecord_protocol: u32 = offsetof<FlowRecord>("protocol");
export const FlowRecord_ipVersion: u32 = offsetof<FlowRecord>("ipVersion");
export const FlowRecord_sourcePort: u32 = offsetof<FlowRecord>("sourcePort");
export const FlowRecord_destinationPort: u32 = offsetof<FlowRecord>("destinationPort");
export const FlowRecord_vlan: u32 = offsetof<FlowRecord>("vlan");
export const FlowRecord_kind: u32 = offsetof<FlowRecord>("kind");
export const FlowRecord_prefixBits: u32 = offsetof<FlowRecord>("prefixBits");
export const FlowRecord_domain: u32 = offsetof<FlowRecord>("domain");
export const FlowRecord_source0: u32 = offsetof<FlowRecord>("source0");
export const FlowRecord_source1: u32 = offsetof<FlowRecord>("source1");
export const FlowRecord_destination0: u32 = offsetof<FlowRecord>("destination0");
export const FlowRecord_destination1: u32 = offsetof<FlowRecord>("destination1");
export const FlowRecord_startUnixNs: u32 = offsetof<FlowRecord>("startUnixNs");
export const FlowRecord_endUnixNs: u32 = offsetof<FlowRecord>("endUnixNs");
export const FlowRecord_packetsDelta0: u32 = offsetof<FlowRecord>("packetsDelta0");
export const FlowRecord_packetsTotal0: u32 = offsetof<FlowRecord>("packetsTotal0");
export const FlowRecord_bytesDelta0: u32 = offsetof<FlowRecord>("bytesDelta0");
export const FlowRecord_bytesTotal0: u32 = offsetof<FlowRecord>("bytesTotal0");
export const FlowRecord_wireBytesDelta0: u32 = offsetof<FlowRecord>("wireBytesDelta0");
export const FlowRecord_framesDelta0: u32 = offsetof<FlowRecord>("framesDelta0");
export const FlowRecord_packetsDelta1: u32 = offsetof<FlowRecord>("packetsDelta1");
export const FlowRecord_packetsTotal1: u32 = offsetof<FlowRecord>("packetsTotal1");
export const FlowRecord_bytesDelta1: u32 = offsetof<FlowRecord>("bytesDelta1");
export const FlowRecord_bytesTotal1: u32 = offsetof<FlowRecord>("bytesTotal1");
export const FlowRecord_wireBytesDelta1: u32 = offsetof<FlowRecord>("wireBytesDelta1");
export const FlowRecord_framesDelta1: u32 = offsetof<FlowRecord>("framesDelta1");
export const FlowRecord_synAckAfterNs: u32 = offsetof<FlowRecord>("synAckAfterNs");
export const FlowRecord_ackAfterNs: u32 = offsetof<FlowRecord>("ackAfterNs");
export const FlowRecord_retransmittedPackets0: u32 = offsetof<FlowRecord>("retransmittedPackets0");
export const FlowRecord_retransmittedPackets1: u32 = offsetof<FlowRecord>("retransmittedPackets1");
export const FlowRecord_retransmittedBytes0: u32 = offsetof<FlowRecord>("retransmittedBytes0");
export const FlowRecord_retransmittedBytes1: u32 = offsetof<FlowRecord>("retransmittedBytes1");
export const FlowRecord_outOfOrder0: u32 = offsetof<FlowRecord>("outOfOrder0");
export const FlowRecord_outOfOrder1: u32 = offsetof<FlowRecord>("outOfOrder1");
export const FlowRecord_zeroWindows0: u32 = offsetof<FlowRecord>("zeroWindows0");
export const FlowRecord_zeroWindows1: u32 = offsetof<FlowRecord>("zeroWindows1");
export const FlowRecord_traceId0: u32 = offsetof<FlowRecord>("traceId0");
export const FlowRecord_traceId1: u32 = offsetof<FlowRecord>("traceId1");
export const FlowRecord_spanId: u32 = offsetof<FlowRecord>("spanId");
export const FlowRecord_community0: u32 = offsetof<FlowRecord>("community0");
export const FlowRecord_community1: u32 = offsetof<FlowRecord>("community1");
export const FlowRecord_community2: u32 = offsetof<FlowRecord>("community2");
export const FlowRecord_number: u32 = offsetof<FlowRecord>("number");
export const FlowRecord_tcpFlags0: u32 = offsetof<FlowRecord>("tcpFlags0");
export const FlowRecord_tcpFlags1: u32 = offsetof<FlowRecord>("tcpFlags1");
export const FlowRecord_ttl0: u32 = offsetof<FlowRecord>("ttl0");
export const FlowRecord_ttl1: u32 = offsetof<FlowRecord>("ttl1");
export const FlowRecord_label0: u32 = offsetof<FlowRecord>("label0");
export const FlowRecord_label1: u32 = offsetof<FlowRecord>("label1");
export const FlowRecord_icmp: u32 = offsetof<FlowRecord>("icmp");
export const FlowRecord_interface0: u32 = offsetof<FlowRecord>("interface0");
export const FlowRecord_interface1: u32 = offsetof<FlowRecord>("interface1");
export const FlowRecord_interface2: u32 = offsetof<FlowRecord>("interface2");
export const FlowRecord_interface3: u32 = offsetof<FlowRecord>("interface3");
export const FlowRecord_mac0: u32 = offsetof<FlowRecord>("mac0");
export const FlowRecord_mac1: u32 = offsetof<FlowRecord>("mac1");
export const FlowRecord_reserved0: u32 = offsetof<FlowRecord>("reserved0");
export const FlowRecord_facts: u32 = offsetof<FlowRecord>("facts");
export const FlowRecord_initialSequence: u32 = offsetof<FlowRecord>("initialSequence");
export const FlowRecord_startNs: u32 = offsetof<FlowRecord>("startNs");
export const FlowRecord_lastSeenNs: u32 = offsetof<FlowRecord>("lastSeenNs");
export const FlowRecord_samplingHash: u32 = offsetof<FlowRecord>("samplingHash");
export const FlowRecord_reserved1: u32 = offsetof<FlowRecord>("reserved1");

export const Settings_SIZE: u32 = offsetof<Settings>();
export const Settings_slots: u32 = offsetof<Settings>("slots");
export const Settings_slotCount: u32 = offsetof<Settings>("slotCount");
export const Settings_marks: u32 = offsetof<Settings>("marks");
export const Settings_markStride: u32 = offsetof<Settings>("markStride");
export const Settings_cpuCount: u32 = offsetof<Settings>("cpuCount");
export const Settings_setsPerCpu: u32 = offsetof<Settings>("setsPerCpu");
export const Settings_markShift: u32 = offsetof<Settings>("markShift");
export const Settings_ringConsumer: u32 = offsetof<Settings>("ringConsumer");
export const Settings_ringProducer: u32 = offsetof<Settings>("ringProducer");
export const Settings_ringData: u32 = offsetof<Settings>("ringData");
export const Settings_ringBytes: u32 = offsetof<Settings>("ringBytes");
export const Settings_shadows: u32 = offsetof<Settings>("shadows");
export const Settings_out: u32 = offsetof<Settings>("out");
export const Settings_outRecords: u32 = offsetof<Settings>("outRecords");
export const Settings_snapshot: u32 = offsetof<Settings>("snapshot");
export const Settings_index: u32 = offsetof<Settings>("index");
export const Settings_indexBucketsMax: u32 = offsetof<Settings>("indexBucketsMax");
export const Settings_indexOverflow: u32 = offsetof<Settings>("indexOverflow");
export const Settings_indexOverflowMax: u32 = offsetof<Settings>("indexOverflowMax");
export const Settings_pool: u32 = offsetof<Settings>("pool");
export const Settings_flowsMax: u32 = offsetof<Settings>("flowsMax");
export const Settings_aggregatesMax: u32 = offsetof<Settings>("aggregatesMax");
export const Settings_anchors: u32 = offsetof<Settings>("anchors");
export const Settings_interfaces: u32 = offsetof<Settings>("interfaces");
export const Settings_communityIdSeed: u32 = offsetof<Settings>("communityIdSeed");
export const Settings_genericTimeoutMs: u32 = offsetof<Settings>("genericTimeoutMs");
export const Settings_icmpTimeoutMs: u32 = offsetof<Settings>("icmpTimeoutMs");
export const Settings_tcpTimeoutMs: u32 = offsetof<Settings>("tcpTimeoutMs");
export const Settings_tcpFinTimeoutMs: u32 = offsetof<Settings>("tcpFinTimeoutMs");
export const Settings_tcpRstTimeoutMs: u32 = offsetof<Settings>("tcpRstTimeoutMs");
export const Settings_udpTimeoutMs: u32 = offsetof<Settings>("udpTimeoutMs");
export const Settings_maxRecordIntervalMs: u32 = offsetof<Settings>("maxRecordIntervalMs");
export const Settings_traceIdTimeoutS: u32 = offsetof<Settings>("traceIdTimeoutS");
export const Settings_hash0: u32 = offsetof<Settings>("hash0");
export const Settings_hash1: u32 = offsetof<Settings>("hash1");
export const Settings_hash2: u32 = offsetof<Settings>("hash2");
export const Settings_domain0: u32 = offsetof<Settings>("domain0");
export const Settings_domain1: u32 = offsetof<Settings>("domain1");
export const Settings_node0: u32 = offsetof<Settings>("node0");
export const Settings_node1: u32 = offsetof<Settings>("node1");
export const Settings_samplingAddress0: u32 = offsetof<Settings>("samplingAddress0");
export const Settings_samplingAddress1: u32 = offsetof<Settings>("samplingAddress1");
export const Settings_samplingPort: u32 = offsetof<Settings>("samplingPort");
export const Settings_samplingProtocol: u32 = offsetof<Settings>("samplingProtocol");
export const Settings_samplingMix: u32 = offsetof<Settings>("samplingMix");

export const Clocks_SIZE: u32 = offsetof<Clocks>();
export const Clocks_nowNs: u32 = offsetof<Clocks>("nowNs");
export const Clocks_wallOffsetNs: u32 = offsetof<Clocks>("wallOffsetNs");
export const Clocks_anchor: u32 = offsetof<Clocks>("anchor");

export const Measures_SIZE: u32 = offsetof<Measures>();
export const Measures_frames: u32 = offsetof<Measures>("frames");
export const Measures_packets: u32 = offsetof<Measures>("packets");
export const Measures_bytes: u32 = offsetof<Measures>("bytes");
export const Measures_wireBytes: u32 = offsetof<Measures>("wireBytes");

export const DeviceTable_SIZE: u32 = offsetof<DeviceTable>();
export const DeviceTable_deviceMask: u32 = offsetof<DeviceTable>("deviceMask");
export const DeviceTable_vlanMask: u32 = offsetof<DeviceTable>("vlanMask");
export const DeviceTable_version: u32 = offsetof<DeviceTable>("version");
export const DeviceTable_reserved: u32 = offsetof<DeviceTable>("reserved");

export const Device_SIZE: u32 = offsetof<Device>();
export const Device_ifindex: u32 = offsetof<Device>("ifindex");
export const Device_flags: u32 = offsetof<Device>("flags");
export const Device_domain: u32 = offsetof<Device>("domain");
export const Device_interfaceId: u32 = offsetof<Device>("interfaceId");
export const Device_bridge: u32 = offsetof<Device>("bridge");

export const Vlan_SIZE: u32 = offsetof<Vlan>();
export const Vlan_ifindex: u32 = offsetof<Vlan>("ifindex");
export const Vlan_vlan: u32 = offsetof<Vlan>("vlan");
export const Vlan_domain: u32 = offsetof<Vlan>("domain");
export const Vlan_flags: u32 = offsetof<Vlan>("flags");
