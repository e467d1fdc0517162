/** span: when records are cut and flows end, and what their ids are made from. */
import { accepted, DAY_MS, duration, group, setting, timeout, whole } from "./kinds.ts";

const SECOND_MS = 1_000;
const HOSTNAMES = "weir resolves no names: receivers do that better, and a look-up is traffic of its own";

export const span = group("When a flow's records are cut, when it ends, and what its ids are made from.", {
  max_record_interval: setting("The longest time between two records of a flow that goes on.", timeout(), "60s"),
  generic_timeout: setting("A flow of any other protocol ends after so long without a packet.", timeout(), "30s"),
  icmp_timeout: setting("An ICMP flow ends after so long without a packet.", timeout(), "10s"),
  tcp_timeout: setting("A TCP flow ends after so long without a packet.", timeout(), "20s"),
  tcp_fin_timeout: setting("A TCP flow ends so long after both sides said FIN.", timeout(), "5s"),
  tcp_rst_timeout: setting("A TCP flow ends so long after a reset.", timeout(), "5s"),
  udp_timeout: setting("A UDP flow ends after so long without a packet.", timeout(), "60s"),
  community_id_seed: setting("The seed of Community IDs: the same wherever ids are compared.", whole(0, 65_535), 0),
  trace_id_timeout: setting(
    "How long flows of the same two ends without a TCP handshake share a trace id.",
    duration(SECOND_MS, 365 * DAY_MS),
    "24h",
  ),
  enable_hostname_resolution: accepted(HOSTNAMES, { fixed: false }),
  hostname_resolve_timeout: accepted(HOSTNAMES),
});
