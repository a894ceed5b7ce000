/* Judgements on their way to the server: in order, one at a time, kept over a reload.
   Each carries an id of its own, so that one sent twice is written once. */

const LONGEST_WAIT = 30_000;
const LONGEST_GOODBYE = 2_000;

export class Outbox {
  #queue;
  #busy = false;
  #guarded = true;
  #wake = () => {};

  /** name: where the queue is kept; on: {state, answer, refusal}, called back. */
  constructor(name, on) {
    this.name = name;
    this.on = on;
    this.#queue = JSON.parse(localStorage.getItem(name) ?? "[]");
    addEventListener("online", () => this.#wake());
    addEventListener("beforeunload", (event) => {
      if (this.#queue.length && this.#guarded) event.preventDefault();
    });
  }

  get pending() {
    return this.#queue;
  }

  /** Leaving is fine now, the page that follows has the same queue; resolves once all
      is sent, or after a moment. */
  async letGo() {
    this.#guarded = false;
    const until = performance.now() + LONGEST_GOODBYE;
    while (this.#queue.length && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 30));
  }

  push(url, fields) {
    this.#queue.push({ url, fields: { event_id: uuid(), ...fields } });
    this.#keep();
    this.send();
  }

  async send() {
    if (this.#busy) return;
    this.#busy = true;
    for (let failures = 0; this.#queue.length; ) {
      this.on.state("saving", this.#queue.length);
      const trouble = await this.#sendFirst();
      failures = trouble ? failures + 1 : 0;
      if (trouble) await this.#wait(trouble, failures);
    }
    this.#busy = false;
    this.on.state("saved", 0);
  }

  /** Send the oldest; returns what keeps it from being saved, if anything. */
  async #sendFirst() {
    const item = this.#queue[0];
    const response = await post(item).catch(() => null);
    // a redirect leads to the sign-in page; 403 is the form token of an old session
    if (response?.type === "opaqueredirect" || response?.status === 403) return "signed-out";
    if (!response || response.status >= 500 || response.status === 429) return "retrying";
    const body = await response.json().catch(() => ({ detail: response.statusText }));
    this.#queue.shift();
    this.#keep();
    if (response.ok) this.on.answer(item.fields, body);
    else this.on.refusal(item.fields, response.status, body);
    return null;
  }

  #wait(trouble, failures) {
    this.on.state(trouble, this.#queue.length);
    const delay = Math.min(LONGEST_WAIT, 500 * 2 ** failures) * (0.5 + Math.random() / 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #keep() {
    if (this.#queue.length) localStorage.setItem(this.name, JSON.stringify(this.#queue));
    else localStorage.removeItem(this.name);
  }
}

function post({ url, fields }) {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  return fetch(url, {
    method: "POST",
    redirect: "manual",
    // a page that is being left still finishes what it began
    keepalive: true,
    headers: { Accept: "application/json", "X-CSRFToken": token },
    body: new URLSearchParams(fields),
  });
}

/** crypto.randomUUID is missing on plain http pages of a local network. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
