/** A cluster's certificate authority and what it signs, made by openssl. */
import { mustRun } from "../host.ts";

const DAYS = "3650";

export interface Identity {
  certPath: string;
  keyPath: string;
}

export class Authority {
  readonly #folder: string;
  readonly certPath: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.certPath = `${folder}/ca.crt`;
  }

  static async create(folder: string): Promise<Authority> {
    const authority = new Authority(folder);
    await mustRun("openssl", [
      ...words("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=weir-test-ca"),
      ...["-days", DAYS, "-keyout", `${folder}/ca.key`, "-out", authority.certPath],
      ...["-addext", "keyUsage=critical,digitalSignature,keyCertSign,cRLSign"],
    ]);
    return authority;
  }

  /** subject: as "/O=group/CN=user"; names: of a server, as "DNS:localhost,IP:127.0.0.1". */
  async sign(name: string, subject: string, names?: string): Promise<Identity> {
    const base = `${this.#folder}/${name}`;
    const identity = { certPath: `${base}.crt`, keyPath: `${base}.key` };
    Deno.writeTextFileSync(
      `${base}.ext`,
      `basicConstraints=CA:FALSE\nextendedKeyUsage=${names ? `serverAuth\nsubjectAltName=${names}` : "clientAuth"}\n`,
    );
    await mustRun("openssl", [
      ...words("req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"),
      ...["-subj", subject, "-keyout", identity.keyPath, "-out", `${base}.csr`],
    ]);
    await mustRun("openssl", [
      ...["x509", "-req", "-in", `${base}.csr`, "-CA", this.certPath, "-CAkey", `${this.#folder}/ca.key`],
      ...["-CAcreateserial", "-days", DAYS, "-extfile", `${base}.ext`, "-out", identity.certPath],
    ]);
    return identity;
  }

  /** Keys that service accounts' tokens are signed with. */
  async serviceAccountKeys(): Promise<{ privatePath: string; publicPath: string }> {
    const keys = { privatePath: `${this.#folder}/sa.key`, publicPath: `${this.#folder}/sa.pub` };
    await mustRun("openssl", [
      "genpkey",
      ...words("-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
      "-out",
      keys.privatePath,
    ]);
    await mustRun("openssl", ["pkey", "-in", keys.privatePath, "-pubout", "-out", keys.publicPath]);
    return keys;
  }
}

function words(text: string): string[] {
  return text.split(" ");
}
