// The scale of an axis: what is taken from its numbers so that they can be read, and said beside its
// name; and where the ticks stand.

// Values this many times as far from 0 as from each other are written as differences; those that
// differ by so much, and are below so much, are written out.
const FAR = 1e4;
const [SMALL, LARGE] = [1e-3, 1e6];
const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/**
 * The scale that shows values from `low` to `high` in a few digits: a tick says
 * (value − offset) / 10^exponent, and `words` says so.
 */
export function scaleOf(low, high) {
  const span = high - low;
  const farthest = Math.max(Math.abs(low), Math.abs(high));
  const near = span > 0 && farthest >= FAR * span && farthest > 1e-290 && farthest < 1e290;
  const offset = near ? roundNumber(low, high) : 0;
  const largest = Math.max(Math.abs(low - offset), Math.abs(high - offset));
  const plain = !(span > 0) || !Number.isFinite(span) || (span >= SMALL && largest < LARGE);
  const exponent = plain ? 0 : Math.floor(Math.log10(Math.max(offset ? span : largest, 1e-290)));
  return { offset, exponent, words: said(offset, exponent) };
}

/** The number of fewest digits from as far below `low` as `high` is above it, up to `high`. */
function roundNumber(low, high) {
  const least = low - (high - low);
  for (let power = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)))); ; power -= 1) {
    // A power below 1 is divided by, which is exact where a product is not.
    const found = power >= 0
      ? Math.floor(high / 10 ** power) * 10 ** power
      : Math.floor(high * 10 ** -power) / 10 ** -power;
    if (found >= least) return found;
  }
}

function said(offset, exponent) {
  const parts = [];
  if (offset) {
    const size = Math.abs(offset);
    const text = size < 1e16
      ? size.toLocaleString("en", { maximumSignificantDigits: 15 })
      : String(size);
    parts.push(`${offset > 0 ? "less" : "plus"} ${text}`);
  }
  if (exponent) parts.push(`in 10${[...String(exponent)].map((digit) => RAISED[digit]).join("")}`);
  return parts.map((part) => `, ${part}`).join("");
}

/**
 * Round numbers between low and high with their labels, as close as `pixels` along the axis allow.
 *
 * `room(labels)` is how far apart ticks with these labels must stand, pixels.
 */
export function ticks(low, high, pixels, room) {
  const scale = scaleOf(low, high);
  const unit = 10 ** scale.exponent;
  const [from, to] = [(low - scale.offset) / unit, (high - scale.offset) / unit];
  let found = [];
  const power = Math.floor(Math.log10((to - from) / Math.max(pixels / 12, 2)));
  // Ever coarser, until they stand clear of each other; but two are left, to tell the scale.
  for (const factor of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]) {
    const coarser = marks(from, to, factor, power);
    if (found.length && coarser.length < 2) break;
    found = coarser;
    if ((pixels * factor * 10 ** power) / (to - from) >= room(found.map(({ label }) => label))) break;
  }
  return found.map(({ number, label }) => ({ value: scale.offset + number * unit, label }));
}

function marks(from, to, factor, power) {
  // Numbers with decimals are divided down to, so that they are the nearest there are.
  const size = power >= 0 ? factor * 10 ** power : factor / 10 ** -power;
  const decimals = Math.max(0, -power - (factor >= 10 ? Math.floor(Math.log10(factor)) : 0));
  const found = [];
  for (let i = Math.ceil(from / size - 1e-9); i * size <= to + 1e-9 * size; i += 1) {
    const number = power >= 0 ? i * size : (i * factor) / 10 ** -power;
    const text = Math.abs(number).toFixed(Math.min(decimals, 12));
    found.push({ number, label: number < 0 && Number(text) !== 0 ? `\u2212${text}` : text });
  }
  return found;
}
