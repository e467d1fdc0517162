/** Association rules, read once: which addresses an object names, and what else a flow must have to be named by it. */
import { UsageError } from "../../errors.ts";
import { OBJECT_ADDRESSES_MAX } from "../../limits.ts";
import { SIDE_DESTINATION, SIDE_SOURCE } from "./claim.ts";
import type { Interner } from "./interner.ts";
import { type Ip, parseIp } from "./ip.ts";
import { type KindName, kindOf, KINDS } from "./kinds.ts";
import { ObjectPath } from "./object_path.ts";
import type { Association as AssociationOptions, AssociationRule, SideOptions } from "./options.ts";
import { type PortFilter, portsOf, protocolsOf, type SideFilters, versionsOf } from "./port_filter.ts";

/** An address that an object is to be found by. */
export interface Want {
  readonly ip: Ip;
  /** {@linkcode SIDE_SOURCE} and {@linkcode SIDE_DESTINATION}. */
  readonly sides: number;
  /** The rule's path that found it; of several the first. */
  readonly path: string;
}

type Side = "source" | "destination";
type Property = "ip" | "port" | "transport" | "type";

const PROPERTIES: Record<string, Property> = {
  ip: "ip",
  address: "ip",
  port: "port",
  "network.transport": "transport",
  "network.type": "type",
};

/** The rules of one kind, for both sides. */
export class KindAssociation {
  /** By path's text, so that both sides' is looked up once. */
  readonly #ipPaths = new Map<string, { path: ObjectPath; sides: number }>();
  readonly #filterPaths: Partial<Record<Side, Map<Property, ObjectPath[]>>> = {};
  readonly #filters: Interner<SideFilters>;

  constructor(filters: Interner<SideFilters>) {
    this.#filters = filters;
  }

  /** Which sides the kind is named on by address. */
  get sides(): number {
    let sides = 0;
    for (const path of this.#ipPaths.values()) sides |= path.sides;
    return sides;
  }

  add(side: Side, property: Property, paths: readonly ObjectPath[]): void {
    if (property !== "ip") {
      const ofSide = this.#filterPaths[side] ??= new Map();
      ofSide.set(property, [...ofSide.get(property) ?? [], ...paths]);
      return;
    }
    const bit = side === "source" ? SIDE_SOURCE : SIDE_DESTINATION;
    for (const path of paths) {
      const known = this.#ipPaths.get(path.text);
      if (known) known.sides |= bit;
      else this.#ipPaths.set(path.text, { path, sides: bit });
    }
  }

  /** The addresses that an object is found by, each once. */
  wants(raw: unknown): Want[] {
    const wants: Want[] = [];
    for (const { path, sides } of this.#ipPaths.values()) {
      for (const value of path.valuesIn(raw)) {
        const ip = ipOf(value);
        if (!ip) continue;
        const place = wants.findIndex((want) => want.ip.equals(ip));
        if (place >= 0) wants[place] = { ...wants[place]!, sides: wants[place]!.sides | sides };
        else if (wants.length < OBJECT_ADDRESSES_MAX) wants.push({ ip, sides, path: path.text });
      }
    }
    return wants;
  }

  filters(raw: unknown): SideFilters | undefined {
    const source = this.#filter("source", raw);
    const destination = this.#filter("destination", raw);
    if (!source && !destination) return undefined;
    const filters = { source, destination };
    return this.#filters.get(JSON.stringify(filters), () => filters);
  }

  #filter(side: Side, raw: unknown): PortFilter | undefined {
    const paths = this.#filterPaths[side];
    if (!paths) return undefined;
    const values = (property: Property) => (paths.get(property) ?? []).flatMap((path) => path.valuesIn(raw));
    return {
      ports: portsOf(values("port")),
      protocols: protocolsOf(values("transport")),
      versions: versionsOf(values("type")),
    };
  }
}

/** Addresses stand in objects as they are, or in objects of their own. */
function ipOf(value: unknown): Ip | undefined {
  if (typeof value === "string") return parseIp(value);
  if (value === null || typeof value !== "object") return undefined;
  const { ip, address } = value as { ip?: unknown; address?: unknown };
  return typeof ip === "string" ? parseIp(ip) : typeof address === "string" ? parseIp(address) : undefined;
}

/** Reads the rules of both sides. Throws {@linkcode UsageError}. */
export function readAssociation(
  sides: Partial<Record<Side, SideOptions | undefined>>,
  filters: Interner<SideFilters>,
): ReadonlyMap<KindName, KindAssociation> {
  const kinds = new Map<KindName, KindAssociation>();
  for (const side of ["source", "destination"] as const) {
    for (const [word, rules] of Object.entries<readonly AssociationRule[]>(sides[side]?.association ?? NOTHING)) {
      const kind = kindOf(word);
      if (!kind) {
        throw new UsageError(
          `Cannot associate "${word}": one of ${KINDS.map(({ word }) => word).join(", ")} is wanted`,
        );
      }
      let association = kinds.get(kind.name);
      if (!association) kinds.set(kind.name, association = new KindAssociation(filters));
      for (const rule of rules) association.add(side, propertyOf(side, rule), rule.to.map((to) => new ObjectPath(to)));
      if (rules.length && !(association.sides & (side === "source" ? SIDE_SOURCE : SIDE_DESTINATION))) {
        throw new UsageError(`Cannot associate "${word}" for the ${side}: no rule has the name ${side}.ip; add one`);
      }
    }
  }
  return kinds;
}

const NOTHING: AssociationOptions = {};

function propertyOf(side: Side, { name }: AssociationRule): Property {
  const [first, rest] = name.split(/\.(.*)/s);
  const property = PROPERTIES[first === side ? rest! : name];
  if (property && (first === side || first === "network")) return property;
  const known = [`${side}.ip`, `${side}.port`, "network.transport", "network.type"];
  throw new UsageError(`Cannot associate the ${side} by "${name}": one of ${known.join(", ")} is wanted`);
}
