// The viewer of a graph: pan, zoom, select, search, open and fold, by mouse, touch and keyboard.
// It draws into component.parentElement and keeps zoom and selection while that element exists.

const LARGEST = 8;
const NARROW = 640; // px, largest width of a canvas on a phone
const FULLEST = 0.9; // of the window's height, what a drawing that isn't upright grows to at most
const TALLEST = 8000; // px, largest height of a canvas that grows with an upright drawing
const LOW = 480; // px, a window as low as a phone on its side, which text of 12 px may exceed
const DOUBLE = 500; // ms, the longest time between the clicks of a double click
const HINT = "Click a box for its shapes and costs";
const TOUCHED = "Tap a box for its shapes and costs.";
const OPENS = "; double-click, or press Enter, to open it";
const KEYS = "Arrow keys walk along it, Enter opens, Escape closes.";
const memory = new WeakMap();

export default function viewer(component) {
  const { parentElement, data } = component;
  const host = parentElement.querySelector(".rv-host") ?? parentElement;
  const state = memory.get(host) ?? create(host);
  memory.set(host, state);
  state.component = component;
  // A reply to an earlier message must not undo a later selection.
  const echo = state.pending.indexOf(data.at);
  if (echo >= 0) state.pending.splice(0, echo + 1);
  const asked = echo < 0 && data.at !== state.server;
  state.server = data.at;
  if (data.search !== state.searched) {
    state.searched = data.search;
    if (data.search !== state.told) state.told = state.finder.value = data.search;
    if (state.revision === data.revision) search(state);
  }
  if (state.revision !== data.revision) draw(state, data, asked);
  else if (asked) choose(state, data.at, { silent: true, show: true });
  if (data.takes) takeOut(state, data);
  state.root.classList.toggle("rv-wall", Boolean(data.wall));
}

// ---- blocks that a click takes out, and puts back --------------------------------------------

// As with selections, a reply to an earlier click must not undo a later one.
function takeOut(state, data) {
  state.root.classList.add("rv-takes");
  const echo = state.outPending.indexOf(data.out);
  if (echo >= 0) state.outPending.splice(0, echo + 1);
  if (echo < 0 || !state.outPending.length)
    state.out = new Set(data.out.split(",").filter(Boolean));
  markOut(state);
}

function markOut(state) {
  for (const [id, group] of state.groups) group.classList.toggle("out", state.out.has(id));
}

function toggle(state, id) {
  const path = id.replace(/\.add$/, "");
  if (!state.data.takes.includes(path)) return;
  if (!state.out.delete(path)) state.out.add(path);
  markOut(state);
  const told = state.data.takes.filter((one) => state.out.has(one)).join(",");
  state.outPending.push(told);
  state.component.setTriggerValue("out", told);
}

// ---- the frame: search, buttons, canvas, details -------------------------------------------

