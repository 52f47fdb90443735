// The M-steps that are a formula: effective weights n_k and scatters W_k to covariances.
//
// Celeux & Govaert 1995, section 4, for one or two features. A structure's three letters say
// whether volume, shape and orientation are Equal, Vary or are the Identity. W_k and Σ_k are
// D·D numbers each, row after row.

import { axesOf, matrixOf } from "./ellipse.js";

/** Whether this page can do the structure's M-step: those by iteration it leaves to Python. */
export function closed(letters, D) {
  return D === 1 || letters in FORMULAS;
}

/** Whether the covariances have no off-diagonal entries. */
export function diagonal(letters) {
  return letters[2] === "I";
}

/** Whether all components have one covariance. */
export function shared(letters) {
  return !letters.includes("V");
}

/** The covariances (K·D·D) of the largest expected log-likelihood. */
export function maximised(letters, D, weight, scatter) {
  const K = weight.length;
  const matrices = new Float64Array(scatter.length);
  if (D === 1) {
    const all = sum(scatter) / sum(weight);
    for (let k = 0; k < K; k += 1) matrices[k] = letters[0] === "E" ? all : scatter[k] / weight[k];
    return matrices;
  }
  const parts = Array.from({ length: K }, (_, k) => ({
    n: weight[k],
    a: scatter[4 * k],
    b: diagonal(letters) ? 0 : (scatter[4 * k + 1] + scatter[4 * k + 2]) / 2,
    c: scatter[4 * k + 3],
  }));
  FORMULAS[letters](parts).forEach(([a, b, c], k) => matrices.set([a, b, b, c], 4 * k));
  return matrices;
}

const FORMULAS = {
  VVV: (parts) => parts.map(({ n, a, b, c }) => [a / n, b / n, c / n]),
  EEE: (parts) => everywhere(parts, pooled(parts)),
  VVI: (parts) => parts.map(({ n, a, c }) => [a / n, 0, c / n]),
  EEI: (parts) => everywhere(parts, pooled(parts)),
  VII: (parts) => parts.map(({ n, a, c }) => round((a + c) / (2 * n))),
  EII: (parts) => {
    const [a, , c] = pooled(parts);
    return everywhere(parts, round((a + c) / 2));
  },
  // One volume λ = Σ_j |W_j|^½ / n; each W_k gives the rest.
  EVI: (parts) => ofOneVolume(parts),
  EVV: (parts) => ofOneVolume(parts),
  // One volume and shape, turned into each component's own axes.
  EEV: (parts) => {
    const n = sum(parts.map((part) => part.n));
    const axes = parts.map(({ a, b, c }) => axesOf(a, b, c));
    const major = sum(axes.map((one) => one.major)) / n;
    const minor = sum(axes.map((one) => Math.max(one.minor, 0))) / n;
    return axes.map(({ angle }) => matrixOf(major, minor, angle));
  },
};

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** Σ_k W_k / n. */
function pooled(parts) {
  const n = sum(parts.map((part) => part.n));
  return ["a", "b", "c"].map((entry) => sum(parts.map((part) => part[entry])) / n);
}

function everywhere(parts, matrix) {
  return parts.map(() => matrix);
}

function round(variance) {
  return [variance, 0, variance];
}

function ofOneVolume(parts) {
  const volumes = parts.map(({ a, b, c }) => Math.sqrt(Math.max(a * c - b * b, 0)));
  const mean = sum(volumes) / sum(parts.map((part) => part.n));
  return parts.map(({ a, b, c }, k) => {
    const factor = volumes[k] > 0 ? mean / volumes[k] : 0;
    return [a * factor, b * factor, c * factor];
  });
}
