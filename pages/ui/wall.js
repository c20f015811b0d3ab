// The key P toggles the projector view, unless a field has the focus.

const FIELD = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox]";

function press(event) {
  if (event.key.toLowerCase() !== "p" || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(FIELD)) return;
  document.querySelector(".st-key-switch_view button")?.click();
}

// Add the listener once per document: any run may redraw the component.
export default function keys() {
  if (document.hasSwitch) return;
  document.hasSwitch = true;
  document.addEventListener("keydown", press);
}
