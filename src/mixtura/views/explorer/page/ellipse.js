// Symmetric 2 × 2 matrices [[a, b], [b, c]] as ellipses.

/**
 * Variances along the two axes, the larger first, and the angle of its axis.
 *
 * λ = (a + c)/2 ± √((a − c)²/4 + b²), tan 2θ = 2b / (a − c).
 */
export function axesOf(a, b, c) {
  const half = (a - c) / 2;
  const reach = Math.hypot(half, b);
  const major = (a + c) / 2 + reach;
  // The product of the two is the determinant: no difference of near numbers.
  const minor = major > 0 ? (a * c - b * b) / major : 0;
  return { major, minor, angle: reach > 0 ? Math.atan2(b, half) / 2 : 0 };
}

/** The matrix with these variances along its axes: [a, b, c]. */
export function matrixOf(major, minor, angle) {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return [
    major * cos * cos + minor * sin * sin,
    (major - minor) * cos * sin,
    major * sin * sin + minor * cos * cos,
  ];
}
