/** --otlp and what goes with it: receivers for spans. Options are for the --otlp before them, or before all for all. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../errors.ts";
import { type Compression, COMPRESSIONS, OTLP_PROTOCOL_NAMES, type OtlpProtocol, otlpProtocol } from "../export/mod.ts";

/** A receiver as the command line describes it. */
export interface ReceiverFlags {
  url: URL;
  protocol: OtlpProtocol;
  headers: Record<string, string>;
  compression: Compression;
  bearerFile?: string;
  user?: string;
  passwordFile?: string;
  caCert?: string;
  clientCert?: string;
  clientKey?: string;
  insecureSkipVerify?: boolean;
}

type Details = Omit<ReceiverFlags, "url">;

const HEADER_NAME_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What weir sets itself, and what belongs to the protocols. */
const OWN_HEADERS_REGEXP = /^(content-(type|encoding|length)|host|te|user-agent|connection|grpc-.*|.*-bin)$/;

/** Adds the options. What is returned fills as the command line is read. */
export function addOtlpOptions(command: Command): ReceiverList {
  const list = new ReceiverList();
  const add = (flags: string, description: string, take: (details: Details, value: string) => void) =>
    command.addOption(
      new Option(flags, description).argParser((value: string) =>
        list.describe(flags, (details) => take(details, value))
      ),
    );
  command.addOption(
    new Option("--otlp <url>", "send spans to an OpenTelemetry receiver, as http://127.0.0.1:4317; repeatable")
      .argParser((value: string) => list.add(parseUrl(value))),
  );
  add("--otlp-protocol <name>", `how: ${OTLP_PROTOCOL_NAMES.join(", ")} (default: grpc)`, (details, name) => {
    details.protocol = otlpProtocol(name) ?? refuse(`there are ${OTLP_PROTOCOL_NAMES.join(", ")}`);
  });
  add("--otlp-header <name=value>", "a header of each request; repeatable", (details, text) => {
    details.headers = { ...details.headers, ...parseHeader(text) };
  });
  add("--otlp-compression <name>", `of requests: ${COMPRESSIONS.join(", ")} (default: none)`, (details, name) => {
    details.compression = COMPRESSIONS.find((known) => known === name) ??
      refuse(`there are ${COMPRESSIONS.join(", ")}`);
  });
  add("--otlp-bearer-file <file>", "a token, read again when the file changes", (d, path) => d.bearerFile = path);
  add("--otlp-user <name>", "basic authentication, with --otlp-password-file", (d, name) => d.user = name);
  add("--otlp-password-file <file>", "read again when the file changes", (d, path) => d.passwordFile = path);
  add("--otlp-ca-cert <file>", "authorities to trust beside the built-in ones, PEM", (d, path) => d.caCert = path);
  add("--otlp-client-cert <file>", "this client's certificate, PEM", (d, path) => d.clientCert = path);
  add("--otlp-client-key <file>", "its key, PEM", (d, path) => d.clientKey = path);
  command.addOption(
    new Option("--otlp-insecure-skip-verify", "take any certificate for the receiver's").argParser(() =>
      list.describe("--otlp-insecure-skip-verify", (details) => details.insecureSkipVerify = true)
    ),
  );
  return list;
}

export class ReceiverList {
  readonly #before: Details = { protocol: "grpc", headers: {}, compression: "none" };
  readonly #receivers: ReceiverFlags[] = [];
  #described: string | undefined;

  add(url: URL): ReceiverList {
    this.#receivers.push({ ...this.#before, url });
    return this;
  }

  describe(option: string, take: (details: Details) => void): ReceiverList {
    this.#described = option.split(" ")[0]!;
    take(this.#receivers.at(-1) ?? this.#before);
    return this;
  }

  /** The receivers, checked. Throws UsageError. */
  receivers(): readonly ReceiverFlags[] {
    if (this.#described && !this.#receivers.length) {
      throw new UsageError(`Cannot use ${this.#described} without --otlp: name a receiver`);
    }
    for (const receiver of this.#receivers) check(receiver);
    return this.#receivers;
  }
}

function check(receiver: ReceiverFlags): void {
  const { url, user, passwordFile, bearerFile, headers, caCert, clientCert, clientKey, insecureSkipVerify } = receiver;
  const problem = (text: string) => new UsageError(`Cannot send to ${url.origin}: ${text}`);
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw problem("--otlp-user and --otlp-password-file belong together");
  }
  if (bearerFile && user) throw problem("--otlp-bearer-file and --otlp-user exclude each other");
  if ((bearerFile || user) && headers.authorization) {
    throw problem("the header authorization is given twice: by --otlp-header and by a token or password");
  }
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw problem("--otlp-client-cert and --otlp-client-key belong together");
  }
  if (url.protocol === "http:" && (caCert || clientCert || insecureSkipVerify)) {
    throw problem("certificates are for https://");
  }
}

function refuse(why: string): never {
  throw new InvalidArgumentError(why);
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") refuse("a URL is wanted, as http://127.0.0.1:4317");
  if (url.username || url.password) refuse("a URL without a password is wanted: see --otlp-user");
  return url;
}

function parseHeader(text: string): Record<string, string> {
  const at = text.indexOf("=");
  const name = text.slice(0, at).toLowerCase();
  if (at < 1 || !HEADER_NAME_REGEXP.test(name)) refuse("a header is written as name=value");
  if (OWN_HEADERS_REGEXP.test(name)) refuse(`${name} is not yours to set`);
  return { [name]: text.slice(at + 1) };
}
