/* The labelling workspace: keys and clicks become judgements, shown at once and sent
   through the outbox. Without this script the same forms post and redirect. */

import { Clock } from "./clock.js";
import { listen } from "./keys.js";
import { Judgements } from "./judgements.js";
import { Steps } from "./steps.js";

const setup = JSON.parse(document.getElementById("setup").textContent);
const root = document.querySelector(".workspace");
const panel = root.querySelector(".panel");
const help = document.querySelector("[data-help]");
const comment = panel.querySelector("#comment");
const modelScore = panel.querySelector("[data-model-score]");
const askModel = modelScore.cloneNode(true).childNodes;

const clock = new Clock();
const steps = new Steps(root, setup, {
  onFocus: showInPanel,
  // the next part sends what this one couldn't
  onLeave: () => judgements.outbox.letGo(),
});
const judgements = new Judgements(root, setup, steps, clock);
let revealed = -1;
let addressTimer;

function showInPanel(index) {
  panel.querySelector("[data-at]").textContent = index + 1;
  for (const form of panel.querySelectorAll("[data-step-form]"))
    form.elements.step_index.value = index;
  comment.value = setup.comments[index] ?? "";
  judgements.refreshPanel();
  if (revealed !== index) {
    modelScore.replaceChildren(...Array.from(askModel, (node) => node.cloneNode(true)));
    modelScore.querySelector("a").href = scoreUrl(index);
  }
  clearTimeout(addressTimer);
  // browsers refuse an address that changes at every press of a held key
  addressTimer = setTimeout(() => history.replaceState(null, "", `?step=${index}`), 300);
}

function scoreUrl(index) {
  return `${root.dataset.episodeUrl}steps/${index}/score/`;
}

function reveal() {
  if (steps.verdict(steps.at)) judgements.scoreSeen.add(steps.at);
  revealed = steps.at;
  htmx.ajax("GET", scoreUrl(steps.at), { target: modelScore });
}

function fold() {
  const folds = [...(steps.article(steps.at)?.querySelectorAll("details") ?? [])];
  const open = !folds.some((each) => each.open);
  for (const each of folds) each.open = open;
}

function judgeAndGoOn(value) {
  judgements.judge("verdict", value, steps.at);
  if (!steps.focus(steps.at + 1)) judgements.say(setup.texts.last);
}

function toUnlabelled(direction) {
  const index = steps.unlabelled(direction);
  if (index >= 0) steps.focus(index);
  else judgements.say(setup.texts.allLabelled);
}

const actions = {
  next: () => steps.focus(steps.at + 1),
  previous: () => steps.focus(steps.at - 1),
  verdict: judgeAndGoOn,
  undo: () => judgements.undo(),
  redo: () => judgements.redo(),
  nextUnlabelled: () => toUnlabelled(1),
  previousUnlabelled: () => toUnlabelled(-1),
  comment: () => comment.focus(),
  fold,
  reveal,
  help: () => help.showModal(),
  leave: () => document.activeElement?.blur(),
};

listen(setup.keys, actions);

root.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if ("undo" in form.dataset) return judgements.undo();
  const { axis, step_index: step } = form.elements;
  const field = form.querySelector("textarea") ?? event.submitter;
  const index = step ? Number(step.value) : null;
  if (axis.value === "verdict" && panel.contains(form) && field.value)
    return judgeAndGoOn(field.value);
  if (index !== null && index !== steps.at) steps.focus(index, { scroll: false });
  judgements.judge(axis.value, field.value.trim(), index);
});

root.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const action = event.target.closest("[data-action]")?.dataset.action;
  if (action) return actions[action]();
  const link = event.target.closest("a");
  if (link && modelScore.contains(link) && link.href.endsWith("/score/")) {
    event.preventDefault();
    return reveal();
  }
  const step = event.target.closest(".rung, .step");
  if (!step) return;
  const toStep = link?.getAttribute("href").startsWith("?step=");
  if (toStep) event.preventDefault();
  const index = Number(step.dataset.index);
  if (toStep || index !== steps.at) steps.focus(index, { scroll: Boolean(toStep) });
});

for (const button of root.querySelectorAll("[data-action][hidden]")) button.hidden = false;
// the first step shows the task above it
steps.focus(steps.at, { scroll: steps.at > 0 });
judgements.resume();
