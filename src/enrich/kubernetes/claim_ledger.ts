/** Who claims which address since when: takes in objects, keeps the address index in step, remembers what is over. */
import { AddressIndex } from "./address_index.ts";
import type { Want } from "./association.ts";
import { Claim, type Due, Role } from "./claim.ts";
import { Ip, parseIp } from "./ip.ts";
import type { KindName } from "./kinds.ts";
import { type KubernetesObject, Pod, Service } from "./objects.ts";
import { addressedMs } from "./pod_times.ts";
import type { RawObject, RawPod, RawService } from "./raw_object.ts";

interface Over {
  claim: Claim;
  atMs: number;
}

/** An object, or its next version, as it is taken in. */
interface Renewal {
  object: KubernetesObject;
  previous: KubernetesObject | undefined;
  raw: RawObject;
  nowMs: number;
  /** When its addresses became free; Infinity: they are not. */
  endMs: number;
}

const ROLES: Partial<Record<KindName, number>> = {
  Node: Role.NODE,
  Endpoints: Role.ENDPOINT,
  EndpointSlice: Role.ENDPOINT,
  Ingress: Role.INGRESS,
  Gateway: Role.GATEWAY,
};
/** The containers' ends have seconds only: the whole second is theirs. */
const SECOND_MS = 1_000;
/** A pod that weir knows has a new address for so long at most before weir hears of it. */
const NEWS_MS = 5_000;

export class ClaimLedger {
  readonly index = new AddressIndex();
  readonly #memoryMs: number;
  /** In the order in which they ended. */
  #over: Over[] = [];

  /** memoryMs: how long a claim that is over is remembered. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  /** Claims that are over and not forgotten. */
  get overCount(): number {
    return this.#over.length;
  }

  /** Takes in an object, or the next version of `previous`. raw: as it came. */
  renew(
    object: KubernetesObject,
    previous: KubernetesObject | undefined,
    raw: RawObject,
    wants: readonly Want[],
    nowMs: number,
  ): void {
    const hadEnded = previous !== undefined && endOf(previous, nowMs) !== Infinity;
    const dues = hadEnded || hasGuessedEnd(object) ? [] : duesOf(object, raw, wants);
    const endMs = endOf(object, nowMs);
    const claims: Claim[] = [];
    for (const claim of previous?.claims ?? []) {
      claim.object = object;
      const place = dues.findIndex((due) => isSame(claim, due));
      if (place >= 0) dues.splice(place, 1);
      if (place < 0 || endMs !== Infinity) this.#end(claim, Math.min(endMs, nowMs), nowMs);
      else claims.push(claim);
    }
    object.claims = claims;
    if (nowMs - endMs >= this.#memoryMs) return; // over for so long that nobody asks
    for (const due of dues) this.#begin(due, { object, previous, raw, nowMs, endMs });
  }

  /** Whether an object as it is now makes other claims than those it is known by. */
  differs(known: KubernetesObject, raw: RawObject, wants: readonly Want[]): boolean {
    const dues = known instanceof Pod && known.endedMs !== Infinity ? [] : duesOf(known, raw, wants);
    const open = known.claims.filter(({ toMs }) => toMs === Infinity);
    return dues.length !== open.length || !dues.every((due) => open.some((claim) => isSame(claim, due)));
  }

  #begin(due: Due, renewal: Renewal): void {
    const { object, nowMs, endMs } = renewal;
    const fromMs = this.#beginOf(due, renewal);
    const claim = new Claim({ ...due, ip: this.index.at(due.ip) }, object, fromMs, nowMs);
    this.index.add(claim);
    if (endMs !== Infinity) this.#end(claim, endMs, nowMs);
    else object.claims = [...object.claims, claim]; // push() would make room for sixteen more
  }

