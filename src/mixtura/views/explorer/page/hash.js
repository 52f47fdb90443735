// The state of the page in its address, so that a link leads back to it.

import { prepared } from "./gaussian.js";

/** The address of a state: mode, entry of the path, row, component, and a mixture made by hand. */
export function written({ mode, at, row, component, mixture }) {
  const parts = [`mode=${mode}`, `at=${at}`, `component=${component}`];
  if (row !== null) parts.push(`row=${row}`);
  if (mixture) {
    const numbers = [...mixture.weights, ...mixture.means, ...mixture.covariances];
    parts.push(`mixture=${numbers.map((value) => Number(value.toPrecision(9))).join("_")}`);
  }
  return parts.join("&");
}

/** The state of an address, with what it does not say, or says amiss, left out. */
export function read(text, { K, D, frames }) {
  const parts = new Map(
    text.replace(/^#/, "").split("&").map((part) => part.split("=", 2)),
  );
  const state = {};
  if (["replay", "play"].includes(parts.get("mode"))) state.mode = parts.get("mode");
  const at = whole(parts.get("at"));
  if (at !== null && at < frames) state.at = at;
  const component = whole(parts.get("component"));
  if (component !== null && component < K) state.component = component;
  const row = whole(parts.get("row"));
  if (row !== null) state.row = row;
  const mixture = parts.has("mixture") ? mixtureOf(parts.get("mixture"), K, D) : null;
  if (mixture) state.mixture = mixture;
  return state;
}

function whole(text) {
  return /^\d{1,9}$/.test(text ?? "") ? Number(text) : null;
}

function mixtureOf(text, K, D) {
  const numbers = text.split("_").map(Number);
  if (numbers.length !== K * (1 + D + D * D) || !numbers.every(Number.isFinite)) return null;
  const weights = Float64Array.from(numbers.slice(0, K));
  const sum = weights.reduce((total, value) => total + value, 0);
  if (!(sum > 0)) return null;
  const mixture = {
    K,
    D,
    weights: weights.map((value) => value / sum),
    means: Float64Array.from(numbers.slice(K, K + K * D)),
    covariances: Float64Array.from(numbers.slice(K + K * D)),
  };
  return prepared(mixture) ? mixture : null;
}

let keeping = null;

/** Write a text into the address, a moment later: browsers allow a hundred times in half a minute. */
export function keepSoon(textOf) {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    try {
      history.replaceState(null, "", `#${textOf()}`);
    } catch {
      // A page inside another one may have no address of its own to write to.
    }
  }, 350);
}
