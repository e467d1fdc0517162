/** An OTLP receiver, and how it is spoken to. */
import * as v from "valibot";
import {
  EXPORT_QUEUE_RECORDS_DEFAULT,
  EXPORT_QUEUE_RECORDS_MIN,
  OTLP_BATCH_RECORDS,
  OTLP_BATCHES_IN_FLIGHT,
  OTLP_LINGER_MS,
  OTLP_TIMEOUT_MS,
} from "../../limits.ts";
import { formatDuration } from "../duration.ts";
import { isEncrypted } from "../receiver_url.ts";
import { choice, DAY_MS, duration, group, namedTexts, setting, text, whole, word, yesOrNo } from "./kinds.ts";

export const OTLP_ENDPOINT_DEFAULT = "http://localhost:4317";
const QUEUE_RECORDS_MOST = 8_388_608;
const HOUR_MS = 3_600_000;
const HEADER_NAME_REGEXP = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What the protocols need, and what only they may say. */
const OWN_HEADER_REGEXP = /^(content-(type|encoding|length)|host|te|user-agent|connection|grpc-.*|.*-bin)$/i;
const HEADER_VALUE_REGEXP = /^[\t\x20-\x7e\x80-\xff]*$/;
const SCHEME_REGEXP = /^https?:\/\//;

const endpoint = v.pipe(
  text(),
  v.check(isEndpoint, "a URL is wanted, as http://localhost:4317"),
  v.check((value) => !/^[^/]*(?:\/\/)?[^/]*@/.test(value), "names and passwords belong to auth.basic"),
);

/** A URL of HTTP's, or what stands behind its scheme. */
function isEndpoint(value: string): boolean {
  return value.includes("://") ? SCHEME_REGEXP.test(value) && URL.canParse(value) : URL.canParse(`http://${value}`);
}

const headers = v.pipe(
  namedTexts(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [name, value] of Object.entries(dataset.value)) {
      const path = issuePath([name], dataset.value);
      if (!HEADER_NAME_REGEXP.test(name)) addIssue({ message: "it is no header's name", path });
      if (OWN_HEADER_REGEXP.test(name)) addIssue({ message: "weir sets it itself", path });
      if (!HEADER_VALUE_REGEXP.test(value)) addIssue({ message: "it holds what a header cannot", path });
    }
  }),
);

const auth = group("Who asks.", {
  basic: choice(
    "By name and password.",
    v.strictObject({
      user: choice("The name.", text()),
      pass: choice("The password.", text(), { isSecret: true }),
      pass_file: choice("A file with the password.", text()),
    }),
  ),
  bearer: choice("By token.", text(), { isSecret: true }),
  bearer_file: choice("A file with the token.", text()),
});

const tls = choice(
  "How the receiver proves who it is, and weir who it is.",
  v.strictObject({
    insecure_skip_verify: setting("true: believe any certificate.", yesOrNo(), false),
    ca_cert: choice("A file with the authority's certificates. They are trusted beside the built-in ones.", text()),
    client_cert: choice("A file with weir's own certificate.", text()),
    client_key: choice("A file with its key.", text()),
  }),
);

const entries = {
  name: choice("What it is called in metrics and status.", text()),
  endpoint: setting(
    "Where it listens. With https, or a tls block and no scheme, over TLS.",
    endpoint,
    OTLP_ENDPOINT_DEFAULT,
  ),
  protocol: setting(
    "How it is spoken to.",
    word(["grpc", "http_binary", "http_json", "http/protobuf", "http/json"]),
    "grpc",
  ),
  timeout: setting("How long an answer may take.", duration(100, HOUR_MS), formatDuration(OTLP_TIMEOUT_MS)),
  max_batch_size: setting(
    `Spans in a request; more than ${OTLP_BATCH_RECORDS} go in several.`,
    whole(1, 65_536),
    OTLP_BATCH_RECORDS,
  ),
  max_batch_interval: setting(
    "How long a span waits for others.",
    duration(10, DAY_MS),
    formatDuration(OTLP_LINGER_MS),
  ),
  max_queue_size: setting(
    "Records that wait; beyond, detail is given up, no packet.",
    whole(EXPORT_QUEUE_RECORDS_MIN, QUEUE_RECORDS_MOST),
    EXPORT_QUEUE_RECORDS_DEFAULT,
  ),
  max_concurrent_exports: setting("Requests on their way at once.", whole(1, 64), OTLP_BATCHES_IN_FLIGHT),
  max_export_timeout: choice(
    "How long spans are tried again.",
    duration(100, DAY_MS),
    { notice: "weir tries again for as long as it runs" },
  ),
  compression: setting("Of requests.", word(["none", "gzip"]), "none"),
  headers: setting("Of each request.", headers, {}, { isSecret: true }),
  auth,
  tls,
  resource_attributes: setting("What else every span's resource says.", namedTexts(), {}),
  include_standard_names: setting("OpenTelemetry's names beside the flow names.", yesOrNo(), true),
};

