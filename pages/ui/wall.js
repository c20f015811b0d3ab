// The key P switches the projector view, unless a field has the focus.

const FIELD = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox]";

function press(event) {
  if (event.key.toLowerCase() !== "p" || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(FIELD)) return;
  document.querySelector(".st-key-switch_view button")?.click();
}

// One listener for the life of the document: the component may be drawn anew at any run.
export default function keys() {
  if (document.hasSwitch) return;
  document.hasSwitch = true;
  document.addEventListener("keydown", press);
}
