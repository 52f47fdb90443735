// Colours: of the page, of the components, and of points that several components share.

/** The colours of the style, light or dark; `palette` holds the components', [red, green, blue]. */
export function themeOf(palette, dark) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const rgb = (parts) => `rgb(${parts.map(Math.round).join(",")})`;
  const towards = (parts, goal, share) => parts.map((part) => part + (goal - part) * share);
  return {
    ground: colour("ground"),
    ink: colour("ink"),
    faint: colour("faint"),
    grid: colour("grid"),
    bar: colour("bar"),
    shade: dark ? [150, 165, 180] : [60, 70, 80],
    inks: dark ? palette.map((parts) => towards(parts, 255, 0.22)) : palette,
    fills: palette.map(rgb),
    edges: palette.map((parts) => rgb(dark ? towards(parts, 255, 0.4) : towards(parts, 0, 0.28))),
  };
}

/** The colour of component k: past the last they come round again. */
export function ofComponent(colours, k) {
  return colours[k % colours.length];
}

/** Each point in the mean of its components' colours, weighted by its responsibilities; (n, 3) out. */
export function blend(shares, inks, n, K, colours) {
  for (let i = 0; i < n; i += 1) {
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < K; k += 1) {
      const share = shares[i * K + k];
      const own = ofComponent(inks, k);
      red += share * own[0];
      green += share * own[1];
      blue += share * own[2];
    }
    colours[3 * i] = red;
    colours[3 * i + 1] = green;
    colours[3 * i + 2] = blue;
  }
}
