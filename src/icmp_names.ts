/** ICMP and ICMPv6 types and codes by name (IANA's registries). */

interface IcmpType {
  name: string;
  codes?: Record<number, string>;
}

const EXTENDED_ECHO_CODES = {
  0: "no_error",
  1: "malformed_query",
  2: "no_such_interface",
  3: "no_such_table_entry",
  4: "multiple_interfaces_satisfy_query",
};

const V4: Record<number, IcmpType> = {
  0: { name: "echo_reply" },
  3: {
    name: "destination_unreachable",
    codes: {
      0: "net_unreachable",
      1: "host_unreachable",
      2: "protocol_unreachable",
      3: "port_unreachable",
      4: "fragmentation_needed",
      5: "source_route_failed",
      6: "destination_network_unknown",
      7: "destination_host_unknown",
      8: "source_host_isolated",
      9: "network_administratively_prohibited",
      10: "host_administratively_prohibited",
      11: "network_unreachable_for_tos",
      12: "host_unreachable_for_tos",
      13: "communication_administratively_prohibited",
      14: "host_precedence_violation",
      15: "precedence_cutoff_in_effect",
    },
  },
  4: { name: "source_quench" },
  5: {
    name: "redirect",
    codes: {
      0: "redirect_for_network",
      1: "redirect_for_host",
      2: "redirect_for_tos_and_network",
      3: "redirect_for_tos_and_host",
    },
  },
  8: { name: "echo_request" },
  9: { name: "router_advertisement", codes: { 16: "does_not_route_common_traffic" } },
  10: { name: "router_selection" },
  11: { name: "time_exceeded", codes: { 0: "ttl_expired", 1: "fragment_reassembly_time_exceeded" } },
  12: {
    name: "parameter_problem",
    codes: { 0: "pointer_indicates_error", 1: "missing_required_option", 2: "bad_length" },
  },
  13: { name: "timestamp" },
  14: { name: "timestamp_reply" },
  15: { name: "information_request" },
  16: { name: "information_reply" },
  17: { name: "address_mask_request" },
  18: { name: "address_mask_reply" },
  40: {
    name: "photuris",
    codes: {
      0: "bad_spi",
      1: "authentication_failed",
      2: "decompression_failed",
      3: "decryption_failed",
      4: "need_authentication",
      5: "need_authorization",
    },
  },
  42: { name: "extended_echo_request", codes: { 0: "no_error" } },
  43: { name: "extended_echo_reply", codes: EXTENDED_ECHO_CODES },
};

const DUPLICATE_ADDRESS_CODES = {
  0: "dar_message",
  1: "edar_message_with_64_bit_rovr_field",
  2: "edar_message_with_128_bit_rovr_field",
  3: "edar_message_with_192_bit_rovr_field",
  4: "edar_message_with_256_bit_rovr_field",
};

const V6: Record<number, IcmpType> = {
  1: {
    name: "destination_unreachable",
    codes: {
      0: "no_route_to_destination",
      1: "communication_with_destination_administratively_prohibited",
      2: "beyond_scope_of_source_address",
      3: "address_unreachable",
      4: "port_unreachable",
      5: "source_address_failed_ingress_egress_policy",
      6: "reject_route_to_destination",
      7: "error_in_source_routing_header",
      8: "headers_too_long",
      9: "error_in_p_route",
    },
  },
  2: { name: "packet_too_big" },
  3: { name: "time_exceeded", codes: { 0: "hop_limit_exceeded", 1: "fragment_reassembly_time_exceeded" } },
  4: {
    name: "parameter_problem",
    codes: {
      0: "erroneous_header_field_encountered",
      1: "unrecognized_next_header_type_encountered",
      2: "unrecognized_ipv6_option_encountered",
      3: "ipv6_first_fragment_has_incomplete_ipv6_header_chain",
      4: "sr_upper_layer_header_error",
      5: "unrecognized_next_header_type_encountered_by_intermediate_node",
      6: "extension_header_too_big",
      7: "extension_header_chain_too_long",
      8: "too_many_extension_headers",
      9: "too_many_options_in_extension_header",
      10: "option_too_big",
    },
  },
  128: { name: "echo_request" },
  129: { name: "echo_reply" },
  130: { name: "mld_query" },
  131: { name: "mld_report" },
  132: { name: "mld_done" },
  133: { name: "router_solicitation" },
  134: { name: "router_advertisement" },
  135: { name: "neighbor_solicitation" },
  136: { name: "neighbor_advertisement" },
  137: { name: "redirect" },
  138: {
    name: "router_renumbering",
    codes: { 0: "router_renumbering_command", 1: "router_renumbering_result", 255: "sequence_number_reset" },
  },
  139: { name: "node_information_query", codes: { 0: "data", 1: "name", 2: "name_or_address" } },
  140: {
    name: "node_information_response",
    codes: {
      0: "successful_response",
      1: "responding_node_is_the_node_queried",
      2: "query_is_recognized_but_the_requested_info_is_unavailable",
      3: "query_is_not_recognized",
    },
  },
  141: { name: "inverse_neighbor_discovery_solicitation" },
  142: { name: "inverse_neighbor_discovery_advertisement" },
  143: { name: "mldv2_multicast_listener_report" },
  144: { name: "home_agent_address_discovery_request" },
  145: { name: "home_agent_address_discovery_reply" },
  146: { name: "mobile_prefix_solicitation" },
  147: { name: "mobile_prefix_advertisement" },
  148: { name: "certification_path_solicitation" },
  149: { name: "certification_path_advertisement" },
  150: { name: "experimental_mobility_protocols" },
  151: { name: "multicast_router_advertisement" },
  152: { name: "multicast_router_solicitation" },
  153: { name: "multicast_router_termination" },
  154: { name: "fmipv6_messages" },
  155: { name: "rpl_control_message" },
  156: { name: "mpl_control_message" },
  157: { name: "duplicate_address_request_code_suffix", codes: DUPLICATE_ADDRESS_CODES },
  158: { name: "duplicate_address_confirmation_code_suffix", codes: DUPLICATE_ADDRESS_CODES },
  160: { name: "extended_echo_request", codes: { 0: "no_error" } },
  161: { name: "extended_echo_reply", codes: EXTENDED_ECHO_CODES },
};

const PROTOCOL_ICMP = 1;

/** A type's name; undefined where it has none. protocol: 1 or 58. */
export function icmpTypeName(protocol: number, type: number): string | undefined {
  return (protocol === PROTOCOL_ICMP ? V4 : V6)[type]?.name;
}

/** A code's name; undefined where it has none, "" for a type whose only code is 0. */
export function icmpCodeName(protocol: number, type: number, code: number): string | undefined {
  const known = (protocol === PROTOCOL_ICMP ? V4 : V6)[type];
  if (!known) return undefined;
  return known.codes ? known.codes[code] : code === 0 ? "" : undefined;
}
