// The server draws charts in the theme's colours, so tell it when the theme changes, such as at
// sunset. Otherwise they would keep the old colours until the next run. The run that follows would
// close an open dialog, so wait until none is open.

export default function theme({ setTriggerValue }) {
  const app = document.querySelector(".stApp");
  const scheme = () => getComputedStyle(app).colorScheme;
  let told = scheme();
  const observer = new MutationObserver(() => {
    if (scheme() === told || document.querySelector('[data-testid="stDialog"]')) return;
    told = scheme();
    setTriggerValue("theme", told);
  });
  observer.observe(app, { attributes: true, attributeFilter: ["class"] });
  observer.observe(document.body, { childList: true });
  return () => observer.disconnect();
}
