/** Frames by chance: mostly well formed, often nearly so, sometimes noise. Never longer than a test_run takes. */
import {
  arp,
  authentication,
  type Bytes,
  concat,
  cut,
  ethernet,
  extension,
  fragment,
  geneve,
  gre,
  icmp,
  icmp6,
  ipv4,
  ipv6,
  type Layer,
  packet,
  raw,
  sctp,
  tcp,
  udp,
  vlan,
  vxlan,
} from "./packet.ts";
import type { Random } from "./random.ts";

const FRAME_BYTES_MAX = 3_400;
const FLAGS = ["S", "SA", "A", "PA", "FA", "R", "RA", "FSRPAUEC", ""];
const PORTS = [0, 1, 53, 80, 443, 4_789, 6_081, 8_472, 65_535];
const EXTENSIONS = [0, 43, 60, 135, 139, 140];

export function randomFrame(random: Random): Bytes {
  if (random.oneIn(50)) return random.bytes(random.below(200));
  const frame = packet(...linkLayers(random), ...networkLayers(random), random.bytes(random.below(120)));
  const mutated = random.oneIn(3) ? mutate(random, frame) : frame;
  return mutated.length > FRAME_BYTES_MAX ? cut(mutated, FRAME_BYTES_MAX) : mutated;
}

function linkLayers(random: Random): Layer[] {
  const options = random.oneIn(30) ? { ethertype: random.below(65_536) } : {};
  const tags = random.oneIn(3) ? random.below(4) : 0;
  const tag = () =>
    vlan(random.oneIn(4) ? 0 : random.below(4_096), {
      priority: random.below(8),
      ...(random.oneIn(3) ? { tpid: 0x88a8 } : {}),
    });
  return [ethernet(options), ...Array.from({ length: tags }, tag)];
}

function networkLayers(random: Random): Layer[] {
  if (random.oneIn(40)) return [arp()];
  const layers = random.oneIn(2) ? [randomIpv4(random)] : [randomIpv6(random), ...extensions(random)];
  return random.oneIn(12) ? [...layers, ...tunnel(random)] : [...layers, transport(random)];
}

/** A field that is mostly left to the builder. */
function seldom<Name extends string>(random: Random, name: Name, end: number): { [Key in Name]?: number } {
  return (random.oneIn(15) ? { [name]: random.below(end) } : {}) as { [Key in Name]?: number };
}

function randomIpv4(random: Random): Layer {
  const isFragment = random.oneIn(8);
  return ipv4({
    source: `10.0.${random.below(256)}.${random.below(256)}`,
    ttl: random.below(256),
    trafficClass: random.below(256),
    dontFragment: random.oneIn(2),
    moreFragments: random.oneIn(8),
    ...(random.oneIn(6) ? { options: random.bytes(4 * random.below(11)) } : {}),
    ...(isFragment ? { fragmentOffset: random.below(0x2000) } : {}),
    ...seldom(random, "totalLength", 300),
    ...seldom(random, "headerWords", 16),
    ...seldom(random, "version", 16),
    ...seldom(random, "protocol", 256),
  });
}

function randomIpv6(random: Random): Layer {
  return ipv6({
    source: `fd00::${random.below(65_536).toString(16)}`,
    ttl: random.below(256),
    trafficClass: random.below(256),
    flowLabel: random.below(1 << 20),
    ...seldom(random, "payloadLength", 300),
    ...seldom(random, "version", 16),
    ...seldom(random, "protocol", 256),
  });
}

function extensions(random: Random): Layer[] {
  if (!random.oneIn(2)) return [];
  return Array.from({ length: random.below(11) }, () => {
    if (random.oneIn(6)) return fragment({ offset: random.oneIn(3) ? random.below(0x2000) : 0, more: random.oneIn(2) });
    if (random.oneIn(6)) {
      return authentication({ headerBytes: 8 + 4 * random.below(8), ...seldom(random, "length", 256) });
    }
    return extension(random.pick(EXTENSIONS), {
      headerBytes: 8 * (1 + random.below(4)),
      ...seldom(random, "length", 256),
    });
  });
}

function transport(random: Random): Layer {
  const ports = { source: random.pick(PORTS), destination: random.below(65_536) };
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return tcp({
        ...ports,
        flags: random.pick(FLAGS),
        sequence: random.u32(),
        acknowledgment: random.u32(),
        window: random.oneIn(4) ? 0 : random.below(65_536),
        options: random.bytes(4 * random.below(11)),
        ...seldom(random, "headerWords", 16),
      });
    case 3:
      return sctp(ports);
    case 4:
      return icmp(random.below(256), random.below(256));
    case 5:
      return icmp6(random.below(256), random.below(256));
    case 6:
      return raw(random.below(256), ...random.bytes(random.below(24)));
    default:
      return udp({ ...ports, ...seldom(random, "length", 65_536) });
  }
}

function tunnel(random: Random): Layer[] {
  const inner = random.oneIn(2) ? [ipv4(), tcp()] : [ipv6(), udp()];
  switch (random.below(4)) {
    case 0:
      return [udp({ destination: random.pick([4_789, 8_472]) }), vxlan(random.below(1 << 24)), ethernet(), ...inner];
    case 1:
      return [udp({ destination: 6_081 }), geneve(7, random.below(8)), ethernet(), ...inner];
    case 2:
      return [gre({ key: random.oneIn(2), checksum: random.oneIn(2), sequence: random.oneIn(2) }), ...inner];
    default:
      return inner;
  }
}

function mutate(random: Random, frame: Bytes): Bytes {
  const mutated = frame.slice();
  switch (random.below(5)) {
    case 0: // a few bits, mostly of headers
      for (let flips = 1 + random.below(4); flips > 0; flips--) {
        const at = random.below(Math.min(mutated.length, random.oneIn(2) ? 64 : mutated.length));
        mutated[at]! ^= 1 << random.below(8);
      }
      return mutated;
    case 1: // a byte to an extreme
      mutated[random.below(mutated.length)] = random.oneIn(2) ? 0 : 0xff;
      return mutated;
    case 2:
      return cut(mutated, random.below(mutated.length));
    case 3:
      return concat(mutated, random.bytes(random.below(64)));
    default: { // a hole in the middle
      const from = random.below(mutated.length);
      return concat(mutated.subarray(0, from), mutated.subarray(from + random.below(16)));
    }
  }
}
