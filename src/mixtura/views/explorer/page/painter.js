// Painters: one picture, on a canvas or as SVG. All measures are in CSS pixels.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** Paints on a canvas whose pixels are 1/ratio CSS pixels wide. */
export function canvasPainter(canvas, ratio) {
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return {
    background(colour) {
      context.fillStyle = colour;
      context.fillRect(0, 0, canvas.width / ratio, canvas.height / ratio);
    },
    clipped({ left, top, width, height }, paint) {
      context.save();
      context.beginPath();
      context.rect(left, top, width, height);
      context.clip();
      paint();
      context.restore();
    },
    path(points, { stroke, fill, width = 1, dash = [], closed = false, opacity = 1 }) {
      context.globalAlpha = opacity;
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
      if (closed) context.closePath();
      if (fill) {
        context.fillStyle = fill;
        context.fill();
      }
      if (stroke) {
        context.strokeStyle = stroke;
        context.lineWidth = width;
        context.lineJoin = "round";
        context.setLineDash(dash);
        context.stroke();
      }
      context.globalAlpha = 1;
    },
    text(x, y, words, { fill, size = 12, align = "start", turn = 0, halo = null, bold = false }) {
      context.save();
      context.translate(x, y);
      context.rotate(turn);
      context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
      context.textAlign = align;
      context.textBaseline = "alphabetic";
      if (halo) {
        context.strokeStyle = halo;
        context.lineWidth = 3;
        context.lineJoin = "round";
        context.setLineDash([]);
        context.strokeText(words, 0, 0);
      }
      context.fillStyle = fill;
      context.fillText(words, 0, 0);
      context.restore();
    },
    image(pixels, columns, rows, { left, top, width, height }) {
      context.imageSmoothingEnabled = true;
      context.drawImage(sheet("image", pixels, columns, rows), left, top, width, height);
    },
    cloud(xs, ys, colours, radius, opacity, { left, top, width, height }) {
      const [w, h] = [Math.ceil(width * ratio), Math.ceil(height * ratio)];
      const pixels = stamped(xs, ys, colours, radius * ratio, opacity, { left, top, ratio, w, h });
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(sheet("cloud", pixels, w, h), Math.round(left * ratio), Math.round(top * ratio));
      context.restore();
    },
  };
}

/** Writes SVG; `finished` gives the text of the file. */
export function svgPainter(width, height) {
  const parts = [];
  let clips = 0;
  return {
    background(colour) {
      parts.push(`<rect width="${width}" height="${height}" fill="${colour}"/>`);
    },
    clipped(box, paint) {
      clips += 1;
      parts.push(
        `<clipPath id="clip${clips}"><rect x="${box.left}" y="${box.top}" width="${box.width}" `
        + `height="${box.height}"/></clipPath><g clip-path="url(#clip${clips})">`,
      );
      paint();
      parts.push("</g>");
    },
    path(points, { stroke, fill, width: line = 1, dash = [], closed = false, opacity = 1 }) {
      const steps = [];
      for (let i = 0; i < points.length; i += 2) {
        steps.push(`${i ? "L" : "M"}${points[i].toFixed(2)} ${points[i + 1].toFixed(2)}`);
      }
      parts.push(
        `<path d="${steps.join("")}${closed ? "Z" : ""}" fill="${fill ?? "none"}" `
        + `stroke="${stroke ?? "none"}" stroke-width="${line}" stroke-linejoin="round"`
        + `${dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : ""} opacity="${opacity}"/>`,
      );
    },
    text(x, y, words, { fill, size = 12, align = "start", turn = 0, halo = null, bold = false }) {
      const anchor = { start: "start", center: "middle", end: "end" }[align];
      const degrees = (turn * 180) / Math.PI;
      parts.push(
        `<text transform="translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${degrees.toFixed(2)})" `
        + `fill="${fill}" font-size="${size}" font-family="${FONT}" text-anchor="${anchor}"`
        + `${bold ? ' font-weight="600"' : ""}`
        + `${halo ? ` stroke="${halo}" stroke-width="3" paint-order="stroke"` : ""}>`
        + `${escaped(words)}</text>`,
      );
    },
    image(pixels, columns, rows, { left, top, width: w, height: h }) {
      const url = sheet("image", pixels, columns, rows).toDataURL("image/png");
      parts.push(
        `<image href="${url}" x="${left}" y="${top}" width="${w}" height="${h}" `
        + 'preserveAspectRatio="none"/>',
      );
    },
    cloud(xs, ys, colours, radius, opacity) {
      parts.push(`<g fill-opacity="${opacity}">`);
      for (let i = 0; i < xs.length; i += 1) {
        const colour = `rgb(${colours[3 * i]},${colours[3 * i + 1]},${colours[3 * i + 2]})`;
        parts.push(
          `<circle cx="${xs[i].toFixed(1)}" cy="${ys[i].toFixed(1)}" r="${radius}" fill="${colour}"/>`,
        );
      }
      parts.push("</g>");
    },
    finished() {
      return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" `
        + `width="${width}" height="${height}">${parts.join("\n")}</svg>\n`;
    },
  };
}

