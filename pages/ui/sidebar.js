// On a narrow screen the sidebar lies over the page: it closes once a page or a model is chosen.

const NARROW = 768; // px, as Streamlit has it
let place;

export default function sidebar({ data }) {
  const moved = place !== undefined && place !== data;
  place = data;
  if (!moved || innerWidth > NARROW) return;
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
