/** Names for flows from what is known of a cluster: the whole of it but for how it becomes known. */
import type { AttributeSet, AttributeSets, FlowNames } from "../../attribute_sets.ts";
import { type FlowRecord, RECORD_AGGREGATE, type Side } from "../../flow_record.ts";
import type { OwnAddress } from "../kind.ts";
import { UsageError } from "../../errors.ts";
import { INTERNED_VALUES } from "../../limits.ts";
import { readAssociation } from "./association.ts";
import { SIDE_DESTINATION, SIDE_SOURCE } from "./claim.ts";
import { Counters } from "./counters.ts";
import { EndAttributes } from "./end_attributes.ts";
import { EndResolver, type FlowEnd, FoundEnd } from "./end_resolver.ts";
import { EndSets } from "./end_sets.ts";
import { Explainer, type Explanation, type FlowQuestion } from "./explainer.ts";
import { Extraction } from "./extraction.ts";
import { Interner } from "./interner.ts";
import { parseIp } from "./ip.ts";
import { type Kind, type KindName } from "./kinds.ts";
import { ObjectFilter } from "./object_filter.ts";
import type { KubernetesOptions, SideOptions } from "./options.ts";
import { Owners } from "./owners.ts";
import { Policies } from "./policies.ts";
import type { SideFilters } from "./port_filter.ts";
import { SelectorRelations } from "./selector_relations.ts";
import { Store } from "./store.ts";
import { Stripper } from "./strip.ts";
import { hasPorts } from "./transport_protocol.ts";

/** Reused by every look-up: read it before the next. */
interface Names extends FlowNames {
  source: AttributeSet | undefined;
  destination: AttributeSet | undefined;
  flow: AttributeSet | undefined;
}

export class FlowNaming {
  readonly counters = new Counters();
  readonly filter: ObjectFilter;
  readonly store: Store;
  readonly #options: KubernetesOptions;
  readonly #nowMs: () => number;
  readonly #relations: SelectorRelations;
  readonly #resolver: EndResolver;
  readonly #policies: Policies;
  readonly #owners: Owners;
  readonly #sourceSets: EndSets | undefined;
  readonly #destinationSets: EndSets | undefined;
  readonly #ends: readonly [FlowEnd, FlowEnd] = [newEnd(SIDE_SOURCE), newEnd(SIDE_DESTINATION)];
  readonly #found: readonly [FoundEnd, FoundEnd] = [new FoundEnd(), new FoundEnd()];
  readonly #names: Names = { source: undefined, destination: undefined, flow: undefined };

  /** nowMs: wall clock; isOwn: of the host that flows are seen on. Throws UsageError for options that cannot be. */
  constructor(options: KubernetesOptions, sets: AttributeSets, nowMs: () => number, isOwn: OwnAddress = () => false) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.filter = new ObjectFilter(options.selectors);
    this.#relations = new SelectorRelations(options.selectorRelations);
    const { source, destination } = options;
    const association = readAssociation({ source, destination }, new Interner<SideFilters>(INTERNED_VALUES));
    const ofSource = source && new Extraction(source.extract);
    const ofDestination = isSame(source, destination) ? ofSource : destination && new Extraction(destination.extract);
    const extractions = [...new Set([ofSource, ofDestination])].filter((extraction) => extraction !== undefined);
    this.store = new Store({
      filter: this.filter,
      stripper: new Stripper(extractions, this.#relations, this.#matchedByLabels()),
      association,
      counters: this.counters,
      related: this.#relations.kinds(),
      memoryMs: options.memoryMs,
      nowMs,
    });
    this.#resolver = new EndResolver(this.store);
    this.#policies = new Policies({ store: this.store, sets, isOwn, knowsAllPods: this.filter.takesAll("Pod") });
    this.#owners = new Owners(this.store, options.ownerRelations);
    this.#sourceSets = this.#setsOf(ofSource, sets);
    // sides with the same wishes have the same sets
    this.#destinationSets = ofDestination === ofSource ? this.#sourceSets : this.#setsOf(ofDestination, sets);
  }

  #matchedByLabels(): Set<KindName> {
    const kinds = new Set<KindName>();
    const policies = this.filter.watches("NetworkPolicy");
    if (policies) kinds.add("Namespace");
    if (policies || !this.#relations.isEmpty) kinds.add("Pod");
    return kinds;
  }

  #setsOf(extraction: Extraction | undefined, sets: AttributeSets): EndSets | undefined {
    if (!extraction) return undefined;
    const { clusterName, standardNames } = this.#options;
    const { store, counters } = this;
    const parts = { store, counters, owners: this.#owners, relations: this.#relations, clusterName, standardNames };
    return new EndSets(new EndAttributes(extraction, parts), sets, store);
  }

  /** Whether objects of a kind are wanted whole, or their metadata is enough. */
  needsWhole({ name, metadataOnly }: Kind): boolean {
    return !metadataOnly || this.#relations.has(name);
  }

