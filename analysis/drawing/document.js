// The parts of an HTML file around the viewer: its views, and the switches between them.
{
  const all = JSON.parse(document.getElementById("data").textContent);
  const levels = [...document.querySelectorAll("input[name=level]")];
  const unfold = document.getElementById("unfold") ?? { checked: false };
  const [first, unfolded] = all.first.split(" ");
  let at = "";
  let turn = 0;
  let base = { level: first, unfolded: Boolean(unfolded) };
  let opened = [];
  const key = (level, unfolded) => (level === "stage" || !unfolded ? level : `${level} unfolded`);
  // A file has only whole views, so find the one for the switches and everything that is opened.
  function viewOf(names) {
    const block = names.some((name) => /^layer\d+\.\d+$/.test(name));
    const unfolded = base.unfolded || names.some((name) => name.endsWith(".all"));
    const blocks = base.level === "stage" && names.length > 0;
    const level = block ? "layer" : blocks ? "block" : base.level;
    return key(level, unfolded) in all.views ? key(level, unfolded) : level;
  }
  const without = (name) => opened.filter((one) => one !== name);
  // Whether a node is inside an opened name; a node drawn for equal blocks is inside each of them.
  function holds(name, node) {
    const [stage, inside] = name.split(".");
    const [own, index] = node.path.split(".");
    if (own !== stage || index === undefined) return false;
    if (inside === "all") return index > 0;
    return inside === undefined || (index <= +inside && +inside < +index + node.count);
  }
  function show() {
    const name = viewOf(opened);
    const [level, unfolded] = name.split(" ");
    for (const input of levels) input.checked = input.value === level;
    unfold.checked = Boolean(unfolded);
    unfold.disabled = !(key(level, true) in all.views) || level === "stage";
    const closing = opened.filter((one) => viewOf(without(one)) !== name).reverse();
    const nodes = {};
    for (const [id, node] of Object.entries(all.views[name].nodes)) {
      nodes[id] = { ...node, inside: closing.find((one) => holds(one, node)) ?? "" };
    }
    turn += 1;
    viewer({
      parentElement: document.getElementById("viewer"),
      data: { ...all.views[name], nodes, revision: turn, drawing: name, at },
      setTriggerValue: (name, told) => {
        at = name === "at" ? told : told.target;
        if (name === "at") return;
        const { open, close } = told;
        opened = opened.filter((one) => !close.includes(one));
        for (const one of open) {
          if (viewOf([...opened, one]) !== viewOf(opened)) opened.push(one);
        }
        show();
      },
    });
  }
  for (const input of document.querySelectorAll("input[name=level], #unfold")) {
    input.addEventListener("change", () => {
      const { value } = levels.find((input) => input.checked);
      base = { level: value, unfolded: unfold.checked };
      opened = [];
      show();
    });
  }
  show();
}
