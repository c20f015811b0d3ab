// On a narrow screen the sidebar covers the page, so close it once a page or a model is chosen.

const NARROW = 768; // px, Streamlit's own breakpoint
let place;

export default function sidebar({ data }) {
  const moved = place !== undefined && place !== data;
  place = data;
  if (!moved || innerWidth > NARROW) return;
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
