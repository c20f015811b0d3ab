// Charts and drawings come from the server in the theme's colours: tell it when the theme changes,
// such as at sunset, or else they stay in the old one's until something else runs the page. That
// would close an open dialog, so it waits until there is none.

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
