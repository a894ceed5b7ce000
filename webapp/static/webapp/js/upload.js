/* Every file goes its own way: sent at once, shown how far it is, cancelled alone. What
   the server found in it comes back as a row of the page; without this script the same
   rows come as a whole page. */

const AT_ONCE = 3;

const form = document.querySelector("form.upload");
const drop = form.querySelector("[data-drop]");
const input = form.querySelector("input[type=file]");
const drafts = document.querySelector("form.drafts");
const list = drafts.querySelector("[data-drafts]");
const sending = document.querySelector("#sending").content;

const waiting = [];
let open = 0;

function take(files) {
  for (const file of files) {
    const item = document.importNode(sending, true).firstElementChild;
    item.querySelector("[data-name]").textContent = file.name;
    item.querySelector("[data-size]").textContent = size(file.size);
    list.append(item);
    waiting.push({ file, item });
  }
  input.value = "";
  tidy();
  next();
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function next() {
  while (open < AT_ONCE && waiting.length) {
    const { file, item } = waiting.shift();
    if (!item.isConnected) continue;
    const body = new FormData(form);
    body.set("files", file);
    open += 1;
    post(body, item, () => {
      open -= 1;
      next();
    });
  }
}

/** Send, and put the row of the answer in the place of `item`. */
function post(body, item, done = () => {}) {
  // fetch can't tell how much of a body has left; the older way can
  const request = new XMLHttpRequest();
  const progress = item.querySelector("progress");
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    if (loaded < total) progress?.setAttribute("value", loaded / total);
    // all of it is there, and is being looked at: nobody knows how long
    else progress?.removeAttribute("value");
  });
  request.addEventListener("load", () => {
    const row = request.response?.querySelector(".draft");
    if (row) item.replaceWith(document.adoptNode(row));
    else fail(item);
  });
  request.addEventListener("error", () => fail(item));
  request.addEventListener("loadend", () => {
    done();
    tidy();
  });
  item.addEventListener("removed", () => request.abort());
  request.responseType = "document";
  request.open("POST", form.action);
  request.send(body);
}

function fail(item) {
  item.querySelector("progress")?.remove();
  item.querySelector("[data-failed]")?.removeAttribute("hidden");
}

function tidy() {
  drafts.hidden = list.children.length === 0;
  const unfinished = list.querySelector("progress") !== null;
  drafts.querySelector("[value=import]").disabled = unfinished || !list.querySelector("[name=draft]");
}

function remove(item) {
  item.dispatchEvent(new Event("removed"));
  item.remove();
  tidy();
}

/** Ask again about one row, in the format that is chosen there. */
function again(item) {
  const body = new FormData();
  for (const field of item.querySelectorAll("[name=draft], [name=format]"))
    body.set(field.name, field.value);
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("do", "check");
  post(body, item);
}

list.addEventListener("click", (event) => {
  const item = event.target.closest(".draft");
  const button = event.target.closest("[data-remove], [data-again]");
  if (!button) return;
  event.preventDefault();
  if ("remove" in button.dataset) remove(item);
  else again(item);
});
list.addEventListener("change", (event) => again(event.target.closest(".draft")));

for (const name of ["dragenter", "dragover"])
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
for (const name of ["dragleave", "drop"])
  drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files);
});
input.addEventListener("change", () => take(input.files));
// a choice is sent at once, files too
form.querySelector("[data-send]").hidden = true;
drafts.dataset.live = "";
tidy();
