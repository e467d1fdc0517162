/** The hash that flows are sampled by, a third time: in numbers of any size, from addresses as text. */
import type { Sampling } from "../../src/sampling.ts";
import { mapped } from "./slot_writer.ts";

export interface SampledTuple {
  protocol: number;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
}

const wrap = (value: bigint) => BigInt.asUintN(64, value);

/** 32 bits. ICMP goes by its addresses alone. */
export function samplingHash(tuple: SampledTuple, { multipliers }: Pick<Sampling, "multipliers">): bigint {
  const [address0, address1, port, protocol, mixer] = multipliers as [bigint, bigint, bigint, bigint, bigint];
  const mix = (value: bigint) => wrap((value ^ (value >> 32n)) * mixer);
  const end = (address: string, number: number) => {
    const view = new DataView(mapped(address).buffer);
    const words = view.getBigUint64(0, true) * address0 + view.getBigUint64(8, true) * address1;
    const sum = mix(wrap(words + BigInt(number) * port));
    return sum ^ (sum >> 29n);
  };
  const hasPorts = ![1, 58].includes(tuple.protocol);
  const ends = end(tuple.source, hasPorts ? tuple.sourcePort : 0) +
    end(tuple.destination, hasPorts ? tuple.destinationPort : 0);
  return mix(wrap(ends + BigInt(tuple.protocol) * protocol)) >> 32n;
}
