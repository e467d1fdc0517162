/**
 * Variables that Kubernetes sets in every pod for each Service of its namespace ("Accessing the Service"): a Service
 * called weir would otherwise look like settings.
 */
const LINK_REGEXP = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

export function isServiceLink(name: string, value: string): boolean {
  return LINK_REGEXP.test(name) || (name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value));
}
