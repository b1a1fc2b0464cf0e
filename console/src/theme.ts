// Light, dark, or as the system says.
export type Theme = "system" | "light" | "dark";
const ORDER: Theme[] = ["system", "light", "dark"];

export function theme(): Theme {
  return ORDER.find((known) => known === localStorage.getItem("theme")) ?? "system";
}

export function setTheme(told: Theme): void {
  localStorage.setItem("theme", told);
  if (told === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = told;
}

export function nextTheme(): void {
  setTheme(ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length] ?? "system");
}

// A colour of style.css as a canvas takes it, for the theme that is on.
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