function create(host) {
  host.innerHTML = `
    <div class="rv">
      <div class="rv-bar">
        <input class="rv-find" type="search" placeholder="Find by path"
          aria-label="Find a node by its path" spellcheck="false" autocomplete="off">
        <span class="rv-count" role="status"></span>
        <span class="rv-buttons">
          <button type="button" data-do="out" title="Zoom out (−)" aria-label="Zoom out">−</button>
          <button type="button" data-do="in" title="Zoom in (+)" aria-label="Zoom in">+</button>
          <button type="button" data-do="fit" title="Show all (0)">Fit</button>
        </span>
      </div>
      <div class="rv-body">
        <div class="rv-canvas" tabindex="0" role="application" aria-label="Graph">
          <div class="rv-hint" hidden>Click the graph, or hold Ctrl, to zoom with the wheel</div>
          <div class="rv-tip" hidden></div>
        </div>
        <aside class="rv-details rv-empty" aria-live="polite"></aside>
      </div>
    </div>`;
  const find = (name) => host.querySelector(name);
  const state = {
    canvas: find(".rv-canvas"),
    details: find(".rv-details"),
    finder: find(".rv-find"),
    count: find(".rv-count"),
    hint: find(".rv-hint"),
    tip: find(".rv-tip"),
    root: find(".rv"),
    x: 0,
    y: 0,
    k: 1,
    at: "",
    clicked: null,
    told: "",
    fitted: true,
    pending: [],
    out: new Set(),
    outPending: [],
    pointers: new Map(),
  };
  find(".rv-buttons").addEventListener("click", (event) => {
    const action = event.target.dataset.do;
    if (action === "fit") fit(state);
    else if (action) zoom(state, action === "in" ? 1.4 : 1 / 1.4);
  });
  state.finder.addEventListener("input", () => {
    state.fresh = true;
    search(state);
  });
  state.finder.addEventListener("change", () => tellSearch(state));
  state.finder.addEventListener("keydown", (event) => {
    if (event.key === "Enter") nextHit(state, event.shiftKey ? -1 : 1);
    if (event.key === "Escape") {
      clearSearch(state);
      state.canvas.focus();
    }
  });
  state.details.addEventListener("click", (event) => {
    const { open, close, done } = event.target.dataset;
    if (done) choose(state, "");
    if (open) send(state, [open], [], target(open, state.at));
    if (close) fold(state);
    if (open || close || done) state.canvas.focus({ preventScroll: true });
  });
  listen(state);
  new ResizeObserver(() => {
    if (!state.svg) return;
    if (state.narrow !== narrowed(state, state.data)) draw(state, state.data, false);
    else state.fitted ? fit(state) : place(state);
  }).observe(state.canvas);
  return state;
}

// After the first click of a double click, the details may come up under the pointer, and the page
// may scroll: the second click is still the box's, wherever it lands.
function listenElsewhere(state) {
  const names = ["pointerdown", "mousedown", "click"];
  const elsewhere = (event) => {
    if (!state.canvas.isConnected) {
      for (const name of names) removeEventListener(name, elsewhere, true);
    } else if (event.type === "pointerdown") {
      if (state.clicked) state.clicked.again = isNear(state.clicked, event);
    } else if (isSecond(state, event) && !event.composedPath().includes(state.canvas)) {
      event.preventDefault();
      event.stopPropagation();
      if (event.type === "click") openNode(state, state.clicked.id);
    }
  };
  for (const name of names) addEventListener(name, elsewhere, true);
}

function listen(state) {
  const { canvas, pointers } = state;
  listenElsewhere(state);
  canvas.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    state.moved = 0;
    if (event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return hover(state, event);
    if (pointers.size === 2) pinch(state, event);
    else move(state, event.clientX - before.clientX, event.clientY - before.clientY);
    pointers.set(event.pointerId, event);
  });
  const up = (event) => {
    const began = pointers.delete(event.pointerId);
    if (began && event.type === "pointerup" && state.moved < 5) click(state, event);
  };
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, up);
  canvas.addEventListener("pointerleave", () => {
    state.tip.hidden = true;
  });
  canvas.addEventListener("dblclick", (event) => {
    const id = isSecond(state, event) ? state.clicked.id : hit(state, event);
    if (id && !state.data.takes) openNode(state, id);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      const asked = event.ctrlKey || event.metaKey || canvas.matches(":focus");
      if (!asked) {
        state.hint.hidden = false;
        clearTimeout(state.hinting);
        state.hinting = setTimeout(() => {
          state.hint.hidden = true;
        }, 1500);
        return;
      }
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 20 : 1;
      zoom(state, Math.exp(-lines * event.deltaY * 0.002), event);
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => key(state, event));
}

// ---- drawing and the view ------------------------------------------------------------------

