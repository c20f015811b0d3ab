// Bring the progress of a job into sight that was just started: its button may be far below.

const PATIENCE = 3000; // ms until the progress is drawn
let seen;

export default function sight({ data }) {
  if (data === seen) return;
  seen = data;
  const end = performance.now() + PATIENCE;
  const look = () => {
    const place = document.querySelector(".rl-status");
    if (place) bring(place);
    else if (performance.now() < end) requestAnimationFrame(look);
  };
  look();
}

function bring(place) {
  const { top, bottom } = place.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
}
