/** How the API server is reached, and as whom. */

/** What TLS needs, PEM. */
export interface TlsMaterial {
  /** Authorities that may sign the server's certificate, beside those that everybody trusts. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** The name that the server's certificate must have, if not the one in its address. */
  readonly serverName: string | undefined;
  /** The server's certificate is not looked at. */
  readonly insecure: boolean;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface Access {
  /** Where it serves: https://host:port, perhaps with a path. */
  readonly server: string;
  /** Where this is written, for people. */
  readonly origin: string;
  /** What to show with the next request: files are read anew, because tokens and certificates are exchanged. */
  credentials(): Promise<Credentials>;
  /** The server did not take the credentials: what was kept of them is out of date. */
  refused(): void;
}
