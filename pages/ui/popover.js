// Streamlit puts a popover at the end of the document but leaves the focus on its button, with the
// whole page between them. Make Tab move from the button into the popover and cycle through both.
//
// It also leaves a list of presets open in some runs and closed in others. Always close it once one
// is chosen, as it covers the chart.

const OPENER = '[data-testid="stPopoverButton"][aria-expanded="true"]';
const PRESET = '[data-testid="stPopoverBody"] [class*="st-key-preset_"] button';
const CONTROLS = "button, input, select, textarea, summary, a[href], [tabindex]";

// Add the listener once per document: any run may redraw the component.
export default function popover() {
  if (document.hasPopovers) return;
  document.hasPopovers = true;
  document.addEventListener("keydown", onTab, true);
  document.addEventListener("click", onClick);
}

function onClick(event) {
  if (event.target.closest?.(PRESET)) document.querySelector(OPENER)?.click();
}

function onTab(event) {
  if (event.key !== "Tab") return;
  const opener = document.querySelector(OPENER);
  const body = document.querySelector('[data-testid="stPopoverBody"]');
  if (!opener || !body) return;
  const inside = [...body.querySelectorAll(CONTROLS)].filter(
    (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility(),
  );
  const round = [opener, ...inside];
  const at = round.indexOf(document.activeElement);
  const next = at + (event.shiftKey ? -1 : 1);
  if (at < 0 || (at > 0 && next > 0 && next < round.length)) return;
  event.preventDefault();
  event.stopPropagation();
  round.at(next % round.length).focus();
}
