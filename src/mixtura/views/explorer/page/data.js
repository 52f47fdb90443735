// The record that Python wrote into the page, as arrays and objects.

import { plain } from "./format.js";

/** The record of the page, decoded. */
export function decoded(record) {
  const D = record.features.length;
  const K = record.fitted.n_components;
  const rows = floats(record.rows.values);
  const n = rows.length / D;
  const numbers = record.rows.numbers === null ? null : new Uint32Array(bytes(record.rows.numbers));
  return {
    D,
    K,
    n,
    rows,
    spreads: Array.from({ length: D }, (_, j) => spread(rows, n, D, j)),
    total: record.rows.total,
    numberOf: (i) => (numbers === null ? i : numbers[i]),
    indexOf: (number) => (numbers === null ? number : numbers.indexOf(number)),
    name: plain(record.name),
    version: record.version,
    features: record.features.map(plain),
    others: record.other_features.map(plain),
    structure: record.structure,
    palette: record.palette,
    ids: Object.entries(record.ids).map(([key, texts]) => [plain(key), texts.map(plain)]),
    fitted: mixtures(record.fitted.parameters, K, D)[0],
    wholeLikelihood: record.fitted.mean_log_likelihood,
    shownLikelihood: record.fitted.shown_log_likelihood,
    rule: { letters: record.structure.letters, ...record.regularisation },
    replay: record.replay && {
      ...record.replay,
      path: mixtures(record.replay.parameters, K, D),
    },
  };
}

/** Mixtures from weights, means and covariances, one after the other. */
export function mixtures(text, K, D) {
  const numbers = floats(text);
  const size = K * (1 + D + D * D);
  return Array.from({ length: numbers.length / size }, (_, i) => {
    const own = numbers.subarray(i * size, (i + 1) * size);
    return {
      K,
      D,
      weights: own.slice(0, K),
      means: own.slice(K, K + K * D),
      covariances: own.slice(K + K * D),
    };
  });
}

/** The standard deviation of a feature, about a first value: far from 0 the squares would cancel. */
function spread(rows, n, D, j) {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i += 1) {
    const away = rows[i * D + j] - rows[j];
    sum += away;
    squares += away * away;
  }
  return Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 0));
}

function floats(text) {
  return new Float64Array(bytes(text));
}

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}
