// The picture: points in the colours of their responsibilities, density, components, handles.

import { axesOf, matrixOf } from "./ellipse.js";
import { fixed, toldWithin } from "./format.js";
import { logDensity, prepared } from "./gaussian.js";
import { ellipsePoints, widthOf } from "./painter.js";
import { covarianceOf } from "./play.js";
import { diagonal } from "./structures.js";
import { ofComponent } from "./theme.js";
import { extent, viewOf } from "./view.js";

// Standard deviations from the mean to an ellipse's handle, and to the outer ellipse.
const REACH = 2;

/** The box that the picture shows: all rows, and the fitted components. */
export function boxOf(data) {
  const { D, rows, n, fitted } = data;
  const along = (j) => {
    const values = new Float64Array(n + data.K);
    for (let i = 0; i < n; i += 1) values[i] = rows[i * D + j];
    for (let k = 0; k < data.K; k += 1) values[n + k] = fitted.means[k * D + j];
    return extent(values, 0.06);
  };
  if (D === 2) return { x: along(0), y: along(1) };
  const x = along(0);
  const bars = histogram(data, x);
  const model = prepared(fitted);
  let top = Math.max(...bars.heights);
  const tallest = 2.5 * top;
  for (const value of samples(x, fitted)) {
    top = Math.max(top, Math.min(Math.exp(logDensity(model, value, 0)), tallest));
  }
  return { x, y: [-0.13 * top, 1.12 * top], bars };
}

/** Paint everything; `scene` says what: see main.js. */
export function paint(painter, view, scene) {
  const { theme, data } = scene;
  painter.background(theme.ground);
  axes(painter, view, scene);
  painter.clipped(view.box, () => (data.D === 2 ? plane(painter, view, scene) : line(painter, view, scene)));
}

/** Where a component can be taken hold of: pixels, and what moves. */
export function handlesOf(view, mixture, k, letters) {
  const { D } = mixture;
  if (D === 1) {
    const mean = mixture.means[k];
    const deviation = Math.sqrt(mixture.covariances[k]);
    const height = (x) => {
      const z = (x - mean) / deviation;
      const density = (mixture.weights[k] * Math.exp(-0.5 * z * z)) / (deviation * Math.sqrt(2 * Math.PI));
      return view.py(Math.min(density, view.y[1] * 0.97));
    };
    return [
      { kind: "mean", x: view.px(mean), y: height(mean) },
      within(view, view.px(mean), height(mean), {
        kind: "major", x: view.px(mean + deviation), y: height(mean + deviation),
      }, true),
    ];
  }
  const { x, y, axes: [first, second] } = inPixels(view, mixture, k, letters);
  const handles = [
    { kind: "mean", x, y },
    within(view, x, y, { kind: "major", x: x + REACH * first.x, y: y + REACH * first.y }),
  ];
  if (letters[1] !== "I") {
    handles.push(within(view, x, y, {
      kind: "minor", x: x + REACH * second.x, y: y + REACH * second.y,
    }));
  }
  return handles;
}

/** The handle, or its mirror image about the mean (cx, cy) where it is out of sight itself. */
function within({ box }, cx, cy, handle, level = false) {
  const seen = ({ x, y }) =>
    x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;
  const mirrored = { kind: handle.kind, x: 2 * cx - handle.x, y: level ? handle.y : 2 * cy - handle.y };
  return !seen(handle) && seen(mirrored) ? mirrored : handle;
}

/**
 * The covariance of a component, of which one handle was taken to (x, y), pixels.
 *
 * `grip` holds what stays: the component's axes in pixels as they were when it was taken.
 */
export function pulled(view, grip, kind, letters, x, y) {
  const [dx, dy] = [x - grip.x, y - grip.y];
  const least = 1.5;
  if (grip.D === 1) return [Math.max(Math.abs(dx), least) ** 2 / view.kx ** 2];
  if (letters[1] === "I") return round(Math.max(Math.abs(dx) / REACH, least) / view.kx);
  if (diagonal(letters)) {
    const [a, b, c] = grip.covariance;
    return kind === "major"
      ? [(Math.max(Math.abs(dx) / REACH, least) / view.kx) ** 2, b, c]
      : [a, b, (Math.max(Math.abs(dy) / REACH, least) / view.ky) ** 2];
  }
  const length = Math.max(Math.hypot(dx, dy) / REACH, least);
  const [first, second] = grip.lengths;
  const angle = Math.atan2(dy, dx) - (kind === "major" ? 0 : Math.PI / 2);
  const [a, b, c] = kind === "major"
    ? matrixOf(length ** 2, second ** 2, angle)
    : matrixOf(first ** 2, length ** 2, angle);
  return [a / view.kx ** 2, b / (view.kx * view.ky), c / view.ky ** 2];
}

