// Numbers and names as people read them.

const MINUS = "\u2212";

/** A number with so many decimals; a minus sign that is one. */
export function fixed(value, decimals = 4) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** A number with so many significant digits, as short as that allows. */
export function brief(value, digits = 4) {
  if (!Number.isFinite(value)) return fixed(value);
  const rounded = Number(value.toPrecision(digits));
  const text = Math.abs(rounded) >= 1e7 || (rounded !== 0 && Math.abs(rounded) < 1e-4)
    ? Math.abs(rounded).toExponential().replace("e+", "e")
    : String(Math.abs(rounded));
  return rounded < 0 ? MINUS + text : text;
}

/**
 * A number with so many significant digits, or more: a thousandth of `spread` shows.
 *
 * A fixed number of digits says little about a value far from 0, and what varies around it.
 */
export function resolved(value, spread, digits = 6) {
  if (!Number.isFinite(value) || !(spread > 0)) return brief(value, digits);
  const due = Math.floor(Math.log10(Math.abs(value) || 1)) - Math.floor(Math.log10(1e-3 * spread)) + 1;
  const kept = Math.min(Math.max(digits, due), 17);
  if (due <= digits) return brief(value, digits);
  const text = String(Number(Math.abs(value).toPrecision(kept)));
  return value < 0 ? MINUS + text : text;
}

/** A number with a sign, for a term of a sum or a difference. */
export function signed(value, decimals = 4) {
  const text = fixed(Math.abs(value), decimals);
  return value < 0 && Number(text) !== 0 ? `${MINUS} ${text}` : `+ ${text}`;
}

/** How many there are, with the noun: 1 row, 20,000 rows. */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name in a sentence: cut where it is long, and where it runs from the right it turns nothing. */
export function told(name, most = 60) {
  const letters = [...name];
  const text = letters.length <= most ? name : `${letters.slice(0, most - 1).join("")}…`;
  return FROM_THE_RIGHT.test(text) ? `\u2068${text}\u2069` : text;
}

/** A name cut so that it is not wider than `room`, by `measured(text)`; told as in a sentence. */
export function toldWithin(name, room, measured) {
  const letters = [...name];
  let [low, high] = [0, letters.length + 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (measured(told(name, middle)) <= room) low = middle;
    else high = middle;
  }
  return told(name, low);
}

/** A name without the characters that would turn the text around it, or break its line. */
export function plain(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, " ");
}
