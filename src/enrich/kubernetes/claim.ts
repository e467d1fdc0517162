/**
 * That an object has an address, from when until when. Addresses are used again, so who had one is a question of time:
 * of when a flow began.
 */
import type { Address } from "./address_index.ts";
import type { Ip } from "./ip.ts";
import type { KubernetesObject } from "./objects.ts";

/** What an object is to an address. */
export const Role = {
  /** A pod that has it for itself. */
  POD: 0,
  /** A pod on its node's address: only its declared ports are known to be its own. */
  HOST: 1,
  NODE: 2,
  /** A service by an address that no other can have. */
  CLUSTER: 3,
  /** A service by an address that it may share, by ports, with others and with nodes. */
  EXTERNAL: 4,
  /** A service by a port of every node. */
  NODE_PORT: 5,
  ENDPOINT: 6,
  INGRESS: 7,
  GATEWAY: 8,
} as const;

export const ROLE_COUNT = 9;

/** Bits of the sides that a claim holds for: what is configured for one need not be for the other. */
export const SIDE_SOURCE = 1;
export const SIDE_DESTINATION = 2;

export class Claim {
  readonly ip: Address;
  /** Of {@linkcode Role}. */
  readonly role: number;
  readonly sides: number;
  /** Of the association rule that found the address in the object. */
  readonly path: string;
  /** Replaced when the object's next version comes. */
  object: KubernetesObject;
  /** Unix ms. Of a pod: when it was started or first seen with the address, whichever is earlier. */
  readonly fromMs: number;
  /** When weir heard of it, Unix ms. */
  readonly seenMs: number;
  /** Another one of the same address. */
  next: Claim | undefined;
  /** Nothing for the many that are not over: a number of their own would cost each 16 bytes. */
  #toMs: number | undefined;

  constructor(due: Due<Address>, object: KubernetesObject, fromMs: number, seenMs: number) {
    this.ip = due.ip;
    this.role = due.role;
    this.sides = due.sides;
    this.path = due.path;
    this.object = object;
    this.fromMs = fromMs;
    this.seenMs = seenMs;
  }

  /** Unix ms; Infinity while the object has the address. */
  get toMs(): number {
    return this.#toMs ?? Infinity;
  }

  end(atMs: number): void {
    this.#toMs = Math.max(this.fromMs, atMs);
  }
}

/** A claim that an object makes as it is now. */
export interface Due<At extends Ip = Ip> {
  readonly ip: At;
  readonly role: number;
  readonly sides: number;
  readonly path: string;
}

/** A flow that began so shortly after an address was given up may still be packets on their way. */
const AFTER_END_MS = 1_000;
/** A flow may have begun, by clocks that differ and news that takes time, so long before its pod was heard of. */
const BEFORE_BEGIN_MS = 5_000;

/** How a claim's time fits a flow's, from best to worst. */
export const Fit = {
  AT_START: 0,
  DURING: 1,
  JUST_ENDED: 2,
  JUST_BEGAN: 3,
  NONE: 4,
} as const;

/** How a claim fits a flow that ran between the two, Unix ms. */
export function fitOf({ fromMs, toMs }: Pick<Claim, "fromMs" | "toMs">, startMs: number, endMs: number): number {
  if (fromMs <= startMs) {
    if (startMs < toMs) return Fit.AT_START;
    return startMs - toMs < AFTER_END_MS ? Fit.JUST_ENDED : Fit.NONE;
  }
  if (fromMs <= endMs) return Fit.DURING;
  return fromMs - endMs <= BEFORE_BEGIN_MS ? Fit.JUST_BEGAN : Fit.NONE;
}

/**
 * Whether `a` rather than `b` had the address, where both fit equally well. At a flow's start: who lives before who is
 * ending, then who had it last. Else: whose time is nearest.
 */
export function precedes(a: Claim, b: Claim, fit: number): boolean {
  if (fit !== Fit.AT_START) return fit === Fit.JUST_ENDED ? a.toMs > b.toMs : a.fromMs < b.fromMs;
  if (a.object.isEnding !== b.object.isEnding) return b.object.isEnding;
  return a.fromMs > b.fromMs;
}
