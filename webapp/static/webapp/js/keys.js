/* One handler for every key of a page. */

const TEXT_FIELDS = "input:not([type=hidden]), textarea, select, [contenteditable]";
const PRESSED_BY_SPACE = "button, summary, a";

/** table: key -> {action, value} (webapp/views/keys.py); actions: name -> function. */
export function listen(table, actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inText = event.target.closest(TEXT_FIELDS);
    if (inText && event.key !== "Escape") return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === " " && event.target.closest(PRESSED_BY_SPACE)) return;
    const bound = table[nameOf(event)];
    if (!bound) return;
    event.preventDefault();
    actions[bound.action](bound.value, event);
  });
}

/** The key as if Caps Lock were off. */
function nameOf(event) {
  if (!/^[a-z]$/i.test(event.key)) return event.key;
  return event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
}
