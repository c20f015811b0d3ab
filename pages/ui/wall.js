// The key P toggles the projector view, unless a field has the focus.
//
// A phone is too small for that view: it opens the same page in its own. Our server puts this script
// into its documents, so that this happens before the page has loaded.

const LEAST = 600; // px, smallest side of a screen that the projector view is laid out for

function leave() {
  const url = new URL(location.href);
  if (Math.min(screen.width, screen.height) >= LEAST) return;
  if (url.searchParams.get("view") !== "wall") return;
  url.searchParams.delete("view");
  location.replace(url);
}

leave();

const FIELD = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox]";

function press(event) {
  if (event.key.toLowerCase() !== "p" || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(FIELD)) return;
  document.activeElement?.blur(); // so that arrows go to a lecture's steps, not to its tabs
  document.querySelector(".st-key-switch_view button")?.click();
}

// Add the listener once per document: any run may redraw the component.
export default function keys() {
  if (document.hasSwitch) return;
  document.hasSwitch = true;
  document.addEventListener("keydown", press);
}