/** A component's mean, axes and their lengths (one standard deviation) in pixels. */
export function inPixels(view, mixture, k, letters) {
  const [a, b, c] = covarianceOf(mixture, k);
  const { kx, ky } = view;
  const place = { x: view.px(mixture.means[2 * k]), y: view.py(mixture.means[2 * k + 1]) };
  if (diagonal(letters)) {
    const [right, up] = [Math.sqrt(a) * kx, Math.sqrt(c) * ky];
    return { ...place, axes: [{ x: right, y: 0 }, { x: 0, y: up }], lengths: [right, -up] };
  }
  const { major, minor, angle } = axesOf(a * kx * kx, b * kx * ky, c * ky * ky);
  const [long, short] = [Math.sqrt(major), Math.sqrt(Math.max(minor, 0))];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    ...place,
    axes: [{ x: long * cos, y: long * sin }, { x: -short * sin, y: short * cos }],
    lengths: [long, short],
  };
}

/** The place of a row in the picture, pixels. */
export function placeOf(view, data, i) {
  const { D, rows } = data;
  return D === 2
    ? [view.px(rows[2 * i]), view.py(rows[2 * i + 1])]
    : [view.px(rows[i]), view.py(view.y[0] * (0.18 + 0.64 * scatter(i)))];
}

/** A view of the picture's box on so many pixels. */
export function viewOn(box, width, height) {
  return viewOf(box.x, box.y, width, height, widthOf);
}

function round(deviation) {
  return [deviation ** 2, 0, deviation ** 2];
}

/** A number from 0 to 1 that looks random and is always the same for a row. */
function scatter(i) {
  return (i * 0.618033988749895) % 1;
}

function axes(painter, view, { theme, data }) {
  const { box } = view;
  const floor = box.top + box.height;
  for (const { value, label } of view.ticks.x) {
    const x = view.px(value);
    painter.path([x, box.top, x, floor], { stroke: theme.grid });
    if (x + widthOf(label) / 2 > view.width) continue; // it would be cut
    painter.text(x, floor + 17, label, { fill: theme.faint, align: "center" });
  }
  for (const { value, label } of view.ticks.y) {
    if (data.D === 1 && value < 0) continue;
    const y = view.py(value);
    painter.path([box.left, y, box.left + box.width, y], { stroke: theme.grid });
    painter.text(box.left - 7, y + 4, label, { fill: theme.faint, align: "end" });
  }
  const measured = (words) => widthOf(words, 13);
  const named = (name, said, room) => toldWithin(name, room - measured(said), measured) + said;
  painter.text(box.left + box.width / 2, floor + 38, named(data.features[0], view.said.x, box.width), {
    fill: theme.ink, align: "center", size: 13,
  });
  const upwards = data.D === 2 ? data.features[1] : "density";
  painter.text(14, box.top + box.height / 2, named(upwards, view.said.y, box.height), {
    fill: theme.ink, align: "center", size: 13, turn: -Math.PI / 2,
  });
}

// -- two features ------------------------------------------------------------------------------

function plane(painter, view, scene) {
  const { data, theme, mixture, ghost, rule } = scene;
  shade(painter, view, scene);
  cloud(painter, view, scene);
  if (ghost) {
    for (let k = 0; k < data.K; k += 1) {
      outline(painter, inPixels(view, ghost, k, rule.letters), REACH, {
        stroke: theme.faint, width: 1.2, dash: [4, 4],
      });
    }
  }
  for (let k = 0; k < data.K; k += 1) {
    const own = inPixels(view, mixture, k, rule.letters);
    const opacity = 0.5 + 0.5 * Math.min(1, mixture.weights[k] * data.K);
    const chosen = scene.chosen === k;
    outline(painter, own, 1, { stroke: ofComponent(theme.edges, k), width: chosen ? 2.4 : 1.6, opacity });
    outline(painter, own, REACH, { stroke: ofComponent(theme.edges, k), width: chosen ? 2.8 : 2, opacity });
  }
  for (let k = 0; k < data.K; k += 1) {
    const [x, y] = [view.px(mixture.means[2 * k]), view.py(mixture.means[2 * k + 1])];
    badge(painter, x, y, k, theme);
  }
  if (scene.row !== null) whitened(painter, view, scene);
  if (scene.chosen !== null) grips(painter, view, scene);
}

