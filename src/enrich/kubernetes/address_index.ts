/** Claims by address: found by four words, without making anything. Grows and shrinks by single claims. */
import type { Claim } from "./claim.ts";
import { hashOf, Ip } from "./ip.ts";

/** An address and who claims it. */
export class Address extends Ip {
  /** The first of the claims; each has the next. */
  first: Claim | undefined;
  /** Another address with the same hash. */
  next: Address | undefined;
}

/** Prefixes that count as one network when addresses in it are known: /24 and /64. */
const IPV4_HOST_BITS = 8;

export class AddressIndex {
  readonly #byHash = new Map<number, Address>();
  /** Claims in each network, to tell addresses that may be named soon from those outside of the cluster. */
  readonly #networks = new Map<number, number>();
  #addressCount = 0;
  #claimCount = 0;

  get addressCount(): number {
    return this.#addressCount;
  }

  get claimCount(): number {
    return this.#claimCount;
  }

  find(w0: number, w1: number, w2: number, w3: number): Address | undefined {
    let address = this.#byHash.get(hashOf(w0, w1, w2, w3));
    while (address) {
      if (address.w3 === w3 && address.w2 === w2 && address.w1 === w1 && address.w0 === w0) return address;
      address = address.next;
    }
    return undefined;
  }

  /** Whether an address is in a network of which others are known. */
  isNear(w0: number, w1: number, w2: number, w3: number): boolean {
    return this.#networks.has(networkOf(w0, w1, w2, w3));
  }

  /** An address as it is kept, for claims to refer to; kept from the first claim on. */
  at(ip: Ip): Address {
    const { w0, w1, w2, w3 } = ip;
    return this.find(w0, w1, w2, w3) ?? new Address(w0, w1, w2, w3);
  }

  add(claim: Claim): void {
    const { ip } = claim;
    const { w0, w1, w2, w3 } = ip;
    if (!ip.first) {
      const hash = hashOf(w0, w1, w2, w3);
      ip.next = this.#byHash.get(hash);
      this.#byHash.set(hash, ip);
      this.#addressCount++;
    }
    claim.next = ip.first;
    ip.first = claim;
    this.#claimCount++;
    const network = networkOf(w0, w1, w2, w3);
    this.#networks.set(network, (this.#networks.get(network) ?? 0) + 1);
  }

  remove(claim: Claim): void {
    const { ip } = claim;
    if (!takeOut(ip, claim)) return;
    this.#claimCount--;
    const network = networkOf(ip.w0, ip.w1, ip.w2, ip.w3);
    const left = this.#networks.get(network)! - 1;
    if (left) this.#networks.set(network, left);
    else this.#networks.delete(network);
    if (!ip.first) this.#forget(ip);
  }

  #forget(address: Address): void {
    const { w0, w1, w2, w3 } = address;
    const hash = hashOf(w0, w1, w2, w3);
    const first = this.#byHash.get(hash)!;
    if (first !== address) {
      let before = first;
      while (before.next !== address) before = before.next!;
      before.next = address.next;
    } else if (address.next) {
      this.#byHash.set(hash, address.next);
    } else {
      this.#byHash.delete(hash);
    }
    this.#addressCount--;
  }
}

function takeOut(address: Address, claim: Claim): boolean {
  if (address.first === claim) {
    address.first = claim.next;
    return true;
  }
  for (let before = address.first; before; before = before.next) {
    if (before.next !== claim) continue;
    before.next = claim.next;
    return true;
  }
  return false;
}

function networkOf(w0: number, w1: number, w2: number, w3: number): number {
  if (w0 === 0 && w1 === 0) return hashOf(w0, w1, w2, w3 >> IPV4_HOST_BITS);
  return hashOf(w0, w1, 1, 1);
}
