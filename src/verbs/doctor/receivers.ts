/**
 * Whether each OTLP receiver can be reached: its name, a connection, TLS and its certificates, and an answer to a
 * request without a span in it. Flow data is never sent.
 */
import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { connect, type ConnectionOptions, rootCertificates, type TLSSocket } from "node:tls";
import type { Requirement } from "../../capture/mod.ts";
import { plainReason } from "../../errors.ts";
import type { ReceiverOptions } from "../../export/mod.ts";

const DAY_MS = 86_400_000;
/** Certificates that end sooner are told of. */
const EXPIRES_SOON_MS = 14 * DAY_MS;

/** A step that did not succeed. */
class StepError extends Error {
  readonly remedy: string;

  constructor(found: string, remedy: string) {
    super(found);
    this.remedy = remedy;
  }
}

/** What is known by the time that all steps are done. */
interface Findings {
  texts: string[];
  /** What works, and will not for long, or not safely. */
  worries: Array<{ found: string; remedy: string }>;
}

/** Asks one receiver. Never rejects. nowMs: wall time. */
export async function checkReceiver(receiver: ReceiverOptions, nowMs: number): Promise<Requirement> {
  const { url, protocol } = receiver;
  const name = `receiver ${receiver.name}`;
  const begin = `${protocol} to ${url.host}`;
  const findings: Findings = { texts: [begin], worries: [] };
  try {
    await resolve(receiver);
    await connectTo(receiver);
    if (url.protocol === "https:") await checkTls(receiver, findings, nowMs);
    await askNothing(receiver);
  } catch (error) {
    const remedy = error instanceof StepError ? error.remedy : "see why, and mend it";
    return { name, state: "missing", found: `${begin}: ${plainReason(error)}`, remedy };
  }
  const found = [...findings.texts, "answers", ...findings.worries.map((worry) => worry.found)].join(", ");
  const remedy = findings.worries.map((worry) => worry.remedy).join("; ");
  return { name, state: findings.worries.length ? "degraded" : "ok", found, remedy };
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === "https:" ? 443 : 80);
}

async function resolve({ url, timeoutMs }: ReceiverOptions): Promise<void> {
  const host = hostOf(url);
  if (isIP(host)) return;
  try {
    await inTime(lookup(host), timeoutMs);
  } catch (error) {
    throw new StepError(
      `its name ${host} has no address (${codeOf(error)})`,
      "mend the endpoint's host name, or name resolution on this machine",
    );
  }
}

async function connectTo({ url, timeoutMs }: ReceiverOptions): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    (await Deno.connect({ hostname: hostOf(url), port: portOf(url), signal })).close();
  } catch (error) {
    const why = signal.aborted ? `nothing within ${timeoutMs} ms` : plainReason(error);
    throw new StepError(
      `cannot connect (${why})`,
      "start the receiver, or mend the endpoint's host and port; look for a firewall or policy in between",
    );
  }
}

async function checkTls(receiver: ReceiverOptions, findings: Findings, nowMs: number): Promise<void> {
  const { insecureSkipVerify = false } = receiver.tls ?? {};
  const { clientCert } = receiver.tls?.material() ?? {};
  const socket = await handshake(receiver);
  try {
    const problem = socket.authorized ? undefined : String(socket.authorizationError);
    if (problem && !insecureSkipVerify) {
      throw new StepError(
        `its certificate is not trusted (${problem})`,
        "name the authority that signed it in tls.ca_cert, or the endpoint by a name that the certificate has",
      );
    }
    if (problem) {
      findings.worries.push({ found: `not verified (${problem})`, remedy: "name its authority in tls.ca_cert" });
    }
    findings.texts.push(socket.getProtocol() ?? "TLS");
    tellExpiry("certificate", Date.parse(socket.getPeerCertificate().valid_to), nowMs, findings);
    if (clientCert) {
      tellExpiry("client certificate", Date.parse(new X509Certificate(clientCert).validTo), nowMs, findings);
    }
  } finally {
    socket.destroy();
  }
}

/** A connection that took any certificate: what is wrong with it is told afterwards. */
async function handshake({ url, protocol, tls, timeoutMs }: ReceiverOptions): Promise<TLSSocket> {
  const { caCert, clientCert, clientKey } = tls?.material() ?? {};
  const host = hostOf(url);
  const options: ConnectionOptions = {
    host,
    port: portOf(url),
    rejectUnauthorized: false,
    ALPNProtocols: protocol === "grpc" ? ["h2"] : ["http/1.1"],
    ...(isIP(host) ? {} : { servername: host }),
    ...(caCert ? { ca: [...rootCertificates, caCert] } : {}),
    ...(clientCert && clientKey ? { cert: clientCert, key: clientKey } : {}),
  };
  const socket = connect(options);
  try {
    await inTime(
      new Promise<void>((resolve, reject) => {
        socket.once("secureConnect", resolve);
        socket.once("error", reject);
      }),
      timeoutMs,
    );
  } catch (error) {
    socket.destroy();
    throw new StepError(
      `no TLS handshake (${plainReason(error)})`,
      "see whether the receiver serves TLS there (else write http://), and which client certificates it wants",
    );
  }
  // a connection that the other side ends is none to stumble over
  socket.on("error", () => socket.destroy());
  return socket;
}

function tellExpiry(what: string, untilMs: number, nowMs: number, { texts, worries }: Findings): void {
  const until = new Date(untilMs).toISOString().slice(0, 10);
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  if (untilMs < nowMs) {
    throw new StepError(`its ${what} ran out on ${until}`, `exchange the ${what}`);
  }
  if (untilMs - nowMs >= EXPIRES_SOON_MS) texts.push(`${what} until ${until}`);
  else worries.push({ found: `${what} ends on ${until} (in ${days} days)`, remedy: `exchange the ${what}` });
}

async function askNothing(receiver: ReceiverOptions): Promise<void> {
  // loaded only here: gRPC's library takes memory
  const { sendEmptyRequest } = await import("../../export/otlp/empty_request.ts");
  const answer = await sendEmptyRequest(receiver, AbortSignal.timeout(receiver.timeoutMs));
  if (answer.outcome === "delivered") return;
  const { outcome, detail } = answer;
  if (outcome === "retry") {
    throw new StepError(
      `connects, and does not take an empty request (${detail})`,
      "see that the endpoint is an OTLP receiver of this protocol, and its log",
    );
  }
  throw new StepError(
    `refuses an empty request (${detail})`,
    "see that endpoint, protocol and auth are what the receiver wants",
  );
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? plainReason(error));
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