function draw(state, data, asked) {
  const narrow = narrowed(state, data);
  const same = state.drawing === data.drawing && state.narrow === narrow;
  state.tip.hidden = true;
  const keeps = same && !state.fitted;
  const anchor = keeps && state.at in data.nodes ? onScreen(state, state.at) : null;
  state.svg?.remove();
  state.narrow = narrow;
  state.canvas.insertAdjacentHTML("afterbegin", state.narrow ? data.narrow : data.svg);
  state.upright = state.narrow || data.upright;
  state.svg = state.canvas.querySelector("svg");
  state.width = state.svg.viewBox.baseVal.width;
  state.height = state.svg.viewBox.baseVal.height;
  for (const name of ["width", "height"]) state.svg.setAttribute(name, "100%");
  tell(state, data.keys ?? KEYS);
  Object.assign(state, { data, revision: data.revision, drawing: data.drawing });
  state.groups = new Map();
  for (const group of state.svg.querySelectorAll("g.node")) {
    const path = group.dataset.path;
    const id = group.classList.contains("add") ? `${path}.add` : path;
    state.groups.set(id, group);
    label(group);
  }
  for (const group of state.svg.querySelectorAll("g.shortcut")) {
    label(group);
    if (!(`${group.dataset.path}.add` in data.nodes)) {
      group.style.pointerEvents = "none"; // a small unit: clicks go to its stage's box
      continue;
    }
    const wide = group.querySelector("path").cloneNode();
    wide.setAttribute("class", "rv-wide");
    group.append(wide);
  }
  state.order = Object.keys(data.nodes).filter((id) => state.groups.has(id));
  state.finder.placeholder = `Find by path, such as ${example(state)}`;
  if (keeps) place(state);
  else fit(state);
  const wanted = state.wanted ?? (asked ? data.at : state.at);
  state.wanted = undefined;
  choose(state, wanted, { silent: true, show: keeps && !anchor });
  if (anchor && state.groups.has(state.at)) keep(state, anchor);
  if (state.sought) approach(state);
  state.sought = false;
  search(state);
}

// Whether a phone's drawing is shown, also where the other's text would be too small. The width may
// change: a phone is turned, a window is resized.
function narrowed({ canvas, narrow }, data) {
  const { clientWidth: width } = canvas;
  const least = Math.max(NARROW, data.narrowest ?? 0);
  return Boolean(data.narrow) && (width ? width < least : Boolean(narrow));
}

// Use the drawing's description as the canvas' label; as a title it would show beside the tooltips.
function tell({ svg, canvas }, keys) {
  const said = svg.querySelector(":scope > desc")?.textContent ?? "";
  canvas.setAttribute("aria-label", `Graph of ${said} ${keys}`);
  for (const one of svg.querySelectorAll(":scope > :is(title, desc)")) one.remove();
  svg.setAttribute("role", "none");
}

// Turn the drawing's titles into labels for screen readers, or they would show beside the tooltips.
function label(group) {
  const title = group.querySelector("title");
  if (!title) return;
  group.setAttribute("role", "img");
  group.setAttribute("aria-label", title.textContent);
  title.remove();
}

function place(state) {
  const { clientWidth: w, clientHeight: h } = state.canvas;
  if (!w || !h) return;
  state.svg.setAttribute("viewBox", `${state.x} ${state.y} ${w / state.k} ${h / state.k}`);
}

function later(state) {
  state.frame ??= requestAnimationFrame(() => {
    state.frame = undefined;
    place(state);
  });
}

function smallest(state) {
  const { clientWidth: w, clientHeight: h } = state.canvas;
  return Math.min(w / state.width, h / state.height, 1);
}

// Show the whole drawing.
function fit(state) {
  const w = state.canvas.clientWidth;
  grow(state, w);
  const h = state.canvas.clientHeight;
  if (w <= 0 || !h) return;
  const own = [state.width, state.height];
  const [width, height] = (!state.upright && state.data.room) || own; // of the largest beside it
  state.k = Math.min(w / width, h / height, state.data.wall ? LARGEST : 1.6);
  state.x = (state.width - w / state.k) / 2;
  state.y = (state.height - h / state.k) / 2;
  state.fitted = true;
  place(state);
}

