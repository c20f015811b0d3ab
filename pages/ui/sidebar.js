// On a narrow screen the sidebar covers the page, so close it once a page or a model is chosen, and
// when the app opens with a sidebar that Streamlit remembers as open.

const NARROW = 768; // px, Streamlit's own breakpoint
let place;

export default function sidebar({ data }) {
  const moved = place !== data;
  place = data;
  if (!moved || innerWidth > NARROW) return;
  if (document.querySelector('[data-testid="stExpandSidebarButton"]')) return; // it is closed
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
