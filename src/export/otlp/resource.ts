/** Who sends: the resource of every span (OpenTelemetry semantic conventions: service, host, os, k8s, telemetry). */
import type { AttributeValue } from "../../attribute_sets.ts";
import { readSystemFile } from "../../libc.ts";

export type Resource = Record<string, AttributeValue>;

export interface ResourceOptions {
  version: string;
  /** The watched host's addresses, as text. */
  addresses: readonly string[];
  /** A variable of the environment. */
  environment(name: string): string | undefined;
  /** What the user says goes before everything else. */
  given: Resource;
}

/** OTLP's names of architectures (semantic conventions, host.arch). */
const ARCHITECTURES: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };

/** Attributes by the variables that tell them; the first that is set counts. */
const FROM_ENVIRONMENT: Record<string, readonly string[]> = {
  "k8s.node.name": ["POD_NODE_NAME", "NODE_NAME"],
  "k8s.namespace.name": ["POD_NAMESPACE"],
  "k8s.pod.name": ["POD_NAME"],
  "k8s.pod.uid": ["POD_UID"],
  "k8s.pod.ip": ["POD_IP"],
  "k8s.daemonset.name": ["POD_DAEMONSET"],
  "service.name": ["OTEL_SERVICE_NAME"],
};
/** "key=value,key=value", values percent-encoded (OpenTelemetry specification, "Resource SDK"). */
const RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES";

/** Every variable that is asked for. */
export const RESOURCE_VARIABLES: readonly string[] = [RESOURCE_ATTRIBUTES, ...Object.values(FROM_ENVIRONMENT).flat()];

const LOOPBACK_REGEXP = /^(127\.|::1$|fe80:)/;

export function resourceOf({ version, addresses, environment, given }: ResourceOptions): Resource {
  const machineId = readSystemFile("/etc/machine-id")?.trim();
  const hostAddresses = addresses.filter((address) => !LOOPBACK_REGEXP.test(address));
  return {
    "service.name": "weir",
    "service.version": version,
    "host.name": Deno.hostname(),
    ...(machineId ? { "host.id": machineId } : {}),
    ...(hostAddresses.length ? { "host.ip": [...hostAddresses] } : {}),
    "host.arch": ARCHITECTURES[Deno.build.arch] ?? Deno.build.arch,
    "os.type": "linux",
    "telemetry.distro.name": "weir",
    "telemetry.distro.version": version,
    ...listed(environment(RESOURCE_ATTRIBUTES) ?? ""),
    ...named(environment),
    ...given,
  };
}

function named(environment: ResourceOptions["environment"]): Resource {
  const known = Object.entries(FROM_ENVIRONMENT).map(([name, variables]) =>
    [name, variables.map(environment).find(Boolean)] as const
  );
  return Object.fromEntries(known.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

/** What is no pair is left out, as the specification wants it. */
function listed(text: string): Resource {
  const pairs = text.split(",").map((pair) => /^\s*([^=\s]+)\s*=(.*)$/.exec(pair)).filter((pair) => pair !== null);
  return Object.fromEntries(pairs.map(([, name, value]) => [name!, decoded(value!.trim())]));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a per cent sign that is only that
  }
}