// An upright drawing is as tall as its text needs, and the page scrolls. So is another one in a low
// window, up to the window's height, and on a phone on its side.
function grow(state, width) {
  const needs = state.height * Math.min(state.data.legible ?? 0, width / state.width);
  const fits = needs <= FULLEST * innerHeight || innerHeight <= LOW;
  const grows = !state.upright && needs > 0 && fits;
  state.canvas.style.minHeight = grows ? `${Math.ceil(needs) + 2}px` : "";
  const tall = Math.min(state.height * Math.min(1.35, width / state.width), TALLEST);
  state.canvas.style.height = state.upright && tall > 0 ? `${Math.ceil(tall) + 2}px` : "";
  state.canvas.closest(".rv")?.classList.toggle("rv-tall", Boolean(state.upright));
}

function zoom(state, factor, event) {
  const box = state.canvas.getBoundingClientRect();
  const px = event ? event.clientX - box.left : box.width / 2;
  const py = event ? event.clientY - box.top : box.height / 2;
  const k = Math.min(Math.max(state.k * factor, smallest(state) / 2), LARGEST);
  state.x += px / state.k - px / k;
  state.y += py / state.k - py / k;
  state.k = k;
  state.fitted = false;
  later(state);
}

function move(state, dx, dy) {
  state.moved += Math.abs(dx) + Math.abs(dy);
  if (state.moved < 5) return;
  state.x -= dx / state.k;
  state.y -= dy / state.k;
  const { clientWidth: w, clientHeight: h } = state.canvas;
  const within = (value, size, seen) => Math.min(Math.max(value, -seen * 0.8), size - seen * 0.2);
  state.x = within(state.x, state.width, w / state.k);
  state.y = within(state.y, state.height, h / state.k);
  state.fitted = false;
  state.tip.hidden = true;
  later(state);
}

function pinch(state, event) {
  const [one, other] = [...state.pointers.values()];
  const still = one.pointerId === event.pointerId ? other : one;
  const before = one.pointerId === event.pointerId ? one : other;
  const span = (a) => Math.hypot(a.clientX - still.clientX, a.clientY - still.clientY);
  state.moved += 10;
  if (span(before) > 0) {
    zoom(state, span(event) / span(before), {
      clientX: (event.clientX + still.clientX) / 2,
      clientY: (event.clientY + still.clientY) / 2,
    });
  }
}

// The position of a node's centre on the canvas, so that it can be restored.
function onScreen(state, id) {
  const group = state.groups.get(id);
  if (!group) return null;
  const [x, y] = middle(group);
  return [(x - state.x) * state.k, (y - state.y) * state.k];
}

function keep(state, [px, py]) {
  const [x, y] = middle(state.groups.get(state.at));
  state.x = x - px / state.k;
  state.y = y - py / state.k;
  place(state);
  reveal(state);
}

function middle(group) {
  const shape = group.querySelector("rect:last-of-type, circle").getBBox();
  const { e, f } = offset(group);
  return [shape.x + shape.width / 2 + e, shape.y + shape.height / 2 + f];
}

// The offset of a node by the groups around it: the room for a title above the drawing.
function offset(group) {
  const parent = group.parentNode.transform?.baseVal.consolidate();
  return parent ? parent.matrix : { e: 0, f: 0 };
}

function reveal(state) {
  const group = state.groups.get(state.at);
  if (!group) return;
  const [x, y] = middle(group);
  const w = state.canvas.clientWidth / state.k;
  const h = state.canvas.clientHeight / state.k;
  const rim = Math.min(0.15 * Math.min(w, h), 90);
  const across = x < state.x + rim || x > state.x + w - rim;
  const down = y < state.y + rim || y > state.y + h - rim;
  if (state.upright && state.canvas.matches(":focus")) group.scrollIntoView({ block: "nearest" });
  if (state.fitted || !(across || down)) return;
  if (across) state.x = x - w / 2;
  if (down) state.y = y - h / 2;
  place(state);
}

