import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const cookieName = 'medsam_workstation';
const secret = () => randomBytes(32).toString('base64url');

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/**
 * Who may talk to the browser host. Each opening needs a token that works once; it is exchanged for
 * a session cookie that scripts cannot read. Other programs' pages are kept out by Host and Origin:
 * a page elsewhere cannot name this host (DNS rebinding) nor carry this origin.
 */
export class Access {
  readonly #tokens = new Set<string>();
  readonly #session = secret();
  readonly #authorities: Set<string>;

  constructor(port: number) {
    this.#authorities = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  /** A new token for one opening. */
  mintToken(): string {
    const token = secret();
    this.#tokens.add(token);
    return token;
  }

  /** Uses a token up; the cookie to set, or null when the token is unknown or used. */
  redeem(token: string): string | null {
    const known = [...this.#tokens].find((candidate) => same(candidate, token));
    if (!known) return null;
    this.#tokens.delete(known);
    return `${cookieName}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Why a request is refused, or null when it may pass. */
  refusal(request: IncomingMessage): 'host' | 'origin' | 'session' | null {
    if (!this.#authorities.has(request.headers.host ?? '')) return 'host';
    const { origin } = request.headers;
    if (origin !== undefined && !this.isOwnOrigin(origin)) return 'origin';
    return this.hasSession(request) ? null : 'session';
  }

  hostIsOwn(request: IncomingMessage): boolean {
    return this.#authorities.has(request.headers.host ?? '');
  }

  isOwnOrigin(origin: string): boolean {
    return [...this.#authorities].some((authority) => origin === `http://${authority}`);
  }

  /** A program of this user that read the key from the library folder; browsers cannot send this unasked. */
  hasKey(request: IncomingMessage, key: string): boolean {
    return (
      this.hostIsOwn(request) &&
      request.headers.origin === undefined &&
      same(request.headers.authorization ?? '', `Bearer ${key}`)
    );
  }

  hasSession(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
    const value = cookies.find((part) => part.startsWith(`${cookieName}=`));
    return value !== undefined && same(value.slice(cookieName.length + 1), this.#session);
  }
}
