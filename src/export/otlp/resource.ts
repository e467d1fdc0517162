/** Who sends: the resource of every span. */
import { readSystemFile } from "../../libc.ts";
import type { AttributeValue } from "../../attribute_sets.ts";

/** OTLP's names of architectures (semantic conventions, host.arch). */
const ARCHITECTURES: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };

export function hostResource(version: string): Record<string, AttributeValue> {
  const machineId = readSystemFile("/etc/machine-id")?.trim();
  return {
    "service.name": "weir",
    "service.version": version,
    "host.name": Deno.hostname(),
    ...(machineId ? { "host.id": machineId } : {}),
    "host.arch": ARCHITECTURES[Deno.build.arch] ?? Deno.build.arch,
    "os.type": "linux",
    "telemetry.distro.name": "weir",
    "telemetry.distro.version": version,
  };
}
