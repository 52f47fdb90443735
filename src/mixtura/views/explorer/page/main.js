// The page: what is shown, and what the person does to it.

import { decoded } from "./data.js";
import { step } from "./em.js";
import { savedAsPng, savedAsSvg } from "./export.js";
import { brief, counted, fixed, signed } from "./format.js";
import { prepared, scored } from "./gaussian.js";
import { read, written } from "./hash.js";
import { canvasPainter } from "./painter.js";
import { covarianceOf, moved, reshaped, reweighted } from "./play.js";
import { boxOf, handlesOf, inPixels, paint, placeOf, pulled, viewOn, whitenedCoordinates } from "./scene.js";
import { closed, diagonal } from "./structures.js";
import { traceOf } from "./trace.js";
import { leadingOf, why } from "./why.js";

const element = (id) => document.getElementById(id);
const data = decoded(JSON.parse(element("record").textContent));
const { D, K, n, rule, replay } = data;
const canvas = element("picture");
const box = boxOf(data);
const likelihoods = new Float64Array(n);
const shares = new Float64Array(n * K);
const colours = new Uint8Array(3 * n);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const last = replay ? replay.path.length - 1 : 0;

// What is shown. `mixture` is the one made by hand, `before` the log-likelihood before its last
// step of EM, `at` a place in the path, `row` a place among the rows drawn.
const state = {
  mode: replay ? "replay" : "play",
  at: last,
  row: null,
  component: 0,
  mixture: data.fitted,
  before: null,
  undo: [],
};
let view = viewOn(box, 600, 450);
let theme = themeOf();
let scene = null;
let due = false;
let timer = null;
let held = null;

const fitMean = meanOf(data.fitted);
const fillIn = replay ? traceOf(element("trace"), replay, (entry) => scrub(nearestFrame(entry))) : null;

function themeOf() {
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
    shade: dark.matches ? [150, 165, 180] : [60, 70, 80],
    inks: dark.matches ? data.palette.map((parts) => towards(parts, 255, 0.22)) : data.palette,
    fills: data.palette.map(rgb),
    edges: data.palette.map((parts) => rgb(dark.matches ? towards(parts, 255, 0.4) : towards(parts, 0, 0.28))),
  };
}

function meanOf(mixture) {
  const model = prepared(mixture);
  return model ? scored(model, data.rows, likelihoods, shares) / n : NaN;
}

// -- painting ----------------------------------------------------------------------------------

function refresh() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    const start = performance.now();
    frame();
    performance.measure("mixtura frame", { start, end: performance.now() });
  });
}

function frame() {
  const playing = state.mode === "play";
  const mixture = playing ? state.mixture : replay.path[state.at];
  const model = prepared(mixture);
  if (!model) return;
  const mean = scored(model, data.rows, likelihoods, shares) / n;
  colour();
  scene = {
    data,
    rule,
    theme,
    mixture,
    model,
    colours,
    bars: box.bars,
    ghost: playing ? data.fitted : null,
    chosen: playing ? state.component : null,
    row: state.row,
    leading: state.row === null ? null : leadingOf(shares, state.row, K),
  };
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  paint(canvasPainter(canvas, ratio), view, scene);
  if (playing) sayPlay(mean);
  else sayReplay();
  if (state.row !== null) {
    why(
      { words: element("why-words"), body: element("why-body"), formula: element("formula") },
      scene,
      whitenedCoordinates(view, scene),
    );
  }
  canvas.setAttribute("aria-label", playing
    ? `Mixture made by hand, ${counted(n, "point")}; component ${state.component} chosen`
    : `Mixture at iteration ${replay.entries[state.at]}, ${counted(n, "point")}`);
}

/** Each point in the mean of its components' colours, weighted by its responsibilities. */
function colour() {
  for (let i = 0; i < n; i += 1) {
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < K; k += 1) {
      const share = shares[i * K + k];
      const own = theme.inks[k % 8];
      red += share * own[0];
      green += share * own[1];
      blue += share * own[2];
    }
    colours[3 * i] = red;
    colours[3 * i + 1] = green;
    colours[3 * i + 2] = blue;
  }
}

