/* What this reader has said: shown at once, sent through the outbox, put right when the
   server disagrees. */

import { Outbox } from "./outbox.js";
import { press } from "./steps.js";

export class Judgements {
  #redoable = [];

  constructor(root, setup, steps, clock) {
    Object.assign(this, { root, setup, steps, clock });
    this.scoreSeen = new Set();
    this.live = document.querySelector("[data-live]");
    this.notice = root.querySelector("[data-notice]");
    this.saving = root.querySelector("[data-saving]");
    this.count = root.querySelector("[data-labelled]");
    // a long episode has labelled steps on other pages too
    this.labelledElsewhere = Number(this.count.textContent) - steps.labelledHere();
    this.outbox = new Outbox(setup.outbox, {
      state: (state, count) => this.#showState(state, count),
      answer: (fields, body) => this.#answered(fields, body),
      refusal: (fields, status, body) => this.#refused(fields, status, body),
    });
  }

  /** Show and send what an earlier visit to this page couldn't. */
  resume() {
    for (const { fields } of this.outbox.pending) if (fields.axis) this.#show(fields);
    if (this.outbox.pending.length) this.outbox.send();
  }

  judge(axis, value, index, { isRedo = false } = {}) {
    const fields = { axis, value, expected: this.#standing(axis, index) };
    if (index !== null) fields.step_index = index;
    if (this.scoreSeen.has(index)) fields.score_visible = "true";
    fields.active_ms = this.clock.take();
    if (!isRedo) this.#redoable = [];
    this.notice.replaceChildren();
    this.#show(fields);
    this.outbox.push(this.root.dataset.labelUrl, fields);
  }

  undo() {
    this.outbox.push(this.root.dataset.undoUrl, {});
  }

  redo() {
    const undone = this.#redoable.pop();
    if (undone) this.judge(undone.axis, undone.value, undone.index, { isRedo: true });
    else this.say(this.setup.texts.nothingToRedo);
  }

  say(text) {
    this.live.textContent = text;
  }

  refreshPanel() {
    press(this.root.querySelector(".panel .verdicts"), this.steps.verdict(this.steps.at));
  }

  #standing(axis, index) {
    if (axis === "verdict") return this.steps.verdict(index);
    if (axis === "comment") return this.setup.comments[index] ?? "";
    return this.setup.whole[axis] ?? "";
  }

  #show({ axis, value, step_index: step }) {
    const index = step === undefined ? null : Number(step);
    if (axis === "verdict") {
      this.steps.paint(index, value);
      const word = this.setup.verdicts[value];
      this.say(`${this.setup.texts.step} ${index + 1}: ${word}`);
      this.count.textContent = this.labelledElsewhere + this.steps.labelledHere();
      return this.refreshPanel();
    }
    if (axis === "comment") {
      this.setup.comments[index] = value;
      if (index === this.steps.at) this.root.querySelector("#comment").value = value;
      return;
    }
    this.setup.whole[axis] = value;
    const form = this.root.querySelector(`input[name=axis][value=${axis}]`).form;
    press(form, value);
    if (axis === "bad_task") form.elements.value.value = value;
  }

  #answered(fields, body) {
    if (fields.axis) return;
    if (body.axis === null) return this.say(this.setup.texts.nothingToUndo);
    const index = body.step_index ?? null;
    this.#redoable.push({ axis: body.axis, value: spelled(body.previous), index });
    if (index !== null) this.steps.focus(index);
    this.#show({ axis: body.axis, value: spelled(body.value), step_index: index ?? undefined });
  }

  /** Somebody (another tab, too) was first, or the server can't take it: what stands
      there is shown, and the reader may insist. */
  #refused(fields, status, body) {
    this.notice.replaceChildren(body.detail ?? String(status));
    if (!fields.axis) return;
    const standing = "current" in body ? spelled(body.current) : fields.expected;
    this.#show({ ...fields, value: standing });
    if (status !== 409) return;
    const insist = document.createElement("button");
    insist.type = "button";
    insist.textContent = this.setup.texts.insist;
    insist.addEventListener("click", () =>
      this.judge(fields.axis, fields.value, fields.step_index ?? null),
    );
    this.notice.append(" ", insist);
  }

  #showState(state, count) {
    const text = this.setup.texts[state].replace("%n", count);
    if (this.saving.textContent !== text) this.saving.textContent = text;
    if (this.saving.dataset.state !== state && count && state !== "saving") this.say(text);
    this.saving.dataset.state = state;
  }
}

/** A value from the server as forms and attributes spell it. */
function spelled(value) {
  return value === null || value === undefined ? "" : String(value);
}
