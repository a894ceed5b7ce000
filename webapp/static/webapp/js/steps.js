/* The steps on the page: which one is in focus, what each is judged, and bringing a
   step's body in when somebody goes there. */

export class Steps {
  #root;
  #setup;
  #rungs;
  #first;

  /** onFocus(index) is called when another step comes into focus, onLeave() before the
      page gives way to another part of the same episode. */
  constructor(root, setup, { onFocus, onLeave }) {
    this.#root = root;
    this.#setup = setup;
    this.#rungs = [...root.querySelectorAll(".rung")];
    this.#first = Number(this.#rungs[0].dataset.index);
    this.onFocus = onFocus;
    this.onLeave = onLeave;
    this.at = Number(root.querySelector(".rung[aria-current]").dataset.index);
    root.addEventListener("htmx:load", (event) => this.#arrived(event.target));
  }

  article(index) {
    return document.getElementById(`step-${index}`);
  }

  verdict(index) {
    return this.#rung(index).dataset.verdict;
  }

  /** Bring a step into focus; leaves the page for another part of a long episode. */
  focus(index, { scroll = true } = {}) {
    if (index < 0 || index >= this.#setup.total) return false;
    if (!this.#rung(index)) return this.#leaveFor(index);
    const old = this.#rung(this.at);
    old.removeAttribute("aria-current");
    old.tabIndex = -1;
    this.article(this.at)?.classList.remove("focused");
    this.at = index;
    const rung = this.#rung(index);
    rung.setAttribute("aria-current", "step");
    rung.tabIndex = 0;
    this.#bringIn(index);
    // what comes next should be there before it is asked for
    if (index + 3 < this.#setup.total) this.#want(index + 3);
    if (scroll) rung.scrollIntoView({ block: "nearest" });
    this.#mark(scroll);
    this.onFocus(index);
    return true;
  }

  paint(index, value) {
    const rung = this.#rung(index);
    if (!rung) return;
    rung.dataset.verdict = value;
    rung.querySelector(".verdict").textContent = this.#setup.verdicts[value];
    const article = this.article(index);
    if (!article) return;
    article.dataset.verdict = value;
    press(article.querySelector(".verdicts"), value);
  }

  /** The nearest step without a verdict in the direction (1 or -1), or -1. */
  unlabelled(direction) {
    for (let index = this.at + direction; this.#rung(index); index += direction)
      if (!this.verdict(index)) return index;
    return -1;
  }

  labelledHere() {
    return this.#rungs.filter((rung) => rung.dataset.verdict).length;
  }

  #rung(index) {
    return this.#rungs[index - this.#first];
  }

  #leaveFor(index) {
    const part = index < this.#first ? this.#setup.previousPart : this.#setup.nextPart;
    this.onLeave().then(() => location.assign(part));
    return true;
  }

  #bringIn(index) {
    if (!this.article(index)) this.#want(index);
  }

  #want(index) {
    for (const hole of this.#root.querySelectorAll(".placeholder"))
      if (Number(hole.dataset.start) <= index && index < Number(hole.dataset.end))
        htmx.trigger(hole, "wanted");
  }

  #mark(scroll) {
    const article = this.article(this.at);
    if (!article) return;
    article.classList.add("focused");
    if (!scroll) return;
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "start" });
  }

  /** A chunk came in: the page may know newer verdicts than the server did. */
  #arrived(element) {
    for (const article of element.querySelectorAll?.(".step") ?? []) {
      const index = Number(article.dataset.index);
      this.paint(index, this.verdict(index));
      if (index === this.at) this.#mark(true);
    }
  }
}

/** Show which of a group's buttons stands. */
export function press(group, value) {
  for (const button of group.querySelectorAll("[aria-pressed]"))
    button.setAttribute("aria-pressed", String(button.value === value));
}
