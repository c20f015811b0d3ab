// On a phone, upright or on its side, the sidebar leaves the page no room, so close it once a page or
// a model is chosen, and when the app opens with a sidebar that Streamlit remembers as open.

const NARROW = 768; // px, Streamlit's own breakpoint
const LOW = 480; // px, higher than a phone on its side
let place;

export default function sidebar({ data }) {
  const moved = place !== data;
  place = data;
  if (!moved || (innerWidth > NARROW && innerHeight > LOW)) return;
  if (document.querySelector('[data-testid="stExpandSidebarButton"]')) return; // it is closed
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
