/** What association rules on ports, protocols and IP versions ask of a flow's side. */
import { protocolOf } from "./transport_protocol.ts";

export interface PortFilter {
  /** undefined: any. */
  readonly ports: readonly number[] | undefined;
  readonly protocols: readonly number[] | undefined;
  readonly versions: readonly number[] | undefined;
}

/** By side; undefined where nothing is asked. */
export interface SideFilters {
  readonly source: PortFilter | undefined;
  readonly destination: PortFilter | undefined;
}

/** Whether a side of a flow is what the filter asks for. */
export function passes(filter: PortFilter | undefined, port: number, protocol: number, version: number): boolean {
  if (!filter) return true;
  return (filter.ports?.includes(port) ?? true) && (filter.protocols?.includes(protocol) ?? true) &&
    (filter.versions?.includes(version) ?? true);
}

/** A rule whose paths find nothing in an object asks nothing of it. */
export function portsOf(values: readonly unknown[]): number[] | undefined {
  const ports = values.map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  return ports.length ? [...new Set(ports)] : undefined;
}

export function protocolsOf(values: readonly unknown[]): number[] | undefined {
  const protocols = values.filter((value) => typeof value === "string").map(protocolOf);
  return protocols.length ? [...new Set(protocols)] : undefined;
}

/** "IPv4", "ipv6" …. */
export function versionsOf(values: readonly unknown[]): number[] | undefined {
  const versions = values.map((value) => Number(/^ipv([46])$/i.exec(String(value))?.[1])).filter(Number.isInteger);
  return versions.length ? [...new Set(versions)] : undefined;
}