function sayReplay() {
  const entry = replay.entries[state.at];
  const { trace } = replay;
  const parts = [`Iteration ${entry} of ${trace.length - 1}: ${fixed(trace[entry], 6)} nats a row`];
  if (entry > 0) {
    parts.push(`gain ${brief(trace[entry] - trace[entry - 1], 3)}`);
    parts.push(`scikit-learn’s lower_bound_ would say ${fixed(trace[entry - 1], 6)}`);
  } else parts.push("the start");
  if (replay.accelerated.includes(entry)) parts.push("reached by extrapolation");
  for (const repair of replay.repairs) {
    if (repair.iteration === entry) {
      parts.push(`component ${repair.component} ${repair.action}: ${repair.reason}`);
    }
  }
  element("iteration").textContent = `${parts.join("; ")}.`;
  element("scrub").value = state.at;
  element("scrub").setAttribute("aria-valuetext", `iteration ${entry}`);
  element("first").disabled = element("back").disabled = state.at === 0;
  element("on").disabled = element("last").disabled = state.at === last;
  fillIn(entry);
}

function sayPlay(mean) {
  element("now").textContent = `${fixed(mean, 6)} nats a row`;
  element("before").textContent = state.before === null ? "no step yet" : `${fixed(state.before, 6)}`;
  element("best").textContent = fixed(fitMean, 6);
  element("gap").textContent = `${signed((mean - fitMean) * n, 2)} nats`;
  element("undo").disabled = state.undo.length === 0;
  const { mixture, component: k } = state;
  element("component").value = k;
  element("weight").value = mixture.weights[k];
  element("weight-said").textContent = fixed(mixture.weights[k], 3);
  const values = numbersOf(mixture, k);
  for (const input of element("numbers").querySelectorAll("input")) {
    if (input !== document.activeElement) input.value = Number(values[input.name].toPrecision(6));
  }
}

// -- changing ----------------------------------------------------------------------------------

function remember() {
  state.undo.push({ mixture: state.mixture, before: state.before });
  if (state.undo.length > 100) state.undo.shift();
}

function change(mixture) {
  if (!prepared(mixture)) return;
  state.mixture = mixture;
  state.before = null;
  element("said").textContent = "";
  refresh();
  keep();
}

function chooseMode(mode) {
  if (mode === state.mode) return;
  stop();
  if (mode === "play" && replay && state.undo.length === 0) {
    state.mixture = replay.path[state.at];
    state.before = state.at > 0 ? replay.trace[replay.entries[state.at] - 1] : null;
    if (data.others.length || data.total > n) state.before = null;
  }
  state.mode = mode;
  showMode();
}

function showMode() {
  const playing = state.mode === "play";
  document.body.classList.toggle("playing", playing);
  element("replay").hidden = playing;
  element("play").hidden = !playing;
  element("mode-replay").setAttribute("aria-pressed", !playing);
  element("mode-play").setAttribute("aria-pressed", playing);
  element("hint").textContent = playing
    ? `Drag a number to move a component, a square to stretch ${D === 2 && !diagonal(rule.letters) ? "and turn " : ""}it; `
      + "arrow keys move it, Page Up and Page Down choose another. Dashed: the fit."
    : "Click a point to see why it is as likely as it is; arrow keys step through the iterations.";
  refresh();
  keep();
}

function scrub(at) {
  state.at = Math.min(Math.max(at, 0), last);
  if (state.mode !== "replay") chooseMode("replay");
  refresh();
  keep();
}

function nearestFrame(entry) {
  let best = 0;
  replay.entries.forEach((one, i) => {
    if (Math.abs(one - entry) < Math.abs(replay.entries[best] - entry)) best = i;
  });
  return best;
}

function run() {
  if (timer !== null) {
    stop();
    return;
  }
  if (state.at === last) scrub(0);
  element("run").textContent = "Pause";
  const pause = still.matches ? 900 : Math.min(Math.max(6000 / (last + 1), 60), 350);
  timer = setInterval(() => {
    scrub(state.at + 1);
    if (state.at === last) stop();
  }, pause);
}

function stop() {
  clearInterval(timer);
  timer = null;
  element("run").textContent = "Run";
  element("climb").textContent = "Run EM";
}

/** One step of EM from the mixture made by hand; the gain of it. */
function takeStep() {
  const { mixture, before, emptied } = step(state.mixture, data.rows, rule);
  if (!prepared(mixture)) {
    element("said").textContent = "A covariance became singular: mixtura.fit would raise or repair it. Not taken.";
    return 0;
  }
  state.mixture = mixture;
  state.before = before;
  element("said").textContent = emptied.length
    ? `No row belongs to component ${emptied.join(", ")}: mixtura.fit would set it anew.` : "";
  refresh();
  keep();
  return meanOf(mixture) - before;
}

