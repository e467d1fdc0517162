/** What a support bundle is made of. Each part is asked for by itself: one that is not to be had stops no other. */
import type { Device } from "../../capture/device.ts";
import { type Kernel, openLibbpf, openNamespace, withLinks } from "../../capture/mod.ts";
import { plainReason } from "../../errors.ts";
import { readSystemFile } from "../../libc.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import { settingsText } from "../../settings/print/settings_text.ts";
import { diagnose } from "../doctor/diagnosis.ts";
import { doctorText } from "../doctor/doctor_text.ts";
import { askAgentText } from "../socket.ts";
import { VERSION } from "../../version.ts";
import type { ArchiveFile } from "./archive.ts";

export interface BundleOptions {
  socket: string;
  /** Flows of the agent's, as spans: they have addresses in them. */
  flows: number;
  /** Whether doctor tries to attach. */
  attach: boolean;
  /** What an agent would run with here, by what this command was told; the reason where it cannot be read. */
  settings: LoadedSettings | Error;
  /** Without a file: for doctor, where the settings cannot be read. */
  standard: LoadedSettings;
}

export interface Bundle {
  files: ArchiveFile[];
  /** What could not be had, and why. */
  failures: Array<{ name: string; why: string }>;
}

interface Part {
  name: string;
  read(): string | Promise<string>;
}

/** What the kernel tells of itself and of this machine, none of it secret. */
const KERNEL_FILES = [
  "/proc/version",
  "/proc/cmdline",
  "/proc/cpuinfo",
  "/proc/meminfo",
  "/proc/loadavg",
  "/proc/uptime",
  "/proc/softirqs",
  "/proc/net/dev",
  "/proc/net/softnet_stat",
  "/proc/net/snmp",
  "/proc/self/cgroup",
  "/proc/self/limits",
  "/proc/self/mounts",
  "/proc/self/status",
  "/proc/sys/kernel/unprivileged_bpf_disabled",
  "/proc/sys/net/core/bpf_jit_enable",
  "/proc/sys/net/core/netdev_budget",
  "/proc/sys/net/core/netdev_max_backlog",
  "/sys/kernel/security/lockdown",
  "/sys/devices/system/clocksource/clocksource0/current_clocksource",
];

export async function readBundle(options: BundleOptions): Promise<Bundle> {
  const { settings } = options;
  const parts = [
    { name: "version.json", read: () => json(versionFacts()) },
    { name: "settings.yaml", read: () => ownSettings(settings) },
    ...agentParts(options),
    ...doctorParts(options),
    ...KERNEL_FILES.map((path) => ({ name: `kernel${path}`, read: () => systemFile(path) })),
    ...bpfParts(options),
  ];
  const bundle: Bundle = { files: [], failures: [] };
  for (const { name, read } of parts) {
    try {
      bundle.files.push({ name, text: await read() });
    } catch (error) {
      bundle.failures.push({ name, why: plainReason(error).split("\n")[0]! });
    }
  }
  return bundle;
}

function json(value: unknown): string {
  const replace = (_: string, inner: unknown) => typeof inner === "bigint" ? Number(inner) : inner;
  return `${JSON.stringify(value, replace, 2)}\n`;
}

function versionFacts(): Record<string, string> {
  const { deno, v8 } = Deno.version;
  return { weir: VERSION, deno, v8, arch: Deno.build.arch, kernel: Deno.osRelease(), host: Deno.hostname() };
}

function ownSettings(settings: LoadedSettings | Error): string {
  if (settings instanceof Error) throw settings;
  return settingsText(settings, "yaml", true);
}

/** Of a running agent. */
function agentParts({ socket, flows }: BundleOptions): Part[] {
  const ask = (name: string, path: string): Part => ({ name, read: () => askAgentText(socket, path) });
  return [
    ask("agent/settings.yaml", "/debug/config?format=yaml&origin"),
    ask("agent/status.json", "/status"),
    ask("agent/interfaces.json", "/interfaces"),
    ask("agent/books.json", "/books"),
    ask("agent/metrics.txt", "/debug/metrics"),
    ask("agent/memory.json", "/debug/pprof/heap"),
    ask("agent/log.txt", "/debug/log"),
    ...(flows ? [ask("agent/flows.json", `/flows?limit=${flows}`)] : []),
  ];
}

function doctorParts({ settings, standard, socket, attach }: BundleOptions): Part[] {
  const usable = settings instanceof Error ? standard : settings;
  const wanted = { interfaces: usable.settings.discovery.instrument.interfaces, isTried: attach };
  const looked = diagnose(usable, wanted, socket);
  looked.catch(() => "each part says so");
  return [
    { name: "doctor.json", read: async () => json(await looked) },
    { name: "doctor.txt", read: async () => `${doctorText(await looked)}\n` },
  ];
}

function systemFile(path: string): string {
  const text = readSystemFile(path);
  if (text === undefined) throw new Error("not there, or not for this user");
  return text;
}

/** Programs and maps of the whole machine, and the devices with what is on them. */
function bpfParts({ settings, standard }: BundleOptions): Part[] {
  const { instrument } = (settings instanceof Error ? standard : settings).settings.discovery;
  let opened: Kernel | undefined;
  const kernel = () => opened ??= openLibbpf();
  return [
    { name: "bpf/programs.json", read: () => json(kernel().programs()) },
    { name: "bpf/maps.json", read: () => json(kernel().maps()) },
    {
      name: "devices.json",
      read: () => json(devicesIn(instrument.network_namespace)),
    },
  ];
}

function devicesIn(path: string | undefined): Device[] {
  const namespace = openNamespace(path);
  try {
    return withLinks(namespace, (links) => links.list());
  } finally {
    namespace.close();
  }
}
