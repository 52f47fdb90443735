// The curve of the log-likelihood, as SVG in the page.

import { resolved } from "./format.js";

const [WIDTH, HEIGHT] = [340, 138];
const BOX = { left: 8, right: 332, top: 12, bottom: 104 };
const NAMESPACE = "http://www.w3.org/2000/svg";

/** Draw the curve into `svg`; the function that comes back fills it in up to an entry. */
export function traceOf(svg, replay, chosen) {
  const { trace, accelerated, repairs } = replay;
  const [low, high] = heights(trace);
  const x = (i) => BOX.left + (trace.length > 1 ? i / (trace.length - 1) : 0) * (BOX.right - BOX.left);
  const y = (value) => BOX.bottom - (high > low ? Math.max(value - low, 0) / (high - low) : 1) * (BOX.bottom - BOX.top);
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const line = (from, to) => {
    const points = [];
    for (let i = from; i <= to; i += 1) points.push(`${x(i).toFixed(2)},${y(trace[i]).toFixed(2)}`);
    return points.join(" ");
  };
  const add = (name, attributes, words) => {
    const element = document.createElementNS(NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (words !== undefined) element.textContent = words;
    svg.append(element);
    return element;
  };
  add("line", { x1: BOX.left, x2: BOX.right, y1: BOX.bottom, y2: BOX.bottom, class: "rule" });
  add("polyline", { points: line(0, trace.length - 1), class: "ahead" });
  const done = add("polyline", { class: "done" });
  for (const i of accelerated) {
    add("line", { x1: x(i), x2: x(i), y1: BOX.bottom + 2, y2: BOX.bottom + 8, class: "jump" });
  }
  for (const { iteration } of repairs) {
    const i = Math.min(iteration, trace.length - 1);
    const [cx, cy] = [x(i), y(trace[i])];
    add("path", { d: `M${cx - 6} ${cy - 5}L${cx + 6} ${cy - 5}L${cx} ${cy + 6}Z`, class: "repair" });
  }
  const cursor = add("circle", { r: 5, class: "cursor" });
  // Two heights tell the scale: where the curve begins, and where it ends.
  const number = (value) => resolved(value, high - low);
  const end = trace.length - 1;
  add("text", { x: BOX.right, y: HEIGHT - 8, "text-anchor": "end" }, `iteration ${end}: ${number(trace[end])}`);
  add("text", { x: BOX.left, y: HEIGHT - 8 }, `start${trace[0] < low ? ", below" : ""}: ${number(trace[0])}`);
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * WIDTH - BOX.left) / (BOX.right - BOX.left);
    chosen(Math.round(Math.min(Math.max(share, 0), 1) * (trace.length - 1)));
  });
  return (entry) => {
    done.setAttribute("points", line(0, entry));
    cursor.setAttribute("cx", x(entry));
    cursor.setAttribute("cy", y(trace[entry]));
  };
}

/**
 * The least and the largest height that the curve shows.
 *
 * A first step that makes most of the gain would press the others flat: the curve then begins below
 * the picture, and what follows has three quarters of the height.
 */
function heights(trace) {
  const high = Math.max(...trace);
  const low = Math.min(...trace);
  const rest = high - Math.min(...trace.slice(1));
  const steep = trace.length > 3 && rest > 0 && high - low > 5 * rest;
  // A millionth of a nat a row is the least that is worth a slope: below it, rounding shows.
  return [Math.min(steep ? high - 1.35 * rest : low, high - 1e-6), high];
}