  /** What a flow's ends and policies are called. Valid until the next call. */
  namesOf(record: FlowRecord): FlowNames {
    const names = this.#names;
    names.source = names.destination = names.flow = undefined;
    if (record.what === RECORD_AGGREGATE) return names;
    this.#resolve(record);
    const [from, to] = this.#found;
    names.source = this.#sourceSets?.setOf(from);
    names.destination = this.#destinationSets?.setOf(to);
    names.flow = this.#policies.setOf(this.#ends[0], from, this.#ends[1], to);
    this.#count(from);
    this.#count(to);
    return names;
  }

  #resolve(record: FlowRecord): void {
    for (const side of [0, 1] as const) {
      readEnd(record, side, this.#ends[side]);
      this.#resolver.resolve(this.#ends[side], this.#found[side]);
    }
  }

  #count({ unnamed }: FoundEnd): void {
    if (unnamed) this.counters.unnamed[unnamed]++;
    else this.counters.named++;
  }

  /** Whether waiting a little cannot give a flow a better name. */
  isSettled(record: FlowRecord): boolean {
    if (record.what === RECORD_AGGREGATE) return true;
    if (this.#nowMs() - record.startUnixMs >= this.#options.lateNamingMs) return true;
    this.#resolve(record);
    return !this.#mayChange(0) && !this.#mayChange(1);
  }

  /** Whether both ends are named. */
  isNamed(record: FlowRecord): boolean {
    if (record.what === RECORD_AGGREGATE) return true;
    this.#resolve(record);
    return !this.#found.some(({ unnamed }) => unnamed);
  }

  #mayChange(side: Side): boolean {
    const { unnamed, isProvisional } = this.#found[side];
    if (isProvisional || unnamed === "unknown" || unnamed === "other_time") return true;
    return unnamed === "outside" && this.store.isInPodRange(this.#ends[side]);
  }

  /** Why a flow has its names, by the same look-up. Throws {@linkcode UsageError} for what is no address. */
  explain(question: FlowQuestion): Explanation {
    const { source, sourcePort, destination, destinationPort } = question;
    readQuestion(question, source, sourcePort, this.#ends[0]);
    readQuestion(question, destination, destinationPort, this.#ends[1]);
    for (const side of [0, 1] as const) this.#resolver.resolve(this.#ends[side], this.#found[side]);
    const explainer = new Explainer(this.store, this.#owners, this.#policies);
    const sets = [this.#sourceSets, this.#destinationSets];
    const [from, to] = ([0, 1] as const).map((side) => {
      const found = this.#found[side];
      return explainer.end(this.#ends[side], found, sets[side]?.setOf(found)?.attributes ?? {});
    });
    return {
      source: from!,
      destination: to!,
      ingress: explainer.policy("ingress", this.#ends, this.#found),
      egress: explainer.policy("egress", this.#ends, this.#found),
    };
  }

  /** Forgets what nobody asks for any more; to be called once a minute or so. */
  forget(): void {
    this.store.forget();
    this.#sourceSets?.forgetUnused();
    if (this.#destinationSets !== this.#sourceSets) this.#destinationSets?.forgetUnused();
    this.#policies.forgetAtTimes();
  }

  /** Attribute sets that are held. */
  get setCount(): number {
    const destination = this.#destinationSets === this.#sourceSets ? undefined : this.#destinationSets;
    return (this.#sourceSets?.size ?? 0) + (destination?.size ?? 0);
  }
}

function newEnd(side: number): FlowEnd {
  return { side, w0: 0, w1: 0, w2: 0, w3: 0, port: 0, protocol: 0, version: 0, startMs: 0, endMs: 0 };
}

function readEnd(record: FlowRecord, side: Side, end: FlowEnd): void {
  end.w0 = record.addressWord(side, 0);
  end.w1 = record.addressWord(side, 1);
  end.w2 = record.addressWord(side, 2);
  end.w3 = record.addressWord(side, 3);
  end.protocol = record.protocol;
  end.version = record.ipVersion;
  const port = side === 0 ? record.sourcePort : record.destinationPort;
  end.port = hasPorts(end.protocol) && !record.isFragment ? port : 0;
  end.startMs = record.startUnixMs;
  end.endMs = record.endUnixMs;
}

function readQuestion({ protocol, startMs, endMs }: FlowQuestion, text: string, port: number, end: FlowEnd): void {
  const ip = parseIp(text);
  if (!ip) throw new UsageError(`Cannot explain address "${text}": an IPv4 or IPv6 address is wanted`);
  const { w0, w1, w2, w3 } = ip;
  const ports = hasPorts(protocol) ? port : 0;
  Object.assign(end, { w0, w1, w2, w3, port: ports, protocol, version: text.includes(":") ? 6 : 4, startMs, endMs });
}

/** Whether two sides extract the same: what they associate shows in what is found. */
function isSame(source: SideOptions | undefined, destination: SideOptions | undefined): boolean {
  return JSON.stringify(source?.extract) === JSON.stringify(destination?.extract);
}
