// The view: feature units to pixels and back, and where the ticks stand.

import { scaleOf, ticks } from "./scale.js";

const MARGIN = { left: 58, right: 14, top: 14, bottom: 46 };
// From the left edge to the name of the vertical axis and its end, and from a label to the axis.
const [NAME, GAP] = [22, 7];
// Pixels between ticks at least, to the right and upwards, and between two labels.
const [ASIDE, ABOVE, BETWEEN] = [64, 40, 18];

/**
 * A view of the box x × y, feature units, on width × height pixels.
 *
 * `measured(text)` is how wide a label is, pixels: the left margin has room for the widest.
 */
export function viewOf(x, y, width, height, measured) {
  const tall = Math.max(height - MARGIN.top - MARGIN.bottom, 40);
  const upwards = ticks(y[0], y[1], tall, () => ABOVE);
  const widest = Math.max(0, ...upwards.map(({ label }) => measured(label)));
  const left = Math.min(Math.max(MARGIN.left, NAME + widest + GAP), Math.max(width / 3, MARGIN.left));
  const box = {
    left,
    top: MARGIN.top,
    width: Math.max(width - left - MARGIN.right, 40),
    height: tall,
  };
  const aside = ticks(x[0], x[1], box.width, (labels) =>
    Math.max(ASIDE, BETWEEN + Math.max(0, ...labels.map(measured))));
  const kx = box.width / (x[1] - x[0]);
  const ky = -box.height / (y[1] - y[0]);
  return {
    x,
    y,
    width,
    height,
    box,
    ticks: { x: aside, y: upwards },
    said: { x: scaleOf(...x).words, y: scaleOf(...y).words },
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
