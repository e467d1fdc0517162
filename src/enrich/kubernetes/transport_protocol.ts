/** Transport protocols that Kubernetes knows, by their IP protocol numbers (IANA). */

const PROTOCOLS: Record<string, number> = { TCP: 6, UDP: 17, SCTP: 132 };

/** A protocol that is not said is TCP; one that is not known is 0, which no flow with ports has. */
export function protocolOf(name: string | null | undefined): number {
  return name === undefined || name === null ? PROTOCOLS.TCP! : PROTOCOLS[name.toUpperCase()] ?? 0;
}

/** Whether a flow of this protocol has ports. */
export function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132;
}
