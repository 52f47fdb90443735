// What the page says once, before anything is done to it.

import { counted, fixed, told } from "./format.js";
import { closed } from "./structures.js";

const element = (id) => document.getElementById(id);

/** Write what does not change: title, notes, limits, and what the structure does not allow. */
export function introduce(data) {
  const { D, K, n, rule, replay } = data;
  const of = data.name ? `${told(data.name)}: ` : "";
  const features = data.features.map((name) => told(name));
  element("title").textContent = `${of}${features.join(" and ")}`;
  element("title").title = data.features.join("; ");
  document.title = `${of}mixture explorer`;
  element("subtitle").textContent = `${counted(K, "component")}, ${data.structure.whole}, `
    + `${counted(data.total, "row")}; mean log-likelihood ${fixed(data.wholeLikelihood, 6)} nats a row`;
  const notes = [];
  if (data.total > n) {
    notes.push(`${counted(n, "row")} of ${counted(data.total, "row")} are drawn, chosen at random; `
      + "what Play computes is of these.");
  }
  if (data.others.length) {
    notes.push(`The picture, Why and Play are of the marginal density of ${features.join(" and ")}`
      + ` (${fixed(data.shownLikelihood, 6)} nats a row); the model has ${data.others.map((name) => told(name)).join(", ")} besides, `
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
    element("scrub").max = replay.path.length - 1;
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
  element("row").max = Math.max(data.total - 1, data.numberOf(n - 1));
}
