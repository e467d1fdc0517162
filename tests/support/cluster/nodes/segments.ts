/** TCP segments, as the stack of a network namespace counts them: exact where nothing else speaks. */

export interface Segments {
  sent: number;
  received: number;
}

/** Where the numbers are, read from inside of the namespace. */
export const SEGMENT_FILES = ["/proc/net/snmp", "/proc/net/netstat"];

/** From the files' texts, one behind the other. Frames of several segments count as those. */
export function segmentsOf(text: string): Segments {
  const counters = new Map<string, number>();
  const lines = text.trim().split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [group, ...names] = lines[i]!.split(" ");
    const [again, ...values] = lines[i + 1]!.split(" ");
    if (group !== again) throw new Error(`Cannot read counters: ${group} is followed by ${again}`);
    names.forEach((name, place) => counters.set(`${group}${name}`, Number(values[place])));
  }
  const sum = (...names: string[]) => names.reduce((total, name) => total + counters.get(name)!, 0);
  return {
    sent: sum("Tcp:OutSegs", "Tcp:RetransSegs"),
    // of all of IP, by what they say of congestion: the only counters of what came that know of segments
    received: sum("IpExt:InNoECTPkts", "IpExt:InECT0Pkts", "IpExt:InECT1Pkts", "IpExt:InCEPkts"),
  };
}

export function segmentsSince(before: Segments, after: Segments): Segments {
  return { sent: after.sent - before.sent, received: after.received - before.received };
}
