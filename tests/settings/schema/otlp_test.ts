import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { receiverUrl } from "../../../src/settings/mod.ts";
import { load, problemsOf } from "../../support/config_text.ts";

async function names(text: string, format: "hcl" | "yaml" = "hcl"): Promise<Array<string | undefined>> {
  return (await load(text, format)).settings.export.traces.otlp.map(({ name }) => name);
}

Deno.test("export.traces.otlp is one receiver, several with names, or a list", async () => {
  deepEqual(await names('export "traces" {\n  otlp {\n  }\n}\n'), ["otlp"]);
  deepEqual(await names('export "traces" {\n  otlp { timeout = "1s" }\n  otlp { timeout = "2s" }\n}\n'), [
    "otlp",
    "otlp_2",
  ]);
  deepEqual(await names('export "traces" {\n  otlp "a" { timeout = "1s" }\n  otlp "b" {\n  }\n}\n'), ["a", "b"]);
  deepEqual(await names("export: {traces: {otlp: {a: {timeout: 1s}, b: {tls: {}}}}}", "yaml"), ["a", "b"]);
  deepEqual(await names("export: {traces: {otlp: [{name: x}, {}]}}", "yaml"), ["x", "otlp_2"]);
  deepEqual(await names("export: {traces: {otlp: {headers: {a: b}}}}", "yaml"), ["otlp"]);
  deepEqual(await problemsOf("export: {traces: {otlp: [{name: x}, {name: x},\n {name: json}]}}"), [
    '1:38: export.traces.otlp[1].name: "x" is the name of two receivers',
    '2:3: export.traces.otlp[2].name: "json" is what standard output is called: choose another name',
  ]);
});

Deno.test("export.traces.stdout is a format or a group with one", async () => {
  for (const text of ["export: {traces: {stdout: text_indent}}", "export: {traces: {stdout: {format: TEXT_INDENT}}}"]) {
    equal((await load(text)).settings.export.traces.stdout?.format, "text_indent");
  }
  equal((await load("")).settings.export.traces.stdout, undefined);
});

/** Receivers whose keys contradict each other, and what is said of which key. */
const CONFLICTS: Array<[string, string]> = [
  [
    "endpoint: https://x, tls: {client_cert: a}",
    "1:53: tls.client_cert: client_key is missing beside it",
  ],
  [
    "endpoint: https://x, tls: {client_key: a}",
    "1:53: tls.client_key: client_cert is missing beside it",
  ],
  [
    "endpoint: http://x, tls: {ca_cert: a}",
    "1:52: tls.ca_cert: http://x is plain text: write https://, or take this away",
  ],
  [
    "endpoint: https://x, tls: {ca_cert: a, insecure_skip_verify: true}",
    "1:65: tls.insecure_skip_verify: ca_cert is of no use when any certificate is believed: one of them is wanted",
  ],
  [
    "auth: {basic: {user: a, pass: b}, bearer: c}",
    "1:60: auth.bearer: auth.basic and auth.bearer both say who asks: one of them is wanted",
  ],
  [
    "auth: {basic: {user: a, pass: b}, bearer_file: c}",
    "1:60: auth.bearer_file: auth.basic and auth.bearer_file both say who asks: one of them is wanted",
  ],
  ["auth: {bearer: b, bearer_file: c}", "1:44: auth.bearer_file: bearer says the token already"],
  ["auth: {basic: {user: a}}", "1:33: auth.basic: pass or pass_file is missing"],
  ["auth: {basic: {pass: a}}", "1:33: auth.basic: user is missing"],
  ["auth: {basic: {user: a, pass: b, pass_file: c}}", "1:59: auth.basic.pass_file: pass says the password already"],
  [
    "auth: {bearer: b}, headers: {x: y, AUTHORIZATION: z}",
    "1:61: headers.AUTHORIZATION: auth sets the header AUTHORIZATION already: one of them is wanted",
  ],
  ["headers: {'a b': c}", "1:36: headers.a b: it is no header's name"],
  ['headers: {a: "b\\nc"}', "1:36: headers.a: it holds what a header cannot"],
  ["endpoint: 'http://'", "1:26: endpoint: a URL is wanted, as http://localhost:4317"],
  ["endpoint: http://u:p@x", "1:26: endpoint: names and passwords belong to auth.basic"],
  ["endpoint: 'u@x:1'", "1:26: endpoint: names and passwords belong to auth.basic"],
  ["endpoint: ftp://x/y", "1:26: endpoint: a URL is wanted, as http://localhost:4317"],
  ["max_batch_size: 2000, max_queue_size: 1500", "1:26: max_batch_size: more than max_queue_size (1500) never waits"],
  ["headers: {Content-Type: a}", "1:36: headers.Content-Type: weir sets it itself"],
  ["protocol: grcp", '1:26: protocol: "grcp" is unknown: did you mean "grpc"?'],
];

Deno.test("export.traces.otlp refuses keys that contradict each other, at the key that is too much", async () => {
  for (const [receiver, said] of CONFLICTS) {
    const wanted = said.replace(/: (?=[a-z])/, ": export.traces.otlp[0].");
    deepEqual(await problemsOf(`export: {traces: {otlp: {${receiver}}}}`), [wanted], receiver);
  }
});

Deno.test("receiverUrl() goes by the scheme, and where there is none by whether there is a tls block", async () => {
  const cases: Array<[string, string]> = [
    ["endpoint: http://x:1/v1/traces", "http://x:1/v1/traces"],
    ["endpoint: https://x:1", "https://x:1/"],
    ["endpoint: 'collector:4317'", "http://collector:4317/"],
    ["endpoint: 'collector:4317', tls: {insecure_skip_verify: true}", "https://collector:4317/"],
    ["endpoint: 'https://[::1]:4317'", "https://[::1]:4317/"],
    ["timeout: 1s", "http://localhost:4317/"],
  ];
  for (const [receiver, url] of cases) {
    const { settings } = await load(`export: {traces: {otlp: {${receiver}}}}`);
    equal(receiverUrl(settings.export.traces.otlp[0]!).href, url, receiver);
  }
});

Deno.test("export.traces.otlp shows no line that may hold a secret in what it says of it", async () => {
  const receivers = [
    'headers: { x-team: "s3cret\\u0001" }',
    "headers:\n  x-team: [s3cret]",
    "headers:\n  x-team: 4711",
    "headers:\n  - s3cret",
    "auth:\n  bearer: { token: s3cret }",
    "auth:\n  bearer: s3cret\n  bearer_file: /x",
    "auth:\n  tokn: s3cret",
    "auth:\n  basic: { user: u, pas: s3cret }",
    "timeout: never\nheaders: { x-team: s3cret }",
    "tls: { ca_cert: 7, headers: { x-team: s3cret } }",
    "endpoint: http://user:s3cret@host:4317",
  ];
  for (const text of receivers) {
    const message = await load(`export:\n traces:\n  otlp:\n   ${text.replaceAll("\n", "\n   ")}`)
      .then(() => "taken", (error: Error) => error.message);
    match(message, /problem/, text);
    doesNotMatch(message, /s3cret|4711/, text);
  }
});
