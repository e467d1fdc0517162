/** --otlp and what goes with it: receivers for spans, instead of those that the file has. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../errors.ts";
import type { Flag } from "../settings/mod.ts";

/** A receiver as settings have it. */
interface Receiver {
  endpoint?: string;
  protocol: string;
  compression: string;
  headers: Record<string, string>;
  auth: { bearer_file?: string; basic?: { user?: string; pass_file?: string } };
  tls: { ca_cert?: string; client_cert?: string; client_key?: string; insecure_skip_verify?: boolean };
}

const PROTOCOLS = ["grpc", "http_binary", "http_json", "http/protobuf", "http/json"];
const COMPRESSIONS = ["none", "gzip"];

/** Adds the options. What is returned fills as the command line is read. */
export function addOtlpOptions(command: Command): ReceiverList {
  const list = new ReceiverList();
  /** An option of the --otlp before it; one in front of all is for all. */
  const add = (
    flags: string,
    description: string,
    take: (receiver: Receiver, value: string) => void,
    choices?: string[],
  ) => {
    const option = new Option(flags, description);
    if (choices) option.choices(choices);
    const parse = option.parseArg;
    command.addOption(option.argParser((value: string) => {
      parse?.(value, undefined);
      list.describe(flags, (receiver) => take(receiver, value));
    }));
  };
  command.addOption(
    new Option("--otlp <url>", "send spans to an OpenTelemetry receiver, as http://127.0.0.1:4317; repeatable")
      .argParser((value: string) => list.add(checkUrl(value))),
  );
  add("--otlp-protocol <name>", "how (default: grpc)", (receiver, name) => receiver.protocol = name, PROTOCOLS);
  add(
    "--otlp-compression <name>",
    "of requests (default: none)",
    (receiver, name) => receiver.compression = name,
    COMPRESSIONS,
  );
  add("--otlp-header <name=value>", "a header of each request; repeatable", (receiver, text) => {
    Object.assign(receiver.headers, parseHeader(text));
  });
  add("--otlp-bearer-file <file>", "a token, read again when it changes", ({ auth }, path) => auth.bearer_file = path);
  add("--otlp-user <name>", "basic authentication, with --otlp-password-file", ({ auth }, user) => {
    auth.basic = { ...auth.basic, user };
  });
  add("--otlp-password-file <file>", "a password, read again when it changes", ({ auth }, pass_file) => {
    auth.basic = { ...auth.basic, pass_file };
  });
  add(
    "--otlp-ca-cert <file>",
    "authorities to trust beside the built-in ones, PEM",
    ({ tls }, path) => tls.ca_cert = path,
  );
  add("--otlp-client-cert <file>", "this client's certificate, PEM", ({ tls }, path) => tls.client_cert = path);
  add("--otlp-client-key <file>", "its key, PEM", ({ tls }, path) => tls.client_key = path);
  command.addOption(
    new Option("--otlp-insecure-skip-verify", "take any certificate for the receiver's").argParser(() =>
      list.describe("--otlp-insecure-skip-verify", ({ tls }) => tls.insecure_skip_verify = true)
    ),
  );
  return list;
}

/** Receivers as the command line describes them, one word after the other. */
export class ReceiverList {
  readonly #forAll: Receiver = { protocol: "grpc", compression: "none", headers: {}, auth: {}, tls: {} };
  readonly #receivers: Receiver[] = [];
  #described: string | undefined;

  add(endpoint: string): void {
    this.#receivers.push({ ...structuredClone(this.#forAll), endpoint });
  }

  describe(option: string, take: (receiver: Receiver) => void): void {
    this.#described = option.split(" ")[0]!;
    take(this.#receivers.at(-1) ?? this.#forAll);
  }

  /** As settings have them. They replace the file's whole: its secrets are not for another address. */
  flags(): Flag[] {
    if (this.#receivers.length) {
      return [{ flag: "--otlp", path: "export.traces.otlp", value: this.#receivers.map(withoutEmpty) }];
    }
    if (this.#described) throw new UsageError(`Cannot use ${this.#described} without --otlp: name a receiver`);
    return [];
  }
}

function withoutEmpty({ tls, ...receiver }: Receiver): unknown {
  return Object.keys(tls).length ? { ...receiver, tls } : receiver;
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return text;
  throw new InvalidArgumentError("a URL is wanted, as http://127.0.0.1:4317");
}

const HEADER_NAME_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function parseHeader(text: string): Record<string, string> {
  const at = text.indexOf("=");
  const name = text.slice(0, at).toLowerCase();
  if (at < 1 || !HEADER_NAME_REGEXP.test(name)) throw new InvalidArgumentError("a header is written as name=value");
  return { [name]: text.slice(at + 1) };
}
