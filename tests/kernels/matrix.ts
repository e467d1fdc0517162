/** The kernels that weir is proved on. */
import type { DebianArch } from "../support/debian_packages.ts";

export interface Target {
  /** As it is chosen on the command line. */
  name: string;
  arch: DebianArch;
  /** Where Debian has it. Sid's moves on: the newest there is taken. */
  suite: string;
  /** Tunnel, VLAN and dummy devices are tried, too. */
  devices: boolean;
}

export const MATRIX: readonly Target[] = [
  { name: "5.10", arch: "amd64", suite: "bullseye", devices: false },
  { name: "6.1", arch: "amd64", suite: "bookworm", devices: true },
  { name: "6.12", arch: "amd64", suite: "trixie", devices: false },
  { name: "7.2", arch: "amd64", suite: "sid", devices: false },
  { name: "6.1-arm64", arch: "arm64", suite: "bookworm", devices: false },
];

/** Where the guests' libraries and tools come from: one suite for all, so that kernels are all that differs. */
export const USERLAND_SUITE = "bookworm";
