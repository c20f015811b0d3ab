// What an HTML file has around the viewer: its views, and the switches between them.
{
  const all = JSON.parse(document.getElementById("data").textContent);
  const levels = [...document.querySelectorAll("input[name=level]")];
  const unfold = document.getElementById("unfold") ?? { checked: false };
  let at = "";
  const key = (level, unfolded) => level === "stage" || !unfolded ? level : level + " unfolded";
  function show(name) {
    if (!(name in all.views)) name = name.replace(" unfolded", "");
    const level = name.split(" ")[0];
    for (const input of levels) input.checked = input.value === level;
    unfold.checked = name.endsWith("unfolded");
    unfold.disabled = !(key(level, true) in all.views) || level === "stage";
    viewer({
      parentElement: document.getElementById("viewer"),
      data: { ...all.views[name], revision: name, drawing: name, at },
      setStateValue: (_, value) => { at = value; },
      setTriggerValue: (_, { open, target }) => {
        at = target;
        const unfolded = unfold.checked || open.some((name) => name.endsWith(".all"));
        const block = open.some((name) => /^layer\d+\.\d+$/.test(name));
        const next = block ? "layer" : level === "stage" ? "block" : level;
        show(key(next, unfolded));
      },
    });
  }
  const chosen = () => key(levels.find((input) => input.checked).value, unfold.checked);
  for (const input of document.querySelectorAll("input[name=level], #unfold")) {
    input.addEventListener("change", () => show(chosen()));
  }
  show(all.first);
}