function outline(painter, { x, y, axes: [first, second] }, reach, look) {
  painter.path(
    ellipsePoints(x, y, reach * first.x, reach * first.y, reach * second.x, reach * second.y),
    { ...look, closed: true },
  );
}

function badge(painter, x, y, k, theme) {
  painter.path(ellipsePoints(x, y, 9, 0, 0, 9, 24), {
    fill: theme.ground, stroke: ofComponent(theme.edges, k), width: 2, closed: true,
  });
  painter.text(x, y + 4, String(k), { fill: theme.ink, align: "center", size: 11, bold: true });
}

function grips(painter, view, { mixture, chosen, rule, theme }) {
  for (const { kind, x, y } of handlesOf(view, mixture, chosen, rule.letters)) {
    if (kind === "mean") {
      painter.path(ellipsePoints(x, y, 12, 0, 0, 12, 32), {
        stroke: theme.ink, width: 1.5, closed: true,
      });
    } else {
      painter.path([x - 6, y - 6, x + 6, y - 6, x + 6, y + 6, x - 6, y + 6], {
        fill: theme.ground, stroke: theme.ink, width: 1.8, closed: true,
      });
    }
  }
}

/** The total density as a shade: its 0.4th power, so that thin parts show. */
function shade(painter, view, { model, theme }) {
  const { box } = view;
  const columns = Math.min(72, Math.ceil(box.width / 8));
  const rows = Math.min(72, Math.ceil(box.height / 8));
  const heights = new Float64Array(columns * rows);
  let top = -Infinity;
  for (let j = 0; j < rows; j += 1) {
    const y = view.uy(box.top + ((j + 0.5) / rows) * box.height);
    for (let i = 0; i < columns; i += 1) {
      const height = logDensity(model, view.ux(box.left + ((i + 0.5) / columns) * box.width), y);
      heights[j * columns + i] = height;
      if (height > top) top = height;
    }
  }
  const pixels = new Uint8ClampedArray(4 * columns * rows);
  const [red, green, blue] = theme.shade;
  for (let i = 0; i < heights.length; i += 1) {
    pixels[4 * i] = red;
    pixels[4 * i + 1] = green;
    pixels[4 * i + 2] = blue;
    pixels[4 * i + 3] = top > -Infinity ? 70 * Math.exp(0.4 * (heights[i] - top)) : 0;
  }
  painter.image(pixels, columns, rows, box);
}

function cloud(painter, view, scene) {
  const { data, colours, theme } = scene;
  const n = data.n;
  const [xs, ys] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i += 1) [xs[i], ys[i]] = placeOf(view, data, i);
  const size = Math.log10(Math.max(n, 10));
  const radius = Math.min(Math.max(5.3 - size, 1.4), 4);
  const opacity = Math.min(Math.max(1.2 - 0.18 * size, 0.35), 0.9);
  painter.cloud(xs, ys, colours, radius, opacity, view.box);
  if (scene.row !== null) {
    const [x, y] = [xs[scene.row], ys[scene.row]];
    painter.path(ellipsePoints(x, y, 7, 0, 0, 7, 24), { stroke: theme.ground, width: 5, closed: true });
    painter.path(ellipsePoints(x, y, 7, 0, 0, 7, 24), { stroke: theme.ink, width: 2, closed: true });
  }
}

/** From the mean along one axis, then along the other, to the point: its whitened coordinates. */
function whitened(painter, view, scene) {
  const { data, mixture, theme, row, leading, rule } = scene;
  const own = inPixels(view, mixture, leading, rule.letters);
  const [x, y] = placeOf(view, data, row);
  const [first] = own.axes;
  const share = ((x - own.x) * first.x + (y - own.y) * first.y) / (first.x ** 2 + first.y ** 2);
  const corner = [own.x + share * first.x, own.y + share * first.y];
  const look = { stroke: theme.ink, width: 1.6, dash: [2, 3] };
  painter.path([own.x, own.y, x, y], { ...look, width: 1, dash: [] });
  painter.path([own.x, own.y, ...corner, x, y], look);
  const [along, across] = whitenedCoordinates(view, scene);
  const words = { fill: theme.ink, halo: theme.ground, align: "center", bold: true };
  const label = (from, to, value) => {
    // Beside the middle of the leg, on the side away from the triangle; a short leg has no room.
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    if (Math.hypot(dx, dy) < 44) return;
    const [mx, my] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    const [ax, ay] = [corner[0] - (own.x + x) / 2, corner[1] - (own.y + y) / 2];
    const size = Math.hypot(ax, ay) || 1;
    painter.text(mx + (24 * ax) / size, my + (14 * ay) / size + 4, `${fixed(value, 2)} σ`, words);
  };
  label([own.x, own.y], corner, along);
  label(corner, [x, y], across);
}

