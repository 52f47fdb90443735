// The density, as mixtura's kernel computes it: nats, natural logarithms, one or two features.
//
// A mixture is { K, D, weights (K), means (K·D), covariances (K·D·D) }, Float64Arrays, row after
// row. Deviations are subtracted first, then whitened by the Cholesky factor; the maximum is taken
// out before any exponential. This module knows no page.

const LOG_TWO_PI = Math.log(2 * Math.PI);

/**
 * A mixture ready for scoring, or null where a covariance is not positive definite.
 *
 * constants_k = log w_k − ½ log|Σ_k| − D/2·log 2π; roots hold (ℓ11, ℓ21, ℓ22) of L L ᵀ = Σ_k.
 */
export function prepared(mixture) {
  const { K, D, weights, means, covariances } = mixture;
  const roots = new Float64Array(3 * K);
  const logWeights = new Float64Array(K);
  const halfLogDeterminants = new Float64Array(K);
  const constants = new Float64Array(K);
  const normalisation = -0.5 * D * LOG_TWO_PI;
  for (let k = 0; k < K; k += 1) {
    const at = k * D * D;
    const l11 = Math.sqrt(covariances[at]);
    const l21 = D === 2 ? covariances[at + 2] / l11 : 0;
    const l22 = D === 2 ? Math.sqrt(covariances[at + 3] - l21 * l21) : 1;
    if (!(l11 > 0 && l22 > 0 && weights[k] > 0 && Number.isFinite(l11 + l21 + l22))) return null;
    roots.set([l11, l21, l22], 3 * k);
    logWeights[k] = Math.log(weights[k]);
    halfLogDeterminants[k] = Math.log(l11) + Math.log(l22);
    constants[k] = logWeights[k] - halfLogDeterminants[k] + normalisation;
  }
  return { K, D, means, roots, logWeights, halfLogDeterminants, normalisation, constants };
}

/** ‖L_k⁻¹(x − μ_k)‖² of the point (x, y); y is not looked at where there is one feature. */
export function squaredDistance(model, k, x, y) {
  const { D, means, roots } = model;
  const first = (x - means[k * D]) / roots[3 * k];
  if (D === 1) return first * first;
  const second = (y - means[2 * k + 1] - roots[3 * k + 1] * first) / roots[3 * k + 2];
  return first * first + second * second;
}

/** log Σ_k w_k N(x | μ_k, Σ_k) of one point. */
export function logDensity(model, x, y) {
  let top = -Infinity;
  let sum = 0;
  for (let k = 0; k < model.K; k += 1) {
    const joint = model.constants[k] - 0.5 * squaredDistance(model, k, x, y);
    if (joint > top) {
      sum = sum * Math.exp(top - joint) + 1;
      top = joint;
    } else if (joint > top - 40) { // e⁻⁴⁰ is below an ulp of the sum, which is at least 1
      sum += Math.exp(joint - top);
    }
  }
  return top === -Infinity ? top : top + Math.log(sum);
}

/**
 * Log-likelihoods (n) and responsibilities (n·K) of rows (n·D), into the arrays given; the sum.
 *
 * r_ik = e_ik / Σ_l e_il with e_ik = exp(joint_ik − max). A row that every density underflows for
 * belongs to the component that is nearest.
 */
export function scored(model, rows, likelihoods, responsibilities) {
  const { K, D, constants } = model;
  const n = rows.length / D;
  let total = 0;
  for (let i = 0; i < n; i += 1) {
    const x = rows[i * D];
    const y = D === 2 ? rows[i * D + 1] : 0;
    const at = i * K;
    let top = -Infinity;
    for (let k = 0; k < K; k += 1) {
      const joint = constants[k] - 0.5 * squaredDistance(model, k, x, y);
      responsibilities[at + k] = joint;
      if (joint > top) top = joint;
    }
    if (top === -Infinity) {
      responsibilities.fill(0, at, at + K);
      responsibilities[at + nearest(model, x, y)] = 1;
      likelihoods[i] = -Infinity;
    } else {
      let sum = 0;
      for (let k = 0; k < K; k += 1) {
        const power = Math.exp(responsibilities[at + k] - top);
        responsibilities[at + k] = power;
        sum += power;
      }
      for (let k = 0; k < K; k += 1) responsibilities[at + k] /= sum;
      likelihoods[i] = top + Math.log(sum);
    }
    total += likelihoods[i];
  }
  return total;
}

/** Of each component the parts of one point's log-likelihood, and the sum. */
export function explained(model, x, y) {
  const logLikelihood = logDensity(model, x, y);
  const components = Array.from({ length: model.K }, (_, k) => {
    const squared = squaredDistance(model, k, x, y);
    const joint = model.constants[k] - 0.5 * squared;
    return {
      logWeight: model.logWeights[k],
      logDeterminant: -model.halfLogDeterminants[k],
      squaredDistance: squared,
      joint,
      responsibility: logLikelihood === -Infinity ? NaN : Math.exp(joint - logLikelihood),
    };
  });
  return { normalisation: model.normalisation, components, logLikelihood };
}

/** The component of least Mahalanobis distance where its square overflows. */
function nearest(model, x, y) {
  let best = 0;
  let least = Infinity;
  for (let k = 0; k < model.K; k += 1) {
    const far = Math.hypot(
      (x - model.means[k * model.D]) / model.roots[3 * k],
      model.D === 2 ? (y - model.means[2 * k + 1]) / model.roots[3 * k + 2] : 0,
    );
    if (far < least) [best, least] = [k, far];
  }
  return best;
}