// Zoom in until the selected node's text is legible, with the node in the centre.
function approach(state) {
  const group = state.groups.get(state.at);
  if (!group) return;
  if (state.upright) group.scrollIntoView({ block: "center" }); // where the sheet doesn't cover it
  if (state.k >= 1) return;
  const [x, y] = middle(group);
  state.k = 1;
  state.fitted = false;
  state.x = x - state.canvas.clientWidth / 2;
  state.y = y - state.canvas.clientHeight / 2;
  place(state);
}

// Scroll the page so that the sheet of details doesn't hide the selected box.
function uncover(state, group) {
  const { position, bottom } = getComputedStyle(state.details);
  if (position !== "sticky" || bottom === "auto") return; // beside the graph, they cover nothing
  const { top } = state.details.getBoundingClientRect();
  if (group.getBoundingClientRect().bottom > top) group.scrollIntoView({ block: "center" });
}

// ---- choosing ------------------------------------------------------------------------------

function hit(state, event) {
  const [x, y] = [event.clientX, event.clientY];
  const found = state.canvas.getRootNode().elementFromPoint(x, y)?.closest?.("g.node, g.shortcut");
  if (!found || !state.canvas.contains(found)) return "";
  const path = found.dataset.path;
  if (found.classList.contains("shortcut") && `${path}.add` in state.data.nodes) {
    return `${path}.add`;
  }
  return found.classList.contains("add") ? `${path}.add` : path;
}

function isNear({ x, y, time }, event) {
  const apart = Math.hypot(event.clientX - x, event.clientY - y);
  return apart < 5 && event.timeStamp - time < DOUBLE;
}

// Whether an event belongs to the second click of a mouse's double click on a box.
function isSecond({ clicked }, event) {
  return Boolean(clicked?.id && clicked.again && isNear(clicked, event));
}

function click(state, event) {
  if (isSecond(state, event)) return;
  state.tip.hidden = true;
  state.canvas.focus({ preventScroll: true });
  const id = hit(state, event);
  const { clientX: x, clientY: y, timeStamp: time } = event;
  const opens = event.pointerType === "mouse" && !state.data.takes;
  state.clicked = opens ? { id, x, y, time } : null;
  if (state.data.takes) {
    choose(state, id, { silent: true });
    if (id) toggle(state, id);
  } else choose(state, id);
}

function choose(state, id, { silent = false, show = false } = {}) {
  state.groups?.get(state.at)?.classList.remove("chosen");
  state.at = id ? drawn(state, id) : "";
  const group = state.groups.get(state.at);
  group?.classList.add("chosen");
  for (const line of state.svg.querySelectorAll("g.shortcut.chosen")) {
    line.classList.remove("chosen");
  }
  if (group?.classList.contains("add")) {
    state.svg
      .querySelector(`g.shortcut[data-path="${group.dataset.path}"]`)
      ?.classList.add("chosen");
  }
  explain(state);
  if (show && group) reveal(state);
  if (group && !silent) uncover(state, group);
  if (silent || state.data.takes) return;
  // A walk with the arrow keys is one step of the address, not fifty.
  clearTimeout(state.telling);
  state.telling = setTimeout(() => {
    state.pending.push(state.at);
    state.component.setTriggerValue("at", state.at);
  }, 250);
}

// The node that shows a path: its own, the first inside what was opened, or the one that holds what
// was folded; "" for a path that the network doesn't have.
function drawn(state, id) {
  if (state.groups.has(id)) return id;
  const inside = state.order.find((one) => one.startsWith(`${id}.`));
  if (inside) return inside;
  if (!Object.keys(state.data.networks).some((name) => id.startsWith(name))) return "";
  return holders(state, id)[0]?.id ?? ends(state, id, (own, name) => name === own)[0]?.id ?? "";
}

function hint(state) {
  if (matchMedia("(hover: none)").matches) return TOUCHED;
  const opens = Object.values(state.data.nodes).some((node) => node.opens.length);
  return `${HINT}${opens ? OPENS : ""}.`;
}

