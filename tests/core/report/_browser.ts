/**
 * A page in headless Chromium, over its debugging protocol.
 *
 * @module
 */

/** The path of Chromium; `undefined` without one. */
export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** A message of the protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  // deno-lint-ignore no-explicit-any
  readonly params?: any;
  // deno-lint-ignore no-explicit-any
  readonly result?: any;
  readonly error?: { readonly message: string };
}

/** An open page. */
export class Page {
  /** Errors of the page: exceptions, messages on the console, failed requests. */
  readonly errors: string[] = [];
  /** Addresses that it requested. */
  readonly requests: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #loaded = Promise.withResolvers<void>();
  #session = "";
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
  }

  /** Opens an address in a new browser, passes the page on, and closes the browser. */
  static async with(url: string, use: (page: Page) => Promise<void>): Promise<void> {
    const profile = await Deno.makeTempDir();
    const browser = new Deno.Command(CHROMIUM!, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      const socket = new WebSocket(await addressIn(browser.stderr));
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = reject;
      });
      const page = new Page(socket);
      await page.#open(url);
      await use(page);
      const closed = new Promise((resolve) => socket.onclose = resolve);
      page.send("Browser.close");
      await closed;
    } finally {
      try {
        browser.kill("SIGKILL");
      } catch { /* It has ended. */ }
      await browser.status;
      await Deno.remove(profile, { recursive: true }).catch(() => {});
    }
  }

  async #open(url: string): Promise<void> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    ({ sessionId: this.#session } = await this.send("Target.attachToTarget", { targetId, flatten: true }));
    for (const domain of ["Runtime", "Log", "Network", "Page"]) await this.send(`${domain}.enable`);
    await this.send("Page.navigate", { url });
    await this.#loaded.promise;
  }

  /** Sends a command and returns its result. */
  // deno-lint-ignore no-explicit-any
  send(method: string, params: object = {}): Promise<any> {
    const id = ++this.#sent;
    this.#socket.send(JSON.stringify({ id, method, params, ...this.#session && { sessionId: this.#session } }));
    return new Promise((resolve, reject) =>
      this.#waiting.set(id, ({ result, error }) => error ? reject(new Error(error.message)) : resolve(result))
    );
  }

  /** The value of an expression on the page. */
  async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** Shows the page in the dark theme, or the light one. */
  async scheme(value: "light" | "dark"): Promise<void> {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
  }

  /** Shows the page in a window of this width. */
  async width(width: number): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
  }

  #hear({ id, method, params, ...rest }: Message): void {
    if (id !== undefined) this.#waiting.get(id)?.({ id, ...rest });
    else if (method === "Page.loadEventFired") this.#loaded.resolve();
    else if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    else if (method === "Runtime.exceptionThrown") this.errors.push(JSON.stringify(params.exceptionDetails));
    else if (method === "Log.entryAdded") this.errors.push(params.entry.text);
    else if (method === "Runtime.consoleAPICalled") this.errors.push(`console.${params.type}`);
  }
}

// Chromium prints its address on standard error; what it prints later is read and dropped.
async function addressIn(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const lines = stderr.pipeThrough(new TextDecoderStream());
  const found = Promise.withResolvers<string>();
  (async () => {
    let said = "";
    for await (const text of lines) {
      said += text;
      const address = /ws:\/\/\S+/.exec(said)?.[0];
      if (address) found.resolve(address);
    }
    found.reject(new Error(`Chromium ended: ${said}`));
  })();
  return await found.promise;
}
