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

const PATIENCE_SECONDS = 240;
const ENDED = new Error(`Chromium ended, or did not answer within ${PATIENCE_SECONDS} s.`);

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
  readonly #waiting = new Map<number, PromiseWithResolvers<Message["result"]>>();
  readonly #loaded = Promise.withResolvers<void>();
  #session = "";
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    this.#loaded.promise.catch(() => {}); // it may be that nothing waits for it
    socket.addEventListener("close", () => {
      this.#loaded.reject(ENDED);
      for (const { reject } of this.#waiting.values()) reject(ENDED);
    });
  }

  /** Opens an address in a new browser, passes the page on, and closes the browser. */
  static async with(url: string, use: (page: Page) => Promise<void>): Promise<void> {
    const profile = await Deno.makeTempDir({ dir: "/tmp" }); // the path of its socket is short
    const browser = new Deno.Command(CHROMIUM!, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage", // in a container it may be small
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      env: { TMPDIR: "/tmp" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const kill = () => {
      try {
        browser.kill("SIGKILL");
      } catch { /* It has ended. */ }
    };
    const timer = setTimeout(kill, 1000 * PATIENCE_SECONDS);
    try {
      const socket = new WebSocket(await addressIn(browser.stderr));
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = reject;
      });
      const page = new Page(socket);
      await page.#open(url);
      await use(page);
      const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
      page.send("Browser.close").catch(() => {}); // it may close without an answer
      await closed;
    } finally {
      clearTimeout(timer);
      kill();
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
    const answer = Promise.withResolvers<Message["result"]>();
    this.#waiting.set(id, answer);
    return answer.promise;
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

  #hear({ id, method, params, result, error }: Message): void {
    if (id !== undefined) {
      if (error) this.#waiting.get(id)?.reject(new Error(error.message));
      else this.#waiting.get(id)?.resolve(result);
    } else if (method === "Page.loadEventFired") this.#loaded.resolve();
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
