/** Certificates of a test's own authority, by openssl: what a receiver and its clients show each other. */
import { run } from "./network_lab.ts";

const CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const DAYS = ["-days", "2"];

export interface CertifiedKey {
  cert: string;
  key: string;
}

/** An authority that keeps its files in a folder. Names of files begin with the authority's. */
export class Authority {
  readonly cert: string;
  readonly #key: string;
  readonly #prefix: string;
  #serial = 0;

  constructor(folder: string, name: string) {
    this.#prefix = `${folder}/${name}`;
    this.cert = `${this.#prefix}.pem`;
    this.#key = `${this.#prefix}.key`;
    run("openssl", [
      "req",
      "-x509",
      ...CURVE,
      ...DAYS,
      "-subj",
      `/CN=${name}`,
      "-keyout",
      this.#key,
      "-out",
      this.cert,
    ]);
  }

  /** For a host on this address, or for a client of this name. */
  issue(name: string, address?: string): CertifiedKey {
    const files = `${this.#prefix}-${name}-${++this.#serial}`;
    const [key, request, cert, extensions] = [`${files}.key`, `${files}.csr`, `${files}.pem`, `${files}.ext`];
    run("openssl", ["req", ...CURVE, "-subj", `/CN=${name}`, "-keyout", key, "-out", request]);
    const alternative = address ? `subjectAltName=IP:${address},DNS:localhost\n` : "";
    Deno.writeTextFileSync(extensions, `${alternative}basicConstraints=CA:FALSE\n`);
    const by = ["-CA", this.cert, "-CAkey", this.#key, "-CAcreateserial", ...DAYS, "-extfile", extensions];
    run("openssl", ["x509", "-req", "-in", request, ...by, "-out", cert]);
    return { cert, key };
  }
}
