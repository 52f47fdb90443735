// Why this point: where its log-likelihood comes from, in numbers.

import { fixed, resolved, signed, told } from "./format.js";
import { explained } from "./gaussian.js";
import { ofComponent } from "./theme.js";

/** Fill the table and the formulas of the row that was chosen; see main.js for `scene`. */
export function why(elements, scene, coordinates) {
  const { data, model, row, leading } = scene;
  const [x, y] = [data.rows[row * data.D], data.D === 2 ? data.rows[row * data.D + 1] : 0];
  const found = explained(model, x, y);
  elements.words.textContent = sentence(data, row, found, leading);
  elements.body.replaceChildren(...found.components.map((parts, k) => line(parts, k, k === leading, scene)));
  const own = found.components[leading];
  const sum = [
    `${fixed(own.logWeight)} ${signed(found.normalisation)} ${signed(own.logDeterminant)} `
    + `${signed(-0.5 * own.squaredDistance)} = ${fixed(own.joint)}`,
  ];
  const squares = coordinates.map((z) => `${z < 0 ? `(${fixed(z)})` : fixed(z)}²`).join(" + ");
  elements.formula.replaceChildren(
    paragraph("of-component", `component ${leading}: log w − D/2·log 2π − ½·log|Σ| − ½·d²`),
    paragraph("sum", `= ${sum[0]}`),
    paragraph("distance", `d² = ${squares} = ${fixed(own.squaredDistance)}, along its axes, in σ`),
    paragraph("total", `log p(x) = log Σ exp(joint) = ${fixed(found.logLikelihood)} nats`),
  );
}

/** The component that the row most likely comes from. */
export function leadingOf(shares, row, K) {
  let best = 0;
  for (let k = 1; k < K; k += 1) if (shares[row * K + k] > shares[row * K + best]) best = k;
  return best;
}

function sentence(data, row, found, leading) {
  const values = data.features.map((name, j) => {
    const value = resolved(data.rows[row * data.D + j], data.spreads[j], 7);
    return `${told(name)} ${value}`;
  });
  const ids = data.ids.map(([name, texts]) => `${told(name)} ${told(texts[row])}`);
  const share = found.components[leading].responsibility;
  const belongs = Number.isNaN(share) ? "" : `, ${fixed(100 * share, 1)} % component ${leading}`;
  return `Row ${data.numberOf(row)}${ids.length ? ` (${ids.join(", ")})` : ""}: ${values.join(", ")}${belongs}.`;
}

function line(parts, k, leading, { theme }) {
  const row = document.createElement("tr");
  if (leading) row.className = "leading";
  const head = document.createElement("th");
  head.scope = "row";
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  swatch.style.background = ofComponent(theme.fills, k);
  head.append(swatch, String(k));
  row.append(head);
  const cells = {
    responsibility: parts.responsibility,
    "log-weight": parts.logWeight,
    "log-determinant": parts.logDeterminant,
    distance: -0.5 * parts.squaredDistance,
    joint: parts.joint,
  };
  for (const [name, value] of Object.entries(cells)) {
    const cell = document.createElement("td");
    cell.dataset.part = name;
    cell.textContent = fixed(value, Math.abs(value) < 1000 ? 4 : 1);
    row.append(cell);
  }
  return row;
}

function paragraph(part, words) {
  const element = document.createElement("p");
  element.dataset.part = part;
  element.textContent = words;
  return element;
}