const receiver = v.strictObject(entries);
type Receiver = v.InferOutput<typeof receiver>;

/** What cannot be together, each with the key that is wrong. */
interface Conflict {
  path: readonly string[];
  message: string;
}

function conflictsOf(options: Receiver): Conflict[] {
  return [...authConflicts(options), ...tlsConflicts(options), ...sizeConflicts(options)];
}

function authConflicts({ auth, headers }: Receiver): Conflict[] {
  const { basic, bearer, bearer_file } = auth;
  const conflicts: Conflict[] = [];
  const add = (path: string[], message: string) => conflicts.push({ path: ["auth", ...path], message });
  const token = bearer !== undefined ? "bearer" : "bearer_file";
  const hasToken = bearer !== undefined || bearer_file !== undefined;
  if (basic && hasToken) add([token], `auth.basic and auth.${token} both say who asks: one of them is wanted`);
  if (bearer !== undefined && bearer_file !== undefined) add(["bearer_file"], "bearer says the token already");
  if (basic && basic.user === undefined) add(["basic"], "user is missing");
  if (basic && basic.pass === undefined && basic.pass_file === undefined) {
    add(["basic"], "pass or pass_file is missing");
  }
  if (basic?.pass !== undefined && basic.pass_file !== undefined) {
    add(["basic", "pass_file"], "pass says the password already");
  }
  const header = Object.keys(headers).find((name) => name.toLowerCase() === "authorization");
  if (header && (basic || hasToken)) {
    conflicts.push({
      path: ["headers", header],
      message: `auth sets the header ${header} already: one of them is wanted`,
    });
  }
  return conflicts;
}

function tlsConflicts(options: Receiver): Conflict[] {
  const { tls, endpoint } = options;
  if (!tls) return [];
  const conflicts: Conflict[] = [];
  const add = (key: string, message: string) => conflicts.push({ path: ["tls", key], message });
  const { client_cert, client_key, ca_cert, insecure_skip_verify } = tls;
  if (client_cert !== undefined && client_key === undefined) add("client_cert", "client_key is missing beside it");
  if (client_key !== undefined && client_cert === undefined) add("client_key", "client_cert is missing beside it");
  if (ca_cert !== undefined && insecure_skip_verify) {
    add("insecure_skip_verify", "ca_cert is of no use when any certificate is believed: one of them is wanted");
  }
  if (!isEncrypted(options)) {
    const plain = `${endpoint} is plain text: write https://, or take this away`;
    for (const [key, value] of Object.entries(tls)) if (value !== undefined && value !== false) add(key, plain);
  }
  return conflicts;
}

function sizeConflicts({ max_batch_size, max_queue_size }: Receiver): Conflict[] {
  const conflicts: Conflict[] = [];
  if (max_batch_size > max_queue_size) {
    conflicts.push({ path: ["max_batch_size"], message: `more than max_queue_size (${max_queue_size}) never waits` });
  }
  return conflicts;
}

export const otlpReceiver = v.pipe(
  receiver,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const { path, message } of conflictsOf(dataset.value)) {
      addIssue({ message, path: issuePath(path, dataset.value) });
    }
  }),
);

export type OtlpReceiver = v.InferOutput<typeof otlpReceiver>;

/** A path as the library has it. */
function issuePath(path: readonly string[], value: unknown): [v.IssuePathItem, ...v.IssuePathItem[]] {
  const [first, ...rest] = path.map((key) => ({ type: "unknown", origin: "value", input: value, key, value } as const));
  return [first!, ...rest];
}
