/* Active time: what passes between signs of a reader, long pauses cut, none of it while
   the page is hidden. Careful reading moves nothing for a while: hence two minutes. */

const IDLE_FROM = 120_000;

export class Clock {
  #active = 0;
  #last = performance.now();

  constructor() {
    for (const sign of ["keydown", "pointerdown", "wheel", "visibilitychange"])
      document.addEventListener(sign, () => this.#tick(sign), { passive: true, capture: true });
  }

  /** Milliseconds since the last call. */
  take() {
    this.#tick();
    const active = Math.round(this.#active);
    this.#active = 0;
    return active;
  }

  #tick(sign) {
    const now = performance.now();
    const wasHidden = sign === "visibilitychange" && !document.hidden;
    if (!wasHidden) this.#active += Math.min(now - this.#last, IDLE_FROM);
    this.#last = now;
  }
}
