// The page: what is shown, and what the person does to it.

import { decoded } from "./data.js";
import { step } from "./em.js";
import { savedAsPng, savedAsSvg } from "./export.js";
import { brief, counted, fixed, signed } from "./format.js";
import { prepared, scored } from "./gaussian.js";
import { keepSoon, read, written } from "./hash.js";
import { introduce } from "./introduction.js";
import { nearestFrame, wordsOf } from "./iteration.js";
import { buildNumbers, numbersOf, shortest, withNumber } from "./numbers.js";
import { canvasPainter } from "./painter.js";
import { moved, reweighted } from "./play.js";
import { listenToPointer } from "./pointer.js";
import { boxOf, paint, viewOn, whitenedCoordinates } from "./scene.js";
import { diagonal } from "./structures.js";
import { blend, themeOf } from "./theme.js";
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
let theme = themeOf(data.palette, dark.matches);
let scene = null;
let due = false;
let timer = null;

const fitMean = meanOf(data.fitted);
const fillIn = replay ? traceOf(element("trace"), replay, (entry) => scrub(nearestFrame(replay, entry))) : null;

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
  blend(shares, theme.inks, n, K, colours);
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

function sayReplay() {
  const entry = replay.entries[state.at];
  element("iteration").textContent = wordsOf(replay, entry);
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
  const values = numbersOf(mixture, k, D);
  for (const input of element("numbers").querySelectorAll("input")) {
    if (input !== document.activeElement) input.value = shortest(data, input.name, values[input.name]);
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

function keep() {
  keepSoon(() => written({
    mode: state.mode,
    at: state.at,
    component: state.component,
    row: state.row === null ? null : data.numberOf(state.row),
    mixture: state.mode === "play" ? state.mixture : null,
  }));
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
    theme = themeOf(data.palette, dark.matches);
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

introduce(data);
buildNumbers(data, box, {
  valueOf: (name) => numbersOf(state.mixture, state.component, D)[name],
  typed: (name, value) => {
    const mixture = withNumber(state.mixture, state.component, rule.letters, D, name, value);
    if (!mixture) return;
    remember();
    change(mixture);
  },
});
listenToPointer(canvas, data, {
  view: () => view,
  mixture: () => state.mixture,
  component: () => (state.mode === "play" ? state.component : null),
  grasp: (k) => {
    stop();
    remember();
    state.component = k;
    refresh();
  },
  change,
  chooseRow,
});
listen();
follow();
view = viewOn(box, canvas.clientWidth, canvas.clientHeight);
showMode();
chooseRow(state.row);
performance.mark("mixtura ready");
