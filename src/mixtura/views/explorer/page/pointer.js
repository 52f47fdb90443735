// The pointer on the picture: it picks a point, or pulls a handle of a component.

import { covarianceOf, moved, reshaped } from "./play.js";
import { handlesOf, inPixels, placeOf, pulled } from "./scene.js";

/**
 * Listen to the pointer on the canvas.
 *
 * `page` has view(), mixture(), component() (null where nothing is to be moved), and is told:
 * grasp(k) before component k is pulled, change(mixture), chooseRow(row or null).
 */
export function listenToPointer(canvas, data, page) {
  const { D, K, n, rule } = data;
  let held = null;

  const at = (event) => {
    const place = canvas.getBoundingClientRect();
    return [event.clientX - place.left, event.clientY - place.top];
  };
  const handles = (k) => handlesOf(page.view(), page.mixture(), k, rule.letters);

  /** The handle under the pointer: of the chosen component first, else a mean of any. */
  function grabbed(x, y) {
    const chosen = page.component();
    if (chosen === null) return null;
    const near = (handle) => Math.hypot(handle.x - x, handle.y - y) < 15;
    const own = handles(chosen).filter(near);
    if (own.length) return { k: chosen, kind: own[own.length - 1].kind };
    for (let k = 0; k < K; k += 1) if (near(handles(k)[0])) return { k, kind: "mean" };
    return null;
  }

  function nearestRow(x, y) {
    let [best, least] = [null, 18];
    for (let i = 0; i < n; i += 1) {
      const [px, py] = placeOf(page.view(), data, i);
      const far = Math.hypot(px - x, py - y);
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = at(event);
    const found = grabbed(x, y);
    if (!found) {
      page.chooseRow(nearestRow(x, y));
      return;
    }
    page.grasp(found.k);
    const [view, mixture] = [page.view(), page.mixture()];
    const grip = D === 2
      ? inPixels(view, mixture, found.k, rule.letters)
      : { x: view.px(mixture.means[found.k]), y };
    const handle = handles(found.k).find(({ kind }) => kind === found.kind);
    held = {
      ...found,
      grip: { ...grip, D, covariance: covarianceOf(mixture, found.k) },
      offset: [handle.x - x, handle.y - y],
    };
    canvas.setPointerCapture(event.pointerId);
  });

  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event);
    if (!held) {
      canvas.style.cursor = grabbed(x, y) ? "grab" : "crosshair";
      return;
    }
    const [view, mixture] = [page.view(), page.mixture()];
    const [px, py] = [x + held.offset[0], y + held.offset[1]];
    const inside = (value, low, length) => Math.min(Math.max(value, low), low + length);
    if (held.kind === "mean") {
      const mean = [view.ux(inside(px, view.box.left, view.box.width))];
      if (D === 2) mean.push(view.uy(inside(py, view.box.top, view.box.height)));
      page.change(moved(mixture, held.k, mean));
    } else {
      page.change(reshaped(mixture, held.k, rule.letters, pulled(view, held.grip, held.kind, rule.letters, px, py)));
    }
  });

  const release = () => {
    held = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
}
