// The view: feature units to pixels and back, and where the ticks stand.

const MARGIN = { left: 58, right: 14, top: 14, bottom: 46 };

/** A view of the box x × y, feature units, on width × height pixels. */
export function viewOf(x, y, width, height) {
  const box = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(width - MARGIN.left - MARGIN.right, 40),
    height: Math.max(height - MARGIN.top - MARGIN.bottom, 40),
  };
  const kx = box.width / (x[1] - x[0]);
  const ky = -box.height / (y[1] - y[0]);
  return {
    x,
    y,
    width,
    height,
    box,
    kx,
    ky,
    px: (value) => box.left + (value - x[0]) * kx,
    py: (value) => box.top + box.height + (value - y[0]) * ky,
    ux: (pixel) => x[0] + (pixel - box.left) / kx,
    uy: (pixel) => y[0] + (pixel - box.top - box.height) / ky,
  };
}

/** From the least to the largest of these, and a share more on either side. */
export function extent(values, margin) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const room = margin * (high - low) || Math.max(Math.abs(low), 1) * 0.5;
  return [low - room, high + room];
}

/** About `count` round numbers between low and high, with as many decimals as tell them apart. */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const decimals = Math.max(0, -Math.floor(Math.log10(size) + 1e-9));
  const found = [];
  for (let i = Math.ceil(low / size); i * size <= high; i += 1) found.push(i * size);
  const label = (value) => {
    const text = decimals > 8 || Math.abs(value) >= 1e9
      ? value.toPrecision(6)
      : Math.abs(value).toFixed(Math.min(decimals, 12));
    return value < 0 && !text.startsWith("-") && Number(text) !== 0 ? `\u2212${text}` : text;
  };
  return found.map((value) => ({ value, label: label(value) }));
}
