// The picture as a file.

import { canvasPainter, svgPainter } from "./painter.js";

/** Save as SVG what `paint` paints on width × height pixels. */
export function savedAsSvg(paint, width, height, name) {
  const painter = svgPainter(width, height);
  paint(painter);
  handed(new Blob([painter.finished()], { type: "image/svg+xml" }), `${name}.svg`);
}

/** Save it as PNG, of twice as many pixels. */
export function savedAsPng(paint, width, height, name) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  paint(canvasPainter(canvas, 2));
  canvas.toBlob((blob) => handed(blob, `${name}.png`), "image/png");
}

function handed(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