function explain(state) {
  const node = state.data.nodes[state.at];
  const box = state.details;
  box.replaceChildren();
  box.classList.toggle("rv-empty", !node);
  if (!node) {
    add(box, "p", hint(state));
    return;
  }
  const facts = state.data.facts[node.facts];
  const done = add(box, "button", "×");
  done.dataset.done = "true";
  done.className = "rv-done";
  done.ariaLabel = done.title = "Close the details";
  add(box, "h3", titled(node));
  if (facts.what) add(box, "p", facts.what).className = "rv-what";
  if (facts.formula) add(box, "p", facts.formula).className = "rv-formula";
  const list = add(box, "dl");
  for (const [name, value, exact] of facts.rows) {
    const hint = state.data.hints[name] ?? "";
    const [said, found] = [add(list, "dt", name), add(list, "dd", value)];
    said.title = hint;
    found.title = [exact, hint].filter(Boolean).join("\n");
    for (const one of [said, found]) one.classList.toggle("rv-long", value.length > 14);
  }
  if (facts.text) add(box, "p", facts.text);
  for (const name of node.opens) add(box, "button", wordsFor(state, name)).dataset.open = name;
  if (node.inside) add(box, "button", "Fold again").dataset.close = node.inside;
}

function titled({ network, title }) {
  return network ? `${network}: ${title}` : title;
}

function wordsFor(state, name) {
  const [stage, rest] = name.split(".");
  if (rest === "all") return `Unfold the ${state.data.networks[""].blocks[stage] - 1} blocks`;
  return rest === undefined ? "Show its blocks" : "Show its layers";
}

function add(parent, tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (tag === "button") element.type = "button";
  parent.append(element);
  return element;
}

function hover(state, event) {
  const id = hit(state, event);
  const node = state.data?.nodes[id];
  state.tip.hidden = !node;
  if (!node) return;
  const facts = state.data.facts[node.facts];
  const brief = facts.rows
    .filter(([name]) => name !== "F")
    .map(([name, value]) => `${name} ${value}`)
    .slice(0, 4)
    .join(" · ");
  state.tip.replaceChildren();
  add(state.tip, "strong", titled(node));
  add(state.tip, "div", [facts.what, facts.formula].filter(Boolean).join(", "));
  add(state.tip, "div", brief);
  const box = state.canvas.getBoundingClientRect();
  const x = event.clientX - box.left;
  const y = event.clientY - box.top;
  const left = Math.min(x + 14, box.width - state.tip.offsetWidth - 8);
  const below = y + 18 + state.tip.offsetHeight < box.height;
  state.tip.style.left = `${Math.max(left, 4)}px`;
  state.tip.style.top = `${below ? y + 18 : y - state.tip.offsetHeight - 10}px`;
}

// ---- keyboard ------------------------------------------------------------------------------

function key(state, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    ArrowRight: () => step(state, 1),
    ArrowLeft: () => step(state, -1),
    ArrowDown: () => row(state, 1),
    ArrowUp: () => row(state, -1),
    Home: () => choose(state, state.order[0], { show: true }),
    End: () => choose(state, state.order.at(-1), { show: true }),
    Enter: () => (state.data.takes ? toggle(state, state.at) : openNode(state, state.at)),
    Escape: () => leave(state),
    "+": () => zoom(state, 1.4),
    "=": () => zoom(state, 1.4),
    "-": () => zoom(state, 1 / 1.4),
    0: () => fit(state),
    "/": () => state.finder.focus(),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  state.tip.hidden = true;
  action();
}

function step(state, by) {
  const now = state.order.indexOf(state.at);
  const next = now < 0 ? (by > 0 ? 0 : state.order.length - 1) : now + by;
  if (next >= 0 && next < state.order.length) choose(state, state.order[next], { show: true });
}

// The horizontally nearest node in the row above or below.
function row(state, by) {
  if (!state.at) return step(state, by);
  const [x, y] = middle(state.groups.get(state.at));
  let best = "";
  let least = Infinity;
  for (const id of state.order) {
    const [ox, oy] = middle(state.groups.get(id));
    const down = by * (oy - y);
    const far = down * 3 + Math.abs(ox - x);
    if (down > 20 && far < least) [best, least] = [id, far];
  }
  if (best) choose(state, best, { show: true });
}