/** Of the row that was clicked, deviations along the leading component's axes over their σ. */
export function whitenedCoordinates(view, { data, mixture, row, leading, rule }) {
  if (data.D === 1) {
    return [(data.rows[row] - mixture.means[leading]) / Math.sqrt(mixture.covariances[leading])];
  }
  const own = inPixels(view, mixture, leading, rule.letters);
  const [x, y] = placeOf(view, data, row);
  return own.axes.map((axis) =>
    ((x - own.x) * axis.x + (y - own.y) * axis.y) / (axis.x ** 2 + axis.y ** 2),
  );
}

// -- one feature -------------------------------------------------------------------------------

function line(painter, view, scene) {
  const { data, mixture, model, ghost, theme, bars } = scene;
  const zero = view.py(0);
  bars.heights.forEach((height, i) => {
    const [left, right] = [view.px(bars.edges[i]), view.px(bars.edges[i + 1])];
    const top = view.py(height);
    painter.path([left, zero, left, top, right - 1, top, right - 1, zero], {
      fill: theme.bar, closed: true,
    });
  });
  cloud(painter, view, scene);
  painter.path([view.box.left, zero, view.box.left + view.box.width, zero], { stroke: theme.faint });
  const xs = samples(view.x, mixture);
  const curve = (of, height) => {
    const points = [];
    for (const x of of) points.push(view.px(x), view.py(Math.min(height(x), view.y[1] * 1.2)));
    return points;
  };
  if (ghost) {
    const fitted = prepared(ghost);
    painter.path(curve(samples(view.x, ghost), (x) => Math.exp(logDensity(fitted, x, 0))), {
      stroke: theme.faint, width: 1.4, dash: [4, 4],
    });
  }
  painter.path(curve(xs, (x) => Math.exp(logDensity(model, x, 0))), {
    stroke: theme.ink, width: 4.5, opacity: 0.45,
  });
  for (let k = 0; k < data.K; k += 1) {
    const deviation = Math.sqrt(mixture.covariances[k]);
    const own = Array.from({ length: 121 }, (_, i) => mixture.means[k] + ((i - 60) / 15) * deviation);
    const points = curve(own, (x) => {
      const z = (x - mixture.means[k]) / deviation;
      return Math.exp(model.constants[k] - 0.5 * z * z);
    });
    const ends = [[points[0], zero], [points[points.length - 2], zero]];
    painter.path([...ends[0], ...points, ...ends[1]], {
      fill: ofComponent(theme.edges, k), opacity: 0.16, closed: true,
    });
    painter.path(points, { stroke: ofComponent(theme.edges, k), width: scene.chosen === k ? 2.6 : 1.8 });
  }
  if (scene.row !== null) {
    const [x, y] = placeOf(view, data, scene.row);
    const mean = view.px(mixture.means[scene.leading]);
    painter.path([mean, y, x, y], { stroke: theme.ink, width: 1.6, dash: [2, 3] });
    painter.text((x + mean) / 2, y - 7, `${fixed(whitenedCoordinates(view, scene)[0], 2)} σ`, {
      fill: theme.ink, halo: theme.ground, align: "center", bold: true,
    });
  }
  for (let k = 0; k < data.K; k += 1) {
    const [{ x, y }] = handlesOf(view, mixture, k, "VVV");
    badge(painter, x, y, k, theme);
  }
  if (scene.chosen !== null) grips(painter, view, scene);
}

/** Where to draw a curve: evenly, and closely about each mean, in order. */
function samples([low, high], mixture) {
  const xs = [];
  for (let i = 0; i <= 300; i += 1) xs.push(low + ((high - low) * i) / 300);
  for (let k = 0; k < mixture.K; k += 1) {
    const deviation = Math.sqrt(mixture.covariances[k]);
    for (let i = -20; i <= 20; i += 1) {
      const x = mixture.means[k] + (i / 5) * deviation;
      if (x >= low && x <= high) xs.push(x);
    }
  }
  return xs.sort((a, b) => a - b);
}

/** Bars that enclose an area of 1. */
function histogram({ rows, n }, [low, high]) {
  const count = Math.round(Math.min(Math.max(2 * Math.cbrt(n) + 4, 8), 60));
  const edges = Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
  const heights = new Array(count).fill(0);
  const width = (high - low) / count;
  for (const value of rows) {
    heights[Math.min(Math.floor((value - low) / width), count - 1)] += 1 / (n * width);
  }
  return { edges, heights };
}
