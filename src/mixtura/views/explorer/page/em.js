// One step of EM, as mixtura's kernel takes it. This module knows no page.

import { prepared, scored } from "./gaussian.js";
import { axesOf, matrixOf } from "./ellipse.js";
import { diagonal, maximised } from "./structures.js";

// Keeps every weight positive, as mixtura and scikit-learn do.
const LEAST_WEIGHT = 10 * Number.EPSILON;
// A component with fewer rows' weight is empty.
const EMPTY = 1e-8;

/**
 * The mixture after one step, and what is known of the one before.
 *
 * rule is { letters, ridge, relative, floor (D) }: the structure, what is added to each variance,
 * and the least variance of each feature; relative says whether that floor always holds, or only
 * where a covariance would be singular. `emptied` are components without rows: they stay as they
 * were, with almost no weight, where Python would set them anew.
 */
export function step(mixture, rows, rule) {
  const { K, D } = mixture;
  const n = rows.length / D;
  const model = prepared(mixture);
  const likelihoods = new Float64Array(n);
  const shares = new Float64Array(n * K);
  const total = scored(model, rows, likelihoods, shares);
  const { weight, means, scatter } = moments(mixture, rows, shares);
  const emptied = [...weight.keys()].filter((k) => weight[k] < EMPTY);
  // Where components share a part of their covariances but not all, a ridge on these would make
  // the parts differ: it goes into the scatters instead.
  const partly = rule.letters.includes("E") && rule.letters.includes("V") && D === 2;
  if (partly) ridged(scatter, D, (k) => weight[k] * rule.ridge);
  const covariances = maximised(rule.letters, D, weight, scatter);
  if (!partly) ridged(covariances, D, () => rule.ridge);
  for (let k = 0; k < K; k += 1) {
    if (emptied.includes(k)) {
      means.set(mixture.means.subarray(k * D, (k + 1) * D), k * D);
      const own = mixture.covariances.subarray(k * D * D, (k + 1) * D * D);
      if (rule.letters.includes("V")) covariances.set(own, k * D * D);
    }
    raise(covariances.subarray(k * D * D, (k + 1) * D * D), D, rule);
  }
  const all = weight.reduce((sum, value) => sum + value, 0);
  const after = { K, D, weights: weight.map((value) => value / all), means, covariances };
  return { mixture: after, before: total / n, emptied };
}

/** n_k, μ_k and W_k = Σ_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ, summed about the means before. */
function moments(mixture, rows, shares) {
  const { K, D } = mixture;
  const n = rows.length / D;
  const weight = new Float64Array(K);
  const means = new Float64Array(K * D);
  const scatter = new Float64Array(K * D * D);
  for (let k = 0; k < K; k += 1) {
    const mx = mixture.means[k * D];
    const my = D === 2 ? mixture.means[k * D + 1] : 0;
    let [w, x1, y1, xx, xy, yy] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < n; i += 1) {
      const share = shares[i * K + k];
      const dx = rows[i * D] - mx;
      const dy = D === 2 ? rows[i * D + 1] - my : 0;
      w += share;
      x1 += share * dx;
      y1 += share * dy;
      xx += share * dx * dx;
      xy += share * dx * dy;
      yy += share * dy * dy;
    }
    weight[k] = w + LEAST_WEIGHT;
    const [sx, sy] = [x1 / weight[k], y1 / weight[k]];
    // W about μ = c + s from the sums about c: Σ r d dᵀ − 2-sided terms + w s sᵀ.
    const own = [
      xx - 2 * sx * x1 + w * sx * sx,
      xy - sx * y1 - sy * x1 + w * sx * sy,
      yy - 2 * sy * y1 + w * sy * sy,
    ];
    means[k * D] = mx + sx;
    if (D === 2) means[k * D + 1] = my + sy;
    scatter.set(D === 2 ? [own[0], own[1], own[1], own[2]] : [own[0]], k * D * D);
  }
  return { weight, means, scatter };
}

/** Add to the diagonals of matrices, in place, so much for each component. */
function ridged(matrices, D, amount) {
  for (let at = 0; at < matrices.length; at += 1) {
    if (at % (D * D) % (D + 1) === 0) matrices[at] += amount(Math.floor(at / (D * D)));
  }
}

/** Lift a covariance, in place, onto the floor: its eigenvalues in units of the floor to 1. */
function raise(matrix, D, rule) {
  const { floor, relative, letters } = rule;
  const round = letters[1] === "I";
  const least = round ? floor.map(() => floor.reduce((sum, f) => sum + f, 0) / D) : floor;
  if (D === 1 || diagonal(letters)) {
    for (let j = 0; j < D; j += 1) {
      const at = j * (D + 1);
      if (relative || !(matrix[at] > 0)) matrix[at] = Math.max(matrix[at], least[j]);
    }
    return;
  }
  const [u, v] = least.map(Math.sqrt);
  const { major, minor, angle } = axesOf(matrix[0] / (u * u), matrix[1] / (u * v), matrix[3] / (v * v));
  if (relative ? minor >= 1 : minor > 0) return;
  const [a, b, c] = matrixOf(Math.max(major, 1), Math.max(minor, 1), angle);
  matrix.set([a * u * u, b * u * v, b * u * v, c * v * v]);
}
