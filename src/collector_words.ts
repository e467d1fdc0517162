/** The words by which main thread and collector thread speak. Both only ever touch them by Atomics. */
import { CONTROL } from "./memory_plan.ts";

/** Main asks: a Command; the collector answers by clearing it. */
export const COMMAND = CONTROL + 0xc00;
/** The command's argument, then its answer. */
export const ARGUMENT = CONTROL + 0xc04;
export const ANSWER = CONTROL + 0xc08;
/** Address of the device table that main wants in force. */
export const DEVICES_WANTED = CONTROL + 0xc0c;
/** 1 while the collector counts. */
export const RUNNING = CONTROL + 0xc10;
/** Rounds done, modulo 2^32: whether the collector is alive. */
export const ROUNDS = CONTROL + 0xc14;

export const Command = {
  NONE: 0,
  /** Drain, scan, drain; then fill the audit terms. */
  AUDIT: 1,
  /** Write a page of live flows from entry ARGUMENT on; ANSWER: how many; ARGUMENT: where the next page begins. */
  SNAPSHOT: 2,
  /** Count everything, end every flow, audit, and return. The programs are off their hooks already. */
  STOP: 3,
  /** The collector's answer to AUDIT: it stands still until main has read the terms and says NONE. */
  AUDITED: 4,
} as const;
