/** Which keys take effect while weir runs. All others want a restart. */

/** A key, or a group with all that is in it. */
const LIVE_KEYS = [
  "log_level",
  "log_format",
  "auto_reload",
  "shutdown_timeout",
  "discovery.instrument.interfaces",
  "span.generic_timeout",
  "span.icmp_timeout",
  "span.tcp_timeout",
  "span.tcp_fin_timeout",
  "span.tcp_rst_timeout",
  "span.udp_timeout",
  "span.max_record_interval",
  "filter",
  "export",
  "limits.flows_max",
] as const;

export function isLive(path: string): boolean {
  return LIVE_KEYS.some((key) => path === key || path.startsWith(`${key}.`));
}
