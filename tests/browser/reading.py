"""What a reader would stumble over, as a browser lays it out: functions of JavaScript, by name."""

from __future__ import annotations

__all__ = ["BROKEN_HEADS", "OVERLAPS", "SCROLLING", "TURNED"]

_COMMON = """
const textsIn = (root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) if (walker.currentNode.data.trim()) found.push(walker.currentNode);
  return found;
};
const rangeOf = (node, start, end) => {
  const range = document.createRange();
  range.setStart(node, start);
  range.setEnd(node, end);
  return range;
};
"""

#: the words in heads of tables that stand on more than one line
BROKEN_HEADS = f"""() => {{
{_COMMON}
const broken = [];
for (const head of document.querySelectorAll("th")) {{
  for (const node of textsIn(head)) {{
    for (const word of node.data.matchAll(/\\S+/g)) {{
      const rects = rangeOf(node, word.index, word.index + word[0].length).getClientRects();
      if (new Set([...rects].map(({{ top }}) => Math.round(top))).size > 1) broken.push(word[0]);
    }}
  }}
}}
return broken;
}}"""

#: pairs of texts in sight that lie over one another; the numbers in the middle of data are left out
OVERLAPS = f"""() => {{
{_COMMON}
const clipped = (rect, element) => {{
  let {{ left, right, top, bottom }} = rect;
  for (let one = element; one && one !== document.body; one = one.parentElement) {{
    const {{ overflowX, overflowY }} = getComputedStyle(one);
    if (overflowX === "visible" && overflowY === "visible") continue;
    const box = one.getBoundingClientRect();
    [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
  }}
  return {{ left, right, top, bottom }};
}};
const boxes = [];
textsIn(document.body).forEach((node, i) => {{
  const parent = node.parentElement;
  if (parent.closest("script, style, noscript") || !parent.checkVisibility()) return;
  const drawn = parent.closest("svg text");
  const small = drawn && parseFloat(drawn.getAttribute("font-size")) <= 7;
  if (drawn && (drawn.closest("[font-weight]") || small)) return;
  const rects = drawn
    ? [drawn.getBoundingClientRect()]
    : rangeOf(node, 0, node.length).getClientRects();
  for (const rect of rects) {{
    const box = clipped(rect, drawn ? drawn.closest("svg") : parent);
    if (box.right - box.left > 1 && box.bottom - box.top > 1) {{
      boxes.push({{ ...box, owner: drawn ?? node, words: node.data.trim() }});
    }}
  }}
}});
boxes.sort((a, b) => a.top - b.top);
const found = [];
boxes.forEach((a, i) => {{
  for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom - 3; j += 1) {{
    const b = boxes[j];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    if (a.owner !== b.owner && across > 2) found.push([a.words, b.words]);
  }}
}});
return found;
}}"""

#: what stands right after a name that runs from right to left, and yet to the left of its end
TURNED = f"""() => {{
{_COMMON}
const fromTheRight = /[\\u0590-\\u08ff]/;
const found = [];
const checkAfter = (name, node, start) => {{
  const next = node ? node.data.slice(start).search(/\\S/) : -1;
  if (next < 0) return;
  const [last] = [...name.getClientRects()].slice(-1);
  const after = rangeOf(node, start + next, start + next + 1).getBoundingClientRect();
  const sameLine = Math.abs(after.top - last.top) < 5;
  if (sameLine && after.left < last.right - 1) found.push(name.toString() + node.data.slice(start));
}};
let seen = 0;
for (const element of document.querySelectorAll("bdi")) {{
  if (!fromTheRight.test(element.textContent)) continue;
  seen += 1;
  const range = document.createRange();
  range.selectNodeContents(element);
  const after = element.nextSibling;
  checkAfter(range, after?.nodeType === Node.TEXT_NODE ? after : null, 0);
}}
for (const node of textsIn(document.body)) {{
  const parent = node.parentElement;
  if (parent.closest("script, style, bdi") || !fromTheRight.test(node.data)) continue;
  if (!parent.checkVisibility()) continue;
  const isolated = [...node.data.matchAll(/\\u2068([^\\u2069]*)\\u2069/g)];
  const alone = parent.closest("th, td, option, label, [dir=auto]");
  if (!isolated.length && !alone) found.push(`not isolated: ${{node.data}}`);
  for (const match of parent.closest("svg") ? [] : isolated) {{
    seen += 1;
    const end = match.index + match[0].length;
    checkAfter(rangeOf(node, match.index + 1, end - 1), node, end);
  }}
}}
return [seen, found];
}}"""

#: the frames that scroll sideways, by their places
SCROLLING = """() => [...document.querySelectorAll(".scroll, .drawing")]
  .map((frame, i) => ({ i, far: frame.scrollWidth - frame.clientWidth }))
  .filter(({ far }) => far > 2).map(({ i }) => i)"""