function leave(state) {
  const node = state.data.nodes[state.at];
  if (state.finder.value) clearSearch(state);
  else if (node?.inside) fold(state);
  else if (state.at) choose(state, "");
  else state.canvas.blur();
}

function openNode(state, id) {
  const node = state.data.nodes[id];
  if (node?.opens.length) send(state, [node.opens[0]], [], target(node.opens[0], id));
}

// The selection after opening a name: its first node, but in an unfolded run the same node.
function target(name, id) {
  return name.endsWith(".all") ? id : name;
}

function fold(state) {
  const inside = state.data.nodes[state.at]?.inside;
  if (!inside) return;
  const run = inside.endsWith(".all");
  send(state, [], [inside], run ? inside.replace(".all", ".1") : inside);
}

function send(state, open, close, target) {
  clearTimeout(state.telling);
  state.wanted = target;
  state.component.setTriggerValue("open", { open, close, target });
}

// ---- search --------------------------------------------------------------------------------

function search(state) {
  const text = state.finder.value.trim().toLowerCase();
  for (const group of state.groups.values()) group.classList.remove("found");
  state.count.classList.toggle("rv-idle", !text);
  const hits = text ? matches(state, text) : [];
  const holding = text && !hits.length ? holders(state, text) : [];
  state.folded = holding.find(({ open }) => open.length) ?? null;
  const within =
    text && !holding.length
      ? ends(state, text, (own, name) => (hits.length ? name === own : name.includes(own)))
      : [];
  state.count.textContent = text ? found(state, hits, holding, within) : hint(state);
  const around = [...holding, ...within].map(({ id }) => id);
  const lit = [...hits, ...around, ...holding.flatMap(({ box }) => drawnFor(state, box))];
  for (const id of lit) state.groups.get(id).classList.add("found");
  state.hits = hits.length ? hits : around;
  state.root.classList.toggle("rv-searching", lit.length > 0);
}

function clearSearch(state) {
  state.finder.value = "";
  search(state);
  tellSearch(state);
}

// Put the search into the page's address once it is typed; a file has no address.
function tellSearch(state) {
  const text = state.finder.value.trim();
  if (state.searched === undefined || text === state.told) return;
  state.told = text;
  state.component.setTriggerValue("search", text);
}

// A path to find: of a layer, which may be folded, or else of a drawn layer, block or stage.
function example(state) {
  const path = "layer2.0.conv1";
  if (path in state.data.nodes || holders(state, path).length) return path;
  const like = [/conv/, /\./, /layer/, /./].find((sign) => state.order.some((id) => sign.test(id)));
  const id = state.order.find((id) => like?.test(id)) ?? path;
  return id.slice(before(state, id).length);
}

// What stands before a network's path in a drawing of several.
function before(state, id) {
  return Object.keys(state.data.networks).find((name) => id.startsWith(name)) ?? "";
}

// Describe what was found, and what is inside a folded block, stem or head.
function found(state, hits, holding, within) {
  if (state.folded) return `inside ${state.folded.title}: Enter opens it`;
  const said = [];
  if (holding.length) {
    const boxes = [...new Set(holding.map(({ title }) => title))].join(" or ");
    said.push(`inside ${boxes}: Enter shows ${holding.length > 1 ? "the next" : "it"}`);
  }
  if (hits.length === 1) said.push("1 found: Enter shows it");
  if (hits.length > 1) said.push(`${hits.length} found, Enter shows the next`);
  if (within.length) {
    const where = [...new Set(within.map(({ end, name }) => `${name} is inside ${end}`))];
    const them = where.length > 1 ? "them" : "it";
    // A file of several networks has no levels.
    const hasLevels = state.searched !== undefined || "" in state.data.networks;
    said.push(where.join(", ") + (hasLevels ? `: set Level to layer to see ${them}` : ""));
  }
  return said.join("; ") || `No match for ${state.finder.value.trim()}`;
}