function climb() {
  if (timer !== null) {
    stop();
    return;
  }
  remember();
  element("climb").textContent = "Stop";
  let steps = 0;
  timer = setInterval(() => {
    steps += 1;
    const gain = takeStep();
    if (!(Math.abs(gain) > 1e-9) || steps >= 2000) {
      stop();
      if (element("said").textContent === "") {
        element("said").textContent = `${counted(steps, "step")}; the last gained ${brief(gain, 2)} nats a row.`;
      }
    }
  }, still.matches ? 0 : 60);
}

function chooseRow(row) {
  state.row = row;
  element("why-numbers").hidden = row === null;
  if (row !== null) element("row").value = data.numberOf(row);
  refresh();
  keep();
}

// -- the chosen component's numbers --------------------------------------------------------------

function numbersOf(mixture, k) {
  const [a, b, c] = covarianceOf(mixture, k);
  const values = { mean0: mixture.means[k * D], sd0: Math.sqrt(a) };
  if (D === 2) {
    values.mean1 = mixture.means[k * D + 1];
    values.sd1 = Math.sqrt(c);
    values.correlation = b / Math.sqrt(a * c);
  }
  return values;
}

function typed(name, value) {
  if (!Number.isFinite(value)) return;
  const { mixture, component: k } = state;
  const values = { ...numbersOf(mixture, k), [name]: value };
  if (name === "sd0" || name === "sd1") {
    if (!(value > 0)) return;
    if (rule.letters[1] === "I" && D === 2) values.sd0 = values.sd1 = value;
  }
  if (name === "correlation") values.correlation = Math.min(Math.max(value, -0.9999), 0.9999);
  remember();
  if (name.startsWith("mean")) {
    change(moved(mixture, k, D === 2 ? [values.mean0, values.mean1] : [values.mean0]));
  } else {
    const b = D === 2 ? values.correlation * values.sd0 * values.sd1 : 0;
    change(reshaped(mixture, k, rule.letters, [values.sd0 ** 2, b, (values.sd1 ?? 0) ** 2]));
  }
}

function buildNumbers() {
  const span = (j) => (j === 0 ? box.x[1] - box.x[0] : box.y[1] - box.y[0]);
  const inputs = [];
  for (let j = 0; j < D; j += 1) inputs.push([`mean${j}`, `Mean, ${data.features[j]}`, span(j) / 100]);
  for (let j = 0; j < D; j += 1) {
    if (j === 1 && rule.letters[1] === "I") continue;
    inputs.push([`sd${j}`, `Standard deviation, ${data.features[j]}`, span(j) / 200]);
  }
  if (D === 2 && !diagonal(rule.letters)) inputs.push(["correlation", "Correlation", 0.05]);
  for (const [name, words, size] of inputs) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "number";
    input.name = name;
    input.step = "any";
    input.addEventListener("change", () => typed(name, input.valueAsNumber));
    input.addEventListener("keydown", (event) => {
      const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!sign) return;
      event.preventDefault();
      typed(name, input.valueAsNumber + sign * size);
      input.value = Number(numbersOf(state.mixture, state.component)[name].toPrecision(6));
    });
    label.append(words, input);
    element("numbers").append(label);
  }
  for (let k = 0; k < K; k += 1) element("component").append(new Option(`component ${k}`, k));
}

// -- the pointer -------------------------------------------------------------------------------

function at(event) {
  const place = canvas.getBoundingClientRect();
  return [event.clientX - place.left, event.clientY - place.top];
}

/** The handle under the pointer: of the chosen component first, else a mean of any. */
function grabbed(x, y) {
  if (state.mode !== "play") return null;
  const near = (handle) => Math.hypot(handle.x - x, handle.y - y) < 15;
  const own = handlesOf(view, state.mixture, state.component, rule.letters).filter(near);
  if (own.length) return { k: state.component, kind: own[own.length - 1].kind };
  for (let k = 0; k < K; k += 1) {
    if (near(handlesOf(view, state.mixture, k, rule.letters)[0])) return { k, kind: "mean" };
  }
  return null;
}