/** A point of a closed ellipse after the other: conjugate half axes (ax, ay) and (bx, by). */
export function ellipsePoints(cx, cy, ax, ay, bx, by, count = 72) {
  const points = [];
  for (let i = 0; i < count; i += 1) {
    const angle = (2 * Math.PI * i) / count;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    points.push(cx + cos * ax + sin * bx, cy + cos * ay + sin * by);
  }
  return points;
}

/** How wide a line of text is, pixels. */
export function widthOf(words, size = 12) {
  const context = sheetOf("words").getContext("2d");
  context.font = `${size}px ${FONT}`;
  return context.measureText(words).width;
}

function escaped(text) {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const sheets = new Map();

/** Pixels as a canvas of their own, one for each use, so that they blend when they are drawn. */
function sheet(use, pixels, columns, rows) {
  const canvas = sheetOf(use);
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  canvas.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return canvas;
}

function sheetOf(use) {
  if (!sheets.has(use)) sheets.set(use, document.createElement("canvas"));
  return sheets.get(use);
}

let buffer = new Uint8ClampedArray(0);

/**
 * Discs of `radius` device pixels, laid over each other: thousands of points take a millisecond or
 * two this way, many times what filling a path for each of them costs.
 */
function stamped(xs, ys, colours, radius, opacity, { left, top, ratio, w, h }) {
  if (buffer.length !== 4 * w * h) buffer = new Uint8ClampedArray(4 * w * h);
  else buffer.fill(0);
  const reach = Math.ceil(radius + 1);
  const side = 2 * reach + 1;
  const ink = new Float32Array(side * side);
  for (let j = 0; j < side; j += 1) {
    for (let i = 0; i < side; i += 1) {
      const edge = radius + 0.5 - Math.hypot(i - reach, j - reach);
      ink[j * side + i] = opacity * Math.min(Math.max(edge, 0), 1);
    }
  }
  for (let p = 0; p < xs.length; p += 1) {
    const x0 = Math.round((xs[p] - left) * ratio) - reach;
    const y0 = Math.round((ys[p] - top) * ratio) - reach;
    const [red, green, blue] = [colours[3 * p], colours[3 * p + 1], colours[3 * p + 2]];
    for (let j = Math.max(0, -y0); j < side && y0 + j < h; j += 1) {
      for (let i = Math.max(0, -x0); i < side && x0 + i < w; i += 1) {
        const over = ink[j * side + i];
        if (over === 0) continue;
        const at = 4 * ((y0 + j) * w + x0 + i);
        if (buffer[at + 3] === 0) {
          buffer[at] = red;
          buffer[at + 1] = green;
          buffer[at + 2] = blue;
          buffer[at + 3] = 255 * over;
          continue;
        }
        const under = (buffer[at + 3] / 255) * (1 - over);
        const alpha = over + under;
        buffer[at] = (red * over + buffer[at] * under) / alpha;
        buffer[at + 1] = (green * over + buffer[at + 1] * under) / alpha;
        buffer[at + 2] = (blue * over + buffer[at + 2] * under) / alpha;
        buffer[at + 3] = 255 * alpha;
      }
    }
  }
  return buffer;
}
