// A presenter's keys: PageDown and PageUp always go to the next and the previous step of a lecture,
// the arrows unless a field or a graph has the focus; 1 to 3 answer the question, "." or "b" shows
// the step without an answer. Among the exercises, they go to the next and the previous one.
//
// Quick presses count together: a browser drops keys between a document and its first paint.
//
// Our server puts this script into its documents, so that keys work before the page has loaded. A
// component loads it for documents of another server. The current step is that of the address, or
// the one that is being loaded.

const FIELD =
  "input, textarea, select, [contenteditable], [role=textbox], [role=combobox], [role=slider], " +
  "[role=tablist], [role=radiogroup], .rv-host";
const MOVES = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1 };
const ANSWERS = { 1: "lecture_answer_1", 2: "lecture_answer_2", 3: "lecture_answer_3" };
const KEPT = "lecture";
const PAUSE_MS = 180;

function links() {
  const strip = document.querySelector("[data-lecture]");
  if (strip) sessionStorage.setItem(KEPT, strip.dataset.lecture);
  const { name, links } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  const asked = new URLSearchParams(location.search).get("lecture");
  return strip || (asked && asked === name) ? links : null;
}

function move(by) {
  const all = links();
  if (!all) return false;
  const here = new URLSearchParams(location.search);
  const at = document.lectureStep ?? Number(here.get("lecture") ? (here.get("step") ?? 1) : 0);
  const to = at + by;
  if (to < 1 || to > all.length) return true;
  document.lectureStep = to;
  clearTimeout(document.lectureTimer);
  document.lectureTimer = setTimeout(() => go(all[to - 1], here), PAUSE_MS);
  return true;
}

function go(link, here) {
  const url = new URL(link, location.href);
  const view = here.get("lecture") ? here.get("view") : "wall";
  for (const [key, text] of [
    ["answers", here.get("answers")],
    ["lang", here.get("lang")],
    ["view", view],
  ])
    if (text) url.searchParams.set(key, text);
  location.assign(url);
}

// Outside a lecture's steps, go to the next or the previous exercise.
function turn(by) {
  const name = by > 0 ? "next" : "previous";
  const button = document.querySelector(`.st-key-exercise_${name} button:not(:disabled)`);
  button?.click();
  return Boolean(button);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const by = MOVES[event.key];
  const isPage = event.key.startsWith("Page");
  const inField = event.composedPath().some((one) => one.matches?.(FIELD));
  if (inField && !isPage) return;
  if (by) {
    if (!event.shiftKey && (move(by) || turn(by))) event.preventDefault();
    return;
  }
  const key = event.key === "." || event.key.toLowerCase() === "b" ? "lecture_show" : null;
  document.querySelector(`.st-key-${key ?? ANSWERS[event.key] ?? "none"} button`)?.click();
}

if (!document.hasLecture) {
  document.hasLecture = true;
  document.addEventListener("keydown", press);
  window.addEventListener("pageshow", () => {
    document.lectureStep = undefined; // Back may restore a document with its state
  });
}

export default function lecture() {}
