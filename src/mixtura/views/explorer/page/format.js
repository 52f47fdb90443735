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

/** A number with a sign, for a term of a sum or a difference. */
export function signed(value, decimals = 4) {
  const text = fixed(Math.abs(value), decimals);
  return value < 0 && Number(text) !== 0 ? `${MINUS} ${text}` : `+ ${text}`;
}

/** How many there are, with the noun: 1 row, 20,000 rows. */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A name without the characters that would turn the text around it, or break its line. */
export function plain(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, " ");
}
