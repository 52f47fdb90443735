// One iteration of a fit, in words.

import { brief, fixed } from "./format.js";

/** What is known of entry `entry` of the trace: its likelihood, its gain, what was done there. */
export function wordsOf(replay, entry) {
  const { trace } = replay;
  const parts = [`Iteration ${entry} of ${trace.length - 1}: ${fixed(trace[entry], 6)} nats a row`];
  if (entry > 0) {
    parts.push(`gain ${brief(trace[entry] - trace[entry - 1], 3)}`);
    parts.push(`scikit-learn’s lower_bound_ would say ${fixed(trace[entry - 1], 6)}`);
  } else parts.push("the start");
  if (replay.accelerated.includes(entry)) parts.push("reached by extrapolation");
  for (const repair of replay.repairs) {
    if (repair.iteration === entry) {
      parts.push(`component ${repair.component} ${repair.action}: ${repair.reason}`);
    }
  }
  return `${parts.join("; ")}.`;
}

/** The frame kept nearest to entry `entry` of the trace. */
export function nearestFrame(replay, entry) {
  let best = 0;
  replay.entries.forEach((one, i) => {
    if (Math.abs(one - entry) < Math.abs(replay.entries[best] - entry)) best = i;
  });
  return best;
}
