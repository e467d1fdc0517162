/** Transport protocols that Kubernetes knows, by their IP protocol numbers (IANA). */

export const TCP = 6;
export const UDP = 17;
const SCTP = 132;
const PROTOCOLS: Record<string, number> = { TCP, UDP, SCTP };

/** A protocol that is not said is TCP; one that is not known is 0, which no flow with ports has. */
export function protocolOf(name: string | null | undefined): number {
  return name === undefined || name === null ? TCP : PROTOCOLS[name.toUpperCase()] ?? 0;
}

/** Whether a flow of this protocol has ports. */
export function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}
