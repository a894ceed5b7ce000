/* Drop files on the form, see what is about to be sent and how far it is. */

const form = document.querySelector("form.upload");
const drop = form.querySelector("[data-drop]");
const input = form.querySelector("input[type=file]");
const picked = form.querySelector("[data-picked]");
const sent = form.querySelector("[data-sent]");

function show() {
  picked.replaceChildren(...Array.from(input.files, row));
  picked.hidden = input.files.length === 0;
}

function row(file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "clip";
  name.textContent = file.name;
  const size = document.createElement("span");
  size.className = "muted";
  size.textContent = `${(file.size / 2 ** 20).toFixed(1)} MB`;
  item.append(name, size);
  return item;
}

for (const name of ["dragenter", "dragover"])
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
for (const name of ["dragleave", "drop"])
  drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  input.files = event.dataTransfer.files;
  show();
});
input.addEventListener("change", show);

// fetch can't tell how much of a body has left; the older way can
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    sent.value = loaded / total;
  });
  request.addEventListener("load", () => arrive(request));
  request.addEventListener("error", () => form.submit());
  request.responseType = "document";
  sent.hidden = false;
  request.open("POST", form.action);
  request.send(new FormData(form));
});

/** The answer is a whole page, with messages that are shown only once. */
function arrive({ response, responseURL }) {
  history.pushState(null, "", responseURL);
  document.title = response.title;
  document.body.replaceWith(document.adoptNode(response.body));
  htmx.process(document.body);
}