// The nodes that match a path, an exact match first; otherwise those of the stages with that name in
// the paper.
function matches(state, text) {
  const { nodes, networks } = state.data;
  const named = (node) => node.title.includes(text) || node.network.toLowerCase().startsWith(text);
  const hits = state.order.filter((id) => id.includes(text) || named(nodes[id]));
  if (hits.length) return hits.sort((one, other) => (other === text) - (one === text));
  return Object.entries(networks).flatMap(([name, { papers }]) => {
    const stage = Object.keys(papers).find((own) => [text, `${text}_x`].includes(papers[own]));
    const start = `${name}${stage}`;
    return state.order.filter((id) => id === start || id.startsWith(`${start}.`));
  });
}

// A path without its network's name, if it has that.
function ownPath(network, path) {
  return path.startsWith(network) ? path.slice(network.length) : path;
}

// The first layer inside each stem and head that is one node, among those that match a path.
function ends(state, path, matches) {
  return Object.entries(state.data.networks).flatMap(([network, { layers }]) => {
    const own = ownPath(network, path);
    return ["stem", "head"]
      .filter((end) => state.groups.has(`${network}${end}`))
      .map((end) => ({
        id: `${network}${end}`,
        end,
        name: layers[end].find((name) => matches(own, name)),
      }))
      .filter(({ name }) => name);
  });
}

// What holds a folded path, in each network that has it: the node to show, its box or the block's
// whose layers are drawn for several, that box's title, and what must be opened to see the path.
function holders(state, text) {
  return Object.entries(state.data.networks)
    .map(([name, network]) => holder(state, name, network, ownPath(name, text)))
    .filter(Boolean);
}

function holder(state, name, { blocks, layers }, path) {
  const [, stage, index, layer] = /^(layer\d+)\.(\d+)(?:\.(.+))?$/.exec(path) ?? [];
  const count = blocks[stage];
  if (!count || Number(index) >= count) return null;
  const whole = layer && layers[stage].find((own) => own.startsWith(layer));
  if (layer && !whole) return null;
  const place = (id) => {
    const [own, first, ...rest] = state.data.nodes[id].path.slice(name.length).split(".");
    return { own, first: first && Number(first), inside: rest.join(".") };
  };
  const holds = state.order.filter((id) => {
    const { own, first, inside } = place(id);
    const node = state.data.nodes[id];
    if (!node.path.startsWith(name) || own !== stage) return false;
    if (first === undefined) return true;
    return first <= index && index < first + node.count && (!inside || node.count > 1);
  });
  const id =
    holds.find((one) => layer && place(one).inside.startsWith(layer)) ??
    holds.find((one) => !place(one).inside) ??
    holds[0];
  if (!id) return null;
  const node = state.data.nodes[id];
  const { first } = place(id);
  const open = [];
  if (first === undefined) open.push(stage);
  if (index > 1 || (index > 0 && count > 2)) open.push(`${stage}.all`);
  if (layer) open.push(`${stage}.${index}`);
  const block = first === undefined ? stage : `${stage}.${first}`;
  const last = `${stage.replace("layer", "")}.${first + node.count - 1}`;
  return {
    id,
    box: `${name}${block}`,
    title: first !== undefined && node.count > 1 ? `${block} to ${last} ×${node.count}` : block,
    open: node.opens.length ? open : [],
    target: `${stage}.${index}${whole ? `.${whole}` : ""}`,
  };
}

// The nodes that stand for a folded run: its box, or its block's layers with their addition.
function drawnFor(state, path) {
  return state.order.filter((id) => id === path || id.startsWith(`${path}.`));
}

function nextHit(state, by) {
  if (state.folded) {
    const { open, target } = state.folded;
    state.sought = true;
    send(state, open, [], target);
    return;
  }
  if (!state.hits.length) return;
  const now = state.fresh ? -1 : state.hits.indexOf(state.at);
  state.fresh = false;
  const next = now < 0 ? 0 : (now + by + state.hits.length) % state.hits.length;
  choose(state, state.hits[next], { show: true });
  approach(state);
}
