/**
 * Initialising, signing in and out, and what becomes of the connection. A short loss is none: the client comes back by
 * itself. What lasts longer than `LOST_MS`, an expired token, and another login end the session, as the vendor's do.
 */
import type { Client, MakeClient } from '../client';
import { ERR, sdkErr } from './codes';
import { merged, serverAddress } from './config';
import type { Settings } from './desk';
import type { Notices } from './notices';
import { claimsOf, isMd5, signIn } from './token';

/** How long before a token's end the app is told. */
const WARN_MS = 30_000;
const LOST_MS = 20_000;

/** Account names of the gateway. */
const UID = /^[A-Za-z0-9@#._+:$-]{1,128}$/;

export class Session {
  client: Client | null = null;
  uid = '';
  nickname = '';
  initialised = false;
  private address = '';
  private timers: ReturnType<typeof setTimeout>[] = [];
  private patience: ReturnType<typeof setTimeout> | undefined;
  private byToken = false;
  /** Counts logins, so that what an earlier one still does is not taken for this one's. */
  private turn = 0;

  constructor(
    private readonly notices: Notices,
    private readonly settings: Settings,
    private readonly make: MakeClient,
    /** Called with a fresh client, and before one ends. */
    private readonly opened: (client: Client) => void,
    private readonly closing: (dropped: boolean) => void,
  ) {}

  async init(params: unknown): Promise<void> {
    if (typeof RTCPeerConnection === 'undefined') throw ERR.browser;
    if (!navigator.mediaDevices) throw ERR.notSupported;
    this.setParams(params);
    this.initialised = true;
  }

  uninit(): void {
    this.logout();
    this.initialised = false;
  }

  setParams(params: unknown): void {
    this.settings.sdk = merged(this.settings.sdk, params);
  }

  setServer(address: unknown): void {
    this.address = String(address ?? '');
  }

  url(): string {
    return serverAddress(this.address, location, this.settings.sdk.isHttp);
  }

  login(app: unknown, secret: unknown, nickname: unknown, uid: unknown, code: unknown, cookie: unknown): void {
    void this.begin(uid, nickname, code, cookie, async (account) => {
      if (typeof app !== 'string' || app === '') throw ERR.appId;
      if (!isMd5(secret)) throw ERR.account;
      const proof = { url: this.url(), app, account, secretMd5: secret };
      let ready: string | null = await signIn(proof);
      const tokenProvider = async () => {
        const token = ready ?? (await signIn(proof));
        ready = null;
        return token;
      };
      this.byToken = false;
      return this.make({ url: proof.url, tokenProvider });
    });
  }

  loginByToken(token: unknown, nickname: unknown, uid: unknown, code: unknown, cookie: unknown): void {
    void this.begin(uid, nickname, code, cookie, async (account) => {
      const claims = claimsOf(token);
      if (!claims || claims.account !== account) throw ERR.authInfo;
      if (claims.expires * 1000 <= Date.now()) throw ERR.tokenExpired;
      this.byToken = true;
      this.expectEnd(claims.expires * 1000);
      return this.make({ url: this.url(), token: String(token) });
    });
  }

  updateToken(token: unknown): void {
    const claims = claimsOf(token);
    const fail = (err: number) => this.notices.later('UpdateTokenRslt', err);
    if (!this.client) return fail(ERR.notLoggedIn);
    if (!this.byToken) return fail(ERR.notToken);
    if (!claims || claims.account !== this.uid) return fail(ERR.authInfo);
    if (claims.expires * 1000 <= Date.now()) return fail(ERR.tokenExpired);
    this.expectEnd(claims.expires * 1000);
    this.client.setToken(String(token));
    this.notices.later('UpdateTokenRslt', ERR.none);
  }

  logout(): void {
    this.turn += 1;
    this.end(false);
  }

  private async begin(
    uid: unknown,
    nickname: unknown,
    code: unknown,
    cookie: unknown,
    make: (account: string) => Promise<Client>,
  ): Promise<void> {
    const turn = ++this.turn;
    let client: Client | null = null;
    try {
      if (!this.initialised) throw ERR.notInitialised;
      if (this.client) throw ERR.loginState;
      if (typeof uid !== 'string' || !UID.test(uid)) throw ERR.parameter;
      if (code) throw ERR.noThirdParty;
      client = await make(uid);
      this.watch(client);
      this.opened(client);
      await client.connect();
      if (turn !== this.turn) return void client.close();
      this.client = client;
      this.uid = uid;
      this.nickname = typeof nickname === 'string' && nickname !== '' ? nickname : uid;
      this.notices.fire('LoginSuccess', uid, cookie);
    } catch (thrown) {
      client?.close();
      if (turn !== this.turn) return;
      // Else its failure would end the session that is there.
      if (!this.client) this.stopTimers();
      await Promise.resolve();
      this.notices.fire('LoginFail', sdkErr(thrown), cookie);
    }
  }

  private watch(client: Client): void {
    client.on('connected', () => clearTimeout(this.patience));
    client.on('disconnected', ({ code, final }) => {
      if (this.client !== client) return;
      if (final) return this.lineOff(code === 4002 ? ERR.kicked : code === 4001 ? ERR.tokenExpired : ERR.socket);
      clearTimeout(this.patience);
      this.patience = setTimeout(() => this.client === client && this.lineOff(ERR.socket), LOST_MS);
    });
    client.on('state', (state) => {
      if (state === 'lost' && this.client === client) this.lineOff(ERR.kicked);
    });
  }

  private expectEnd(at: number): void {
    this.stopTimers();
    const after = (ms: number, run: () => void) => {
      // Longer ones would run at once.
      if (ms < 2 ** 31) this.timers.push(setTimeout(run, Math.max(0, ms)));
    };
    after(at - WARN_MS - Date.now(), () => this.notices.fire('NotifyTokenWillExpire'));
    after(at - Date.now(), () => this.client && this.lineOff(ERR.tokenExpired));
  }

  private lineOff(err: number): void {
    this.end(true);
    this.notices.fire('LineOff', err);
  }

  private end(dropped: boolean): void {
    this.stopTimers();
    clearTimeout(this.patience);
    const { client } = this;
    if (!client) return;
    this.client = null;
    this.closing(dropped);
    client.close();
  }

  private stopTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }
}
