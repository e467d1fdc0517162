/**
 * Names that spans carry because OpenTelemetry has them for what flow names say, too (semantic conventions,
 * network.flow.io): a receiver may be spared them.
 */

/** Without the side that they are of. */
const STANDARD_NAMES = new Set([
  "network.io.direction",
  "k8s.owner.name",
  "k8s.owner.type",
  "k8s.resource.type",
  "k8s.node.ip",
]);

const SIDE_REGEXP = /^(?:source|destination)\./;

/** Whether a span has this attribute only for the standard's sake. */
export function isStandardName(name: string): boolean {
  return STANDARD_NAMES.has(name.replace(SIDE_REGEXP, ""));
}
