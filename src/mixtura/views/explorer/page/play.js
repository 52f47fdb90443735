// Mixtures changed by hand: each function returns a new one.

import { diagonal, shared } from "./structures.js";

/** Component k about another mean. */
export function moved(mixture, k, mean) {
  const means = mixture.means.slice();
  means.set(mean, k * mixture.D);
  return { ...mixture, means };
}

/** Component k with another weight, from 0.001 to 0.999; the others keep their proportions. */
export function reweighted(mixture, k, wish) {
  if (mixture.K === 1) return mixture;
  const weight = Math.min(Math.max(wish, 0.001), 0.999);
  const rest = 1 - mixture.weights[k];
  const weights = mixture.weights.map((value, other) =>
    other === k ? weight
      : rest > 1e-12 ? value * (1 - weight) / rest
        : (1 - weight) / (mixture.K - 1),
  );
  return { ...mixture, weights };
}

/**
 * Component k with covariance [a, b, c], or variance [a], made to fit the structure: diagonal,
 * round, or that of every component where they share one.
 */
export function reshaped(mixture, k, letters, [a, b, c]) {
  const { K, D } = mixture;
  let own = [a];
  if (D === 2) {
    const off = diagonal(letters) ? 0 : b;
    own = letters[1] === "I" ? [a, 0, 0, a] : [a, off, off, c];
  }
  const covariances = mixture.covariances.slice();
  for (let other = 0; other < K; other += 1) {
    if (other === k || shared(letters)) covariances.set(own, other * D * D);
  }
  return { ...mixture, covariances };
}

/** [a, b, c] of component k, or [a] of one feature. */
export function covarianceOf(mixture, k) {
  const { D, covariances } = mixture;
  const at = k * D * D;
  return D === 1
    ? [covariances[at]]
    : [covariances[at], (covariances[at + 1] + covariances[at + 2]) / 2, covariances[at + 3]];
}
