/** Who sends: the Authorization header (RFC 7617 basic, RFC 6750 bearer), from secrets that may change. */
import { UsageError } from "../../errors.ts";

/** A {@linkcode ChangingFile}, or what was given as text. */
export interface Secret {
  read(): string;
}

export function givenSecret(text: string): Secret {
  return { read: () => text };
}

/** What a header's value may have (RFC 9110, 5.5). */
const VALUE_REGEXP = /^[\t\x20-\x7e\x80-\xff]*$/;

export class Credentials {
  readonly #secret: Secret;
  readonly #user: string | undefined;

  private constructor(secret: Secret, user?: string) {
    this.#secret = secret;
    this.#user = user;
    this.header();
  }

  /** Throws UsageError for a token that no header can carry. */
  static bearer(token: Secret): Credentials {
    return new Credentials(token);
  }

  static basic(user: string, password: Secret): Credentials {
    return new Credentials(password, user);
  }

  /** The header's value now. Throws UsageError for a token that has become one that no header can carry. */
  header(): string {
    const secret = this.#secret.read();
    if (this.#user !== undefined) return `Basic ${new TextEncoder().encode(`${this.#user}:${secret}`).toBase64()}`;
    // whoever carries it would show it in his refusal
    if (VALUE_REGEXP.test(secret)) return `Bearer ${secret}`;
    throw new UsageError("Cannot use the token: it has characters that no header may have");
  }
}
