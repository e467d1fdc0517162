/** Certificates and keys by their files, read again when they change. */
import { ChangingFile } from "../../changing_file.ts";

export interface TlsPaths {
  /** Authorities that are trusted beside the built-in ones, PEM. */
  caCert: string | undefined;
  /** This client's certificate chain and key, PEM: both or neither. */
  clientCert: string | undefined;
  clientKey: string | undefined;
  /** Takes any certificate for the receiver's. */
  insecureSkipVerify: boolean;
}

/** What the files hold, in PEM. */
export interface TlsMaterial {
  caCert: string | undefined;
  clientCert: string | undefined;
  clientKey: string | undefined;
}

export class TlsFiles {
  readonly insecureSkipVerify: boolean;
  readonly #caCert: ChangingFile | undefined;
  readonly #clientCert: ChangingFile | undefined;
  readonly #clientKey: ChangingFile | undefined;

  /** Throws UsageError for a file that cannot be read. */
  constructor({ caCert, clientCert, clientKey, insecureSkipVerify }: TlsPaths) {
    this.insecureSkipVerify = insecureSkipVerify;
    this.#caCert = caCert === undefined ? undefined : new ChangingFile(caCert, "authorities' certificates");
    this.#clientCert = clientCert === undefined ? undefined : new ChangingFile(clientCert, "client certificate");
    this.#clientKey = clientKey === undefined ? undefined : new ChangingFile(clientKey, "client key");
  }

  material(): TlsMaterial {
    return { caCert: this.#caCert?.read(), clientCert: this.#clientCert?.read(), clientKey: this.#clientKey?.read() };
  }

  /** Another number after material() read another thing. */
  get version(): number {
    return [this.#caCert, this.#clientCert, this.#clientKey].reduce((sum, file) => sum + (file?.version ?? 0), 0);
  }
}