  /** Who gets another address has it since it is seen; a pod has its first not before the last one gave it up. */
  #beginOf(due: Due, { object, previous, raw, nowMs }: Renewal): number {
    if (!(object instanceof Pod)) return previous ? nowMs : Math.min(object.createdMs, nowMs);
    if (previous?.claims.some(({ role }) => role === due.role)) return nowMs;
    let fromMs = Math.min(nowMs, firstMs(object, previous, raw, nowMs));
    if (due.role !== Role.POD) return fromMs;
    const { w0, w1, w2, w3 } = due.ip;
    // times of a start have seconds only: what is known worse than that moves it within its second
    const secondMs = fromMs + SECOND_MS - 1;
    for (let other = this.index.find(w0, w1, w2, w3)?.first; other; other = other.next) {
      if (other.role !== Role.POD || other.toMs > nowMs) continue;
      fromMs = Math.max(fromMs, hasGuessedEnd(other.object) ? Math.min(other.toMs, secondMs) : other.toMs);
    }
    return fromMs;
  }

  /** The object is gone. last: its last version. */
  end(object: KubernetesObject, last: KubernetesObject, nowMs: number): void {
    const endMs = Math.min(endOf(last, nowMs), nowMs);
    for (const claim of object.claims) this.#end(claim, endMs, nowMs);
    object.claims = [];
  }

  #end(claim: Claim, toMs: number, nowMs: number): void {
    claim.end(toMs);
    this.#over.push({ claim, atMs: nowMs });
  }

  /** Forgets what is over for long. */
  forget(nowMs: number): void {
    const kept = this.#over.findIndex(({ atMs }) => nowMs - atMs < this.#memoryMs);
    const count = kept < 0 ? this.#over.length : kept;
    for (const { claim } of this.#over.splice(0, count)) this.index.remove(claim);
  }
}

/** Since when a pod has its first address: it may have waited for it for long after it was started. */
function firstMs(pod: Pod, previous: KubernetesObject | undefined, raw: RawPod, nowMs: number): number {
  const seenToAppear = previous !== undefined && previous.goneMs === Infinity;
  return Math.max(pod.startedMs, addressedMs(raw) ?? (seenToAppear ? nowMs - NEWS_MS : 0));
}

/** When an object's addresses became free, Unix ms; Infinity: they are not. */
function endOf(object: KubernetesObject, nowMs: number): number {
  if (!(object instanceof Pod) || object.endedMs === Infinity) return Infinity;
  return hasGuessedEnd(object) ? nowMs : Math.min(nowMs, object.endedMs + SECOND_MS);
}

/**
 * A pod that was evicted, or whose node was lost, does not say when its containers ended: the address was free when
 * that is heard of, and may have been for months.
 */
function hasGuessedEnd(object: KubernetesObject): boolean {
  return object instanceof Pod && object.endedMs === 0;
}

function isSame(claim: Claim, due: Due): boolean {
  return claim.toMs === Infinity && claim.role === due.role && claim.sides === due.sides && claim.ip.equals(due.ip);
}

function duesOf(object: KubernetesObject, raw: RawObject, wants: readonly Want[]): Due[] {
  if (object instanceof Pod) return podDues(object, raw, wants);
  if (object instanceof Service) return serviceDues(object, raw, wants);
  const role = ROLES[object.kind];
  return role === undefined ? [] : wants.map((want) => ({ ...want, role }));
}

function podDues(pod: Pod, { status }: RawPod, wants: readonly Want[]): Due[] {
  const hostIps = [status?.hostIP, ...(status?.hostIPs ?? []).map(({ ip }) => ip)].flatMap((text) =>
    parseIp(text ?? "") ?? []
  );
  const hasHostPort = pod.containers.some(({ ports }) => ports.some(({ hostPort }) => hostPort > 0));
  return wants.flatMap((want): Due[] => {
    const isHost = pod.hostNetwork || hostIps.some((hostIp) => hostIp.equals(want.ip));
    if (!isHost) return [{ ...want, role: Role.POD }];
    // a pod with an address of its own has nothing on its node's but the ports that are led to it
    return pod.hostNetwork || hasHostPort ? [{ ...want, role: Role.HOST }] : [];
  });
}

function serviceDues(service: Service, { spec }: RawService, wants: readonly Want[]): Due[] {
  const clusterIps = [spec?.clusterIP, ...spec?.clusterIPs ?? []].flatMap((text) => parseIp(text ?? "") ?? []);
  const dues = wants.map((want): Due => {
    const isOwn = clusterIps.some((clusterIp) => clusterIp.equals(want.ip));
    return { ...want, role: isOwn ? Role.CLUSTER : Role.EXTERNAL };
  });
  const sides = wants.reduce((all, want) => all | want.sides, 0);
  for (const { nodePort, protocol } of service.ports) {
    if (nodePort) dues.push({ ip: nodePortIp(nodePort, protocol), sides, path: NODE_PORT_PATH, role: Role.NODE_PORT });
  }
  return dues;
}

const NODE_PORT_PATH = "spec.ports[*].nodePort";

/** A port of every node, as an address that no host has: a place in the index. */
function nodePortIp(port: number, protocol: number): Ip {
  return new Ip(NODE_PORT_WORD, 0, 0, nodePortWord(port, protocol));
}

export const NODE_PORT_WORD = -1;

export function nodePortWord(port: number, protocol: number): number {
  return (protocol << 16) | port;
}
