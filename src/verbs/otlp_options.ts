/** --otlp and what goes with it: a receiver for spans, instead of those that the file has. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../errors.ts";
import type { Flag } from "../settings/mod.ts";

const PROTOCOLS = ["grpc", "http_binary"] as const;
const COMPRESSIONS = ["none", "gzip"] as const;

export interface OtlpOptions {
  otlp?: URL;
  otlpProtocol: typeof PROTOCOLS[number];
  otlpHeader: Record<string, string>;
  otlpCompression: typeof COMPRESSIONS[number];
}

export function addOtlpOptions(command: Command): void {
  command
    .option("--otlp <url>", "send spans to an OpenTelemetry receiver, as http://127.0.0.1:4317", parseUrl)
    .addOption(new Option("--otlp-protocol <name>", "how").choices(PROTOCOLS).default("grpc"))
    .option("--otlp-header <name=value>", "a header of each request; repeatable", addHeader, {})
    .addOption(new Option("--otlp-compression <name>", "of requests").choices(COMPRESSIONS).default("none"));
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new InvalidArgumentError("a URL is wanted, as http://127.0.0.1:4317");
}

const HEADER_NAME_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function addHeader(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  const name = text.slice(0, at);
  if (at < 1 || !HEADER_NAME_REGEXP.test(name)) throw new InvalidArgumentError("a header is written as name=value");
  return { ...before, [name.toLowerCase()]: text.slice(at + 1) };
}

/** The receiver as settings have it. Replaces the file's whole: its secrets are not for another address. */
export function otlpFlags({ otlp, otlpProtocol, otlpHeader, otlpCompression }: Partial<OtlpOptions>): Flag[] {
  if (!otlp) {
    if (Object.keys(otlpHeader ?? {}).length) throw new UsageError("--otlp-header is for --otlp, which is not given");
    return [];
  }
  const receiver = {
    endpoint: otlp.href,
    protocol: otlpProtocol,
    headers: otlpHeader,
    compression: otlpCompression,
  };
  return [{ flag: "--otlp", path: "export.traces.otlp", value: [receiver] }];
}
