/**
 * The part of a filter that the kernel program decides: what is so for a packet whoever began its flow, and whatever
 * becomes of it. A packet that can pass one way round, or perhaps, is counted, and the table decides.
 */
import { addressVerdicts } from "../address_verdicts.ts";
import { devicesPass, Ends, type FilterSettings, type NamedDevice, namesPass, numbersPass } from "../filter_keys.ts";
import { protocolNames } from "../names.ts";
import { addressTree } from "./address_tree.ts";
import { Withhold } from "./knobs.ts";

export interface KernelFilter {
  /** Bits of {@linkcode Withhold}. */
  withhold: number;
  /** A bit for each protocol that may pass, in four words. */
  protocols: readonly bigint[];
  /** enum filter_version: which may pass. */
  versions: number;
  /** Ends that the type or code of any ICMP message may be, taken for a port. */
  icmpEnds: number;
  /** Ends by port, two bits each. */
  ports: Uint8Array<ArrayBuffer> | undefined;
  /** Nodes of the addresses' tree. */
  addresses: Uint32Array<ArrayBuffer> | undefined;
  /** Whether packets of a device are looked at; undefined: of every one. */
  devicePasses: ((device: NamedDevice) => boolean) | undefined;
}

const PORTS = 65_536;
const PROTOCOLS = 256;
const ICMP_PORTS = 256;
const VERSION_BITS = { ipv4: 1, ipv6: 2 } as const;
const ANY_VERSION = VERSION_BITS.ipv4 | VERSION_BITS.ipv6;
const WORD_BITS = 64;
const ALL_PROTOCOLS = Array<bigint>(PROTOCOLS / WORD_BITS).fill((1n << BigInt(WORD_BITS)) - 1n);

/** undefined: the kernel program has nothing to decide. */
export function kernelFilter(filter: FilterSettings): KernelFilter | undefined {
  const { source, destination, network } = filter;
  const sourcePorts = numbersPass(source.port, PORTS);
  const destinationPorts = numbersPass(destination.port, PORTS);
  const hasPorts = sourcePorts !== undefined || destinationPorts !== undefined;
  const verdicts = addressVerdicts(source.address, destination.address);
  const protocolPasses = namesPass(network.transport, { ignoreCase: true });
  const versionPasses = namesPass(network.type, { ignoreCase: true });
  const devicePasses = devicesPass(network);
  const withhold = (devicePasses ? Withhold.INTERFACES : 0) | (protocolPasses ? Withhold.PROTOCOLS : 0) |
    (versionPasses ? Withhold.VERSIONS : 0) | (verdicts ? Withhold.ADDRESSES : 0) | (hasPorts ? Withhold.PORTS : 0);
  if (!withhold) return undefined;
  const mayBe = (pass: Uint8Array | undefined, end: number) => !pass || pass.includes(1) ? end : 0;
  return {
    withhold,
    protocols: protocolPasses ? protocolBits((protocol) => protocolPasses(...protocolNames(protocol))) : ALL_PROTOCOLS,
    versions: versionPasses ? versionBits(versionPasses) : ANY_VERSION,
    icmpEnds: mayBe(sourcePorts?.subarray(0, ICMP_PORTS), Ends.SOURCE) |
      mayBe(destinationPorts?.subarray(0, ICMP_PORTS), Ends.DESTINATION),
    ports: hasPorts ? portEnds(sourcePorts, destinationPorts) : undefined,
    addresses: verdicts && addressTree(verdicts),
    devicePasses,
  };
}

function protocolBits(passes: (protocol: number) => boolean): bigint[] {
  const words = ALL_PROTOCOLS.map(() => 0n);
  for (let protocol = 0; protocol < PROTOCOLS; protocol++) {
    if (passes(protocol)) words[Math.floor(protocol / WORD_BITS)]! |= 1n << BigInt(protocol % WORD_BITS);
  }
  return words;
}

function versionBits(passes: (name: string) => boolean): number {
  return (passes("ipv4") ? VERSION_BITS.ipv4 : 0) | (passes("ipv6") ? VERSION_BITS.ipv6 : 0);
}

function portEnds(source: Uint8Array | undefined, destination: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(PORTS / 4);
  for (let port = 0; port < PORTS; port++) {
    const ends = (source?.[port] ?? 1 ? Ends.SOURCE : 0) | (destination?.[port] ?? 1 ? Ends.DESTINATION : 0);
    packed[port >> 2]! |= ends << port % 4 * 2;
  }
  return packed;
}