function nearestRow(x, y) {
  let [best, least] = [null, 18];
  for (let i = 0; i < n; i += 1) {
    const [px, py] = placeOf(view, data, i);
    const far = Math.hypot(px - x, py - y);
    if (far < least) [best, least] = [i, far];
  }
  return best;
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const [x, y] = at(event);
  const found = grabbed(x, y);
  if (!found) {
    chooseRow(nearestRow(x, y));
    return;
  }
  stop();
  remember();
  state.component = found.k;
  const grip = D === 2
    ? inPixels(view, state.mixture, found.k, rule.letters)
    : { x: view.px(state.mixture.means[found.k]), y };
  const handle = handlesOf(view, state.mixture, found.k, rule.letters).find(({ kind }) => kind === found.kind);
  held = {
    ...found,
    grip: { ...grip, D, covariance: covarianceOf(state.mixture, found.k) },
    offset: [handle.x - x, handle.y - y],
  };
  canvas.setPointerCapture(event.pointerId);
  refresh();
});

canvas.addEventListener("pointermove", (event) => {
  const [x, y] = at(event);
  if (!held) {
    canvas.style.cursor = grabbed(x, y) ? "grab" : "crosshair";
    return;
  }
  const [px, py] = [x + held.offset[0], y + held.offset[1]];
  const inside = (value, low, length) => Math.min(Math.max(value, low), low + length);
  if (held.kind === "mean") {
    const mean = [view.ux(inside(px, view.box.left, view.box.width))];
    if (D === 2) mean.push(view.uy(inside(py, view.box.top, view.box.height)));
    change(moved(state.mixture, held.k, mean));
  } else {
    change(reshaped(state.mixture, held.k, rule.letters, pulled(view, held.grip, held.kind, rule.letters, px, py)));
  }
});

const release = () => {
  held = null;
};
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);

// -- keys --------------------------------------------------------------------------------------

canvas.addEventListener("keydown", (event) => {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const arrow = arrows[event.key];
  const playing = state.mode === "play";
  if (arrow && playing) {
    const k = state.component;
    const mean = [state.mixture.means[k * D] + (arrow[0] * (box.x[1] - box.x[0])) / 100];
    if (D === 2) mean.push(state.mixture.means[k * D + 1] + (arrow[1] * (box.y[1] - box.y[0])) / 100);
    if (D === 2 || arrow[0]) {
      remember();
      change(moved(state.mixture, k, mean));
    }
  } else if (arrow) {
    scrub(state.at + arrow[0] + arrow[1]);
  } else if (event.key === "PageUp" || event.key === "PageDown") {
    if (!playing) return;
    state.component = (state.component + (event.key === "PageDown" ? 1 : K - 1)) % K;
    refresh();
    keep();
  } else if (event.key === "Home" && !playing) scrub(0);
  else if (event.key === "End" && !playing) scrub(last);
  else if (event.key === " " && !playing) run();
  else if (event.key === "Escape") chooseRow(null);
  else return;
  event.preventDefault();
});

// -- the address -------------------------------------------------------------------------------

let keeping = null;

/** Write the state into the address, a moment later: browsers allow a hundred times in half a minute. */
function keep() {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    const text = written({
      mode: state.mode,
      at: state.at,
      component: state.component,
      row: state.row === null ? null : data.numberOf(state.row),
      mixture: state.mode === "play" ? state.mixture : null,
    });
    try {
      history.replaceState(null, "", `#${text}`);
    } catch {
      // A page inside another one may have no address of its own to write to.
    }
  }, 350);
}

function follow() {
  const found = read(location.hash, { K, D, frames: last + 1 });
  if (found.mode && (replay || found.mode === "play")) state.mode = found.mode;
  if (found.at !== undefined) state.at = found.at;
  if (found.component !== undefined) state.component = found.component;
  if (found.mixture) {
    state.mixture = found.mixture;
    state.before = null;
    state.undo = [{ mixture: data.fitted, before: null }];
  }
  const row = found.row === undefined ? -1 : data.indexOf(found.row);
  state.row = row >= 0 && row < n ? row : null;
}

// -- beginning ---------------------------------------------------------------------------------

