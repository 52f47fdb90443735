// The numbers of one component, as a person reads and types them: mean, standard deviation,
// correlation.

import { resolved, told } from "./format.js";
import { covarianceOf, moved, reshaped } from "./play.js";
import { diagonal } from "./structures.js";

/** By name: mean0 and sd0, in the features' units; of two features mean1, sd1 and correlation too. */
export function numbersOf(mixture, k, D) {
  const [a, b, c] = covarianceOf(mixture, k);
  const values = { mean0: mixture.means[k * D], sd0: Math.sqrt(a) };
  if (D === 2) {
    values.mean1 = mixture.means[k * D + 1];
    values.sd1 = Math.sqrt(c);
    values.correlation = b / Math.sqrt(a * c);
  }
  return values;
}

/** The mixture with that number of component k set to a value, or null where it cannot be. */
export function withNumber(mixture, k, letters, D, name, value) {
  if (!Number.isFinite(value)) return null;
  const values = { ...numbersOf(mixture, k, D), [name]: value };
  if (name.startsWith("sd")) {
    if (!(value > 0)) return null;
    if (letters[1] === "I" && D === 2) values.sd0 = values.sd1 = value;
  }
  if (name === "correlation") values.correlation = Math.min(Math.max(value, -0.9999), 0.9999);
  if (name.startsWith("mean")) {
    return moved(mixture, k, D === 2 ? [values.mean0, values.mean1] : [values.mean0]);
  }
  const b = D === 2 ? values.correlation * values.sd0 * values.sd1 : 0;
  return reshaped(mixture, k, letters, [values.sd0 ** 2, b, (values.sd1 ?? 0) ** 2]);
}

/** A number as its input shows it: of a mean far from 0 as many digits as its spread is due. */
export function shortest(data, name, value) {
  const spread = name.startsWith("mean") ? data.spreads[Number(name.slice(4))] : 0;
  return Number(resolved(value, spread).replace("\u2212", "-"));
}

/**
 * Inputs for the numbers that the structure leaves free, and a choice of the component.
 *
 * `valueOf(name)` gives a number as it is now; `typed(name, value)` is told of a new one.
 */
export function buildNumbers(data, box, { valueOf, typed }) {
  const { D, K, features, rule } = data;
  const span = (j) => (j === 0 ? box.x[1] - box.x[0] : box.y[1] - box.y[0]);
  const inputs = [];
  for (let j = 0; j < D; j += 1) inputs.push([`mean${j}`, `Mean, ${told(features[j])}`, span(j) / 100]);
  for (let j = 0; j < D; j += 1) {
    if (j === 1 && rule.letters[1] === "I") continue;
    inputs.push([`sd${j}`, `Standard deviation, ${told(features[j])}`, span(j) / 200]);
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
      typed(name, valueOf(name) + sign * size);
      input.value = shortest(data, name, valueOf(name));
    });
    label.append(words, input);
    document.getElementById("numbers").append(label);
  }
  for (let k = 0; k < K; k += 1) {
    document.getElementById("component").append(new Option(`component ${k}`, k));
  }
}
