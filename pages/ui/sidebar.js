// On a phone, upright or on its side, the sidebar leaves the page no room, so close it once a page or
// a model is chosen, and when the app opens with a sidebar that Streamlit remembers as open. Keep it
// closed when the phone is turned on its side, where Streamlit would open it.

const NARROW = 768; // px, Streamlit's own breakpoint
const LOW = 480; // px, higher than a phone on its side
const EXPAND = '[data-testid="stExpandSidebarButton"]';
const OPEN = '[data-testid="stSidebar"][data-collapsed="false"]';
let place;
let asked = false;

function close() {
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

function is_pressed({ target }) {
  if (target.closest?.(EXPAND)) asked = true;
}

new MutationObserver(() => {
  if (!document.querySelector(OPEN)) return;
  if (!asked && innerHeight <= LOW) close();
  asked = false;
}).observe(document.body, { subtree: true, attributeFilter: ["data-collapsed"] });
addEventListener("click", is_pressed, true);

export default function sidebar({ data }) {
  const moved = place !== data;
  place = data;
  if (!moved || (innerWidth > NARROW && innerHeight > LOW)) return;
  if (document.querySelector(EXPAND)) return; // it is closed
  close();
}
