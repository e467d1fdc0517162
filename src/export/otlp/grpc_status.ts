/** What a gRPC status means for a batch (gRPC over HTTP/2, "Status and Status-Message"; OTLP 1.9, "Failures"). */
import type { Answer } from "../sender.ts";
import { retryDelayMs } from "./response.ts";

/** Codes after which a client may try again. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15]);
/** It may try again only where the server says when. */
const RESOURCE_EXHAUSTED = 8;
/** PERMISSION_DENIED, UNAUTHENTICATED */
const UNAUTHORIZED = new Set([7, 16]);
const TOO_LARGE_REGEXP = /larger than max/;

export interface GrpcStatus {
  code: number;
  /** For people. */
  message: string;
  /** A google.rpc.Status, where the server sends one. */
  details: Uint8Array | undefined;
}

/** unauthorized: what it means that nobody knows who asked. */
export function answerToStatus(
  { code, message, details }: GrpcStatus,
  unauthorized: (reason: string, detail: string) => Answer,
): Answer {
  const detail = `gRPC ${code} ${message}`.trim();
  const known = isCode(code) ? code : UNKNOWN;
  const afterMs = details && retryDelayMs(details);
  if (RETRYABLE.has(code) || code === RESOURCE_EXHAUSTED && afterMs !== undefined) {
    return { outcome: "retry", detail, afterMs };
  }
  if (code === RESOURCE_EXHAUSTED && TOO_LARGE_REGEXP.test(message)) return { outcome: "too_large", detail };
  if (UNAUTHORIZED.has(code)) return unauthorized(`grpc_${code}`, detail);
  return { outcome: "rejected", reason: `grpc_${known}`, detail };
}

/** The books keep each reason: no receiver makes up its own. */
function isCode(code: number): boolean {
  return Number.isInteger(code) && code >= 0 && code <= CODE_MOST;
}

/** UNAVAILABLE */
export const UNAVAILABLE = 14;
const UNKNOWN = 2;
const CODE_MOST = 16;

/** What stands for an answer that is none of gRPC's, as a proxy gives it (gRPC, "HTTP to gRPC Status Code Mapping"). */
const CODES_OF_HTTP: Record<number, number> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: UNAVAILABLE,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
  504: UNAVAILABLE,
};

export function codeOfHttp(status: number): number {
  return CODES_OF_HTTP[status] ?? UNKNOWN;
}