function introduce() {
  const of = data.name ? `${data.name}: ` : "";
  element("title").textContent = `${of}${data.features.join(" and ")}`;
  document.title = `${of}mixture explorer`;
  element("subtitle").textContent = `${counted(K, "component")}, ${data.structure.whole}, `
    + `${counted(data.total, "row")}; mean log-likelihood ${fixed(data.wholeLikelihood, 6)} nats a row`;
  const notes = [];
  if (data.total > n) {
    notes.push(`${counted(n, "row")} of ${counted(data.total, "row")} are drawn, chosen at random; `
      + "what Play computes is of these.");
  }
  if (data.others.length) {
    notes.push(`The picture, Why and Play are of the marginal density of ${data.features.join(" and ")}`
      + ` (${fixed(data.shownLikelihood, 6)} nats a row); the model has ${data.others.join(", ")} besides, `
      + "and the replay’s log-likelihoods are of all of them.");
  }
  if (replay && !replay.same_run) {
    notes.push("The model file does not tell how its fit began: the replay is a fit done again, "
      + "which took another way. Dashed in Play: the model of the file.");
  }
  if (replay && replay.path.length < replay.trace.length) {
    notes.push(`${counted(replay.path.length, "iteration")} of ${replay.trace.length} are kept to be shown.`);
  }
  element("notes").textContent = notes.join(" ");
  element("footer").textContent = `Made by mixtura ${data.version}; works without a network.`;
  element("mode-replay").hidden = !replay;
  if (replay) {
    element("scrub").max = last;
    element("outcome").textContent = `The fit ended: ${replay.outcome}; ${replay.remedy}.`;
    const marks = [];
    if (replay.accelerated.length) marks.push(`| below the curve: reached by extrapolation (${replay.rejected} more tried and not kept)`);
    if (replay.repairs.length) marks.push("▽ a component was repaired");
    element("marks").textContent = marks.join("; ");
  }
  if (!closed(rule.letters, D)) {
    element("step").disabled = element("climb").disabled = true;
    element("said").textContent = `The M-step of ${data.structure.name} is found by iteration, which this page leaves to Python.`;
  }
  element("weight").disabled = K === 1;
  element("row").max = data.total - 1;
}

function listen() {
  const on = (id, what, react) => element(id).addEventListener(what, react);
  on("mode-replay", "click", () => chooseMode("replay"));
  on("mode-play", "click", () => chooseMode("play"));
  on("scrub", "input", () => {
    stop();
    scrub(element("scrub").valueAsNumber);
  });
  on("first", "click", () => scrub(0));
  on("back", "click", () => scrub(state.at - 1));
  on("on", "click", () => scrub(state.at + 1));
  on("last", "click", () => scrub(last));
  on("run", "click", run);
  on("step", "click", () => {
    stop();
    remember();
    takeStep();
  });
  on("climb", "click", climb);
  on("undo", "click", () => {
    stop();
    Object.assign(state, state.undo.pop());
    refresh();
    keep();
  });
  on("reset", "click", () => {
    stop();
    remember();
    change(data.fitted);
  });
  on("component", "change", () => {
    state.component = Number(element("component").value);
    refresh();
    keep();
  });
  on("weight", "pointerdown", remember);
  on("weight", "keydown", (event) => {
    if (event.key.startsWith("Arrow")) remember();
  });
  on("weight", "input", () => change(reweighted(state.mixture, state.component, element("weight").valueAsNumber)));
  on("row", "change", () => {
    const row = data.indexOf(element("row").valueAsNumber);
    const there = Number.isInteger(row) && row >= 0 && row < n;
    chooseRow(there ? row : null);
    if (!there) element("why-words").textContent = "That row is not among those drawn.";
  });
  const name = `mixtura-${data.features.join("-").replace(/[^\w-]+/g, "_").slice(0, 60)}`;
  on("save-png", "click", () => savedAsPng((painter) => paint(painter, view, scene), view.width, view.height, name));
  on("save-svg", "click", () => savedAsSvg((painter) => paint(painter, view, scene), view.width, view.height, name));
  dark.addEventListener("change", () => {
    theme = themeOf();
    refresh();
  });
  addEventListener("hashchange", () => {
    stop();
    follow();
    showMode();
    chooseRow(state.row);
  });
  new ResizeObserver(() => {
    view = viewOn(box, canvas.clientWidth, canvas.clientHeight);
    refresh();
  }).observe(canvas);
}

introduce();
buildNumbers();
listen();
follow();
view = viewOn(box, canvas.clientWidth, canvas.clientHeight);
showMode();
chooseRow(state.row);
performance.mark("mixtura ready");
