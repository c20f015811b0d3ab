// Measure what a page's visitors can see: contrast, and the keyboard's stops.

globalThis.seen ??= (() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = (top, share, below) => below.map((c, i) => share * top[i] + (1 - share) * c);
  const luminance = (rgb) => {
    const [r, g, b] = rgb
      .map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  // Return the background behind an element, blended from its ancestors', and its opacity.
  const behind = (element) => {
    const around = [];
    for (let one = element; one; one = one.parentElement ?? one.getRootNode().host)
      around.unshift(getComputedStyle(one));
    let ground = [255, 255, 255];
    let opacity = 1;
    for (const style of around) {
      opacity *= Number(style.opacity);
      const [r, g, b, a] = rgba(style.backgroundColor);
      ground = over([r, g, b], a * opacity, ground);
    }
    return { ground, opacity };
  };

  const roots = (root) => [
    root,
    ...[...root.querySelectorAll("*")].filter((one) => one.shadowRoot).map((one) => one.shadowRoot),
  ];

  // Return what has too little contrast, as "ratio text" or "ratio mark": text below `least` to 1
  // against its background or its halo; icons, lines and marks below 3 to 1. Disabled elements are skipped.
  const faint = (least, within) => {
    const found = new Set();
    const judge = (ink, ground, need, what) => {
      const ratio = contrast(ink, ground);
      if (ratio < need) found.add(`${ratio.toFixed(2)} ${what.trim().slice(0, 60)}`);
    };

    const SKIPPED = "svg, style, script, :disabled, [aria-disabled=true], label:has(:disabled)";
    const VISIBLY = { visibilityProperty: true, opacityProperty: true };

    const words = (root) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.textContent.trim();
        const holder = node.parentElement;
        if (!text || holder.closest(SKIPPED) || !holder.checkVisibility(VISIBLY)) continue;
        const box = holder.getBoundingClientRect();
        if (box.width < 2 || box.height < 2) continue;
        const { ground, opacity } = behind(holder);
        const [r, g, b, a] = rgba(getComputedStyle(holder).color);
        const ink = over([r, g, b], a * opacity, ground);
        judge(ink, ground, holder.dataset.testid === "stIconMaterial" ? 3 : least, text);
      }
    };

    // Go through a drawing's shapes and texts in painting order. A text is compared with the shapes
    // below three of its points, a meaningful line or mark with the drawing's background.
    const MARKS =
      ".shortcut path, .scatterlayer .js-line, .scatterlayer .point, .barlayer .point path";
    const drawing = (svg, { ground }) => {
      const shapes = [];
      const kinds = "rect, path, circle, ellipse, polygon, text";
      for (const one of svg.querySelectorAll(kinds)) {
        if (one.closest("defs, clipPath, mask, pattern, marker, .rv-wide")) continue;
        if (!one.checkVisibility(VISIBLY)) continue;
        const style = getComputedStyle(one);
        let opacity = 1;
        for (let up = one; up !== svg; up = up.parentElement) {
          opacity *= Number(getComputedStyle(up).opacity);
        }
        const colour = (name) => {
          if (style[name] === "none") return [[0, 0, 0], 0];
          const [, id] = /^url\(".*#(.+?)"\)/.exec(style[name]) ?? [];
          const plain = id
            ? getComputedStyle(document.getElementById(id).firstElementChild).fill
            : style[name];
          const [r, g, b, a] = rgba(plain);
          const is = name === "stroke" && Number.parseFloat(style.strokeWidth) === 0 ? 0 : 1;
          return [[r, g, b], is * a * Number(style[`${name}Opacity`]) * opacity];
        };
        if (one.matches("text")) {
          const box = one.getBoundingClientRect();
          if (!one.textContent.trim() || box.width < 2) continue;
          const [ink, share] = colour("fill");
          for (const at of [0.1, 0.5, 0.9]) {
            const [x, y] = [box.left + at * box.width, box.top + box.height / 2];
            const under = shapes.reduce((below, { shape, box, fill: [top, share] }) => {
              if (x < box.left || x > box.right || y < box.top || y > box.bottom) return below;
              const matrix = shape.getScreenCTM().inverse();
              const inside = shape.isPointInFill(new DOMPoint(x, y).matrixTransform(matrix));
              return inside ? over(top, share, below) : below;
            }, ground);
            const [halo, around] = style.paintOrder.startsWith("stroke")
              ? colour("stroke")
              : [ink, 0];
            const below = over(halo, around, under);
            judge(over(ink, share, below), below, least, one.textContent);
          }
          continue;
        }
        const fill = colour("fill");
        if (one.matches(MARKS)) {
          const [line, mark] = [colour("stroke"), fill].map(([top, share]) =>
            contrast(over(top, share, ground), ground),
          );
          const best = Math.max(line, mark);
          if (best > 1 && best < 3)
            found.add(`${best.toFixed(2)} ${one.closest("[class]").outerHTML.slice(0, 80)}`);
        }
        if (fill[1]) shapes.push({ shape: one, box: one.getBoundingClientRect(), fill });
      }
    };

    for (const root of roots(document.querySelector(within))) {
      words(root);
      for (const svg of root.querySelectorAll("svg")) {
        if (svg.parentElement.closest("svg") || !svg.querySelector("text")) continue;
        if (svg.checkVisibility()) drawing(svg, behind(svg.parentElement));
      }
      for (const image of root.querySelectorAll("img[src^='data:image/svg']")) {
        const box = image.getBoundingClientRect();
        if (!box.width) continue;
        const holder = document.createElement("div");
        holder.style.cssText = "position:absolute;left:0;top:0;width:1200px";
        holder.innerHTML = new TextDecoder().decode(
          Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0)),
        );
        image.parentElement.append(holder);
        drawing(holder.querySelector("svg"), behind(image));
        holder.remove();
      }
    }
    return [...found];
  };

  // Return the keyboard's next stop with its faults, or null at the end. A dialog ends where it
  // begins, since Tab cycles through it.
  const DIALOG = "[role='dialog']";
  let reached = new Set();
  const stop = (within) => {
    let at = document.activeElement;
    const isInside = at.closest(within) !== null;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (reached.size && at === reached.values().next().value) return null;
    if (at === document.body || !(isInside || within === DIALOG)) return null;
    reached.add(at);
    const shown = at.matches("[type=checkbox], [type=radio]") ? at.closest("label") : at;
    const box = shown.getBoundingClientRect();
    const faults = [];
    const apart = [];
    for (let one = shown, up = 0; one && up < 5; one = one.parentElement, up++) {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
      if (outlineStyle === "none" || Number.parseFloat(outlineWidth) < 2) continue;
      const { ground, opacity } = behind(one.parentElement ?? one.getRootNode().host);
      const [r, g, b, a] = rgba(outlineColor);
      apart.push(contrast(over([r, g, b], a * opacity, ground), ground));
    }
    if (!(Math.max(...apart) >= 3)) faults.push("no ring");
    if (behind(shown).opacity < 0.5) faults.push("invisible");
    const { innerWidth: w, innerHeight: h } = globalThis;
    if (!isInside) faults.push("outside");
    if (box.width < 2 || box.bottom < 0 || box.top > h || box.right < 0 || box.left > w)
      faults.push("out of sight");
    const name = at.getAttribute("aria-label") || at.textContent.trim() || at.placeholder || "";
    return { what: `${at.localName} ${name.slice(0, 40)}`, faults };
  };

  // Return the controls that Tab didn't reach. Of a group, Tab reaches one and arrow keys the rest.
  const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";
  const missed = (within) =>
    roots(document.querySelector(within))
      .flatMap((root) => [...root.querySelectorAll(CONTROLS)])
      .filter((one) => one.tabIndex >= 0 && !reached.has(one) && !one.matches(":disabled"))
      .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert]"))
      .filter((one) => {
        const group = one.closest("[role=radiogroup], [role=tablist]");
        return !group || ![...reached].some((other) => group.contains(other));
      })
      .map((one) => one.outerHTML.slice(0, 120));

  // Begin before the first stop; in a dialog, begin at the focused element.
  const begin = (within) => {
    reached = new Set();
    if (within === DIALOG) return;
    const first = document.createElement("button");
    document.querySelector(within).prepend(first);
    first.focus();
    first.remove();
  };

  return { faint, begin, stop, missed };
})();
