// Draws the map and the two plots by rank with Plotly, in the page's colours.

const MOST_POINTS = 700;
const FONT = {found: 14, asked: 15, other: 12};  // pixels
const LINE = 15, GAP = 7;  // pixels: height of a label, and its distance from its point
const CELL = [100, 56];  // pixels: each cell of this size gets at most one label
const LONGEST_LABEL = 240;  // pixels
const LONGEST_HOVER = 480;
const SIDES = {"top center": [0, -1], "bottom center": [0, 1], "middle right": [1, 0],
               "middle left": [-1, 0]};
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"];
const SIGNS = ["●", "■", "◆", "▲", "✚", "✖", "★", "⬢"];  // the same, for text

const ruler = document.createElement("canvas").getContext("2d");

/** Width of a text in pixels. */
function widthOf(text, size) {
  ruler.font = `${size}px system-ui, sans-serif`;
  return ruler.measureText(text).width;
}

/** A word cut to a width in pixels, with "…" at the end if anything is missing. */
function shortened(word, most, size) {
  if (widthOf(word, size) <= most) return word;
  const letters = [...word.slice(0, most)];
  while (letters.length > 1 && widthOf(letters.join("") + "…", size) > most) letters.pop();
  return letters.join("") + "…";
}

/** A word escaped for Plotly, which interprets some HTML. */
const plain = word => word.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** A word for the start of a line; U+2068 and U+2069 isolate its writing direction. */
const hovered = word => `\u2068${plain(shortened(word, LONGEST_HOVER, 13))}\u2069`;

// --- the map ----------------------------------------------------------------------------------
// A view is {x, y, size}: its middle, and how much of the map fits along the shorter side of the
// element. Both axes have the same scale.

const shorterSide = element => Math.min(element.clientWidth, element.clientHeight);

/** The axis ranges of a view: [left, right, bottom, top]. */
function rangesOf({x, y, size}, element) {
  const half = size / shorterSide(element) / 2;
  const [w, h] = [element.clientWidth * half, element.clientHeight * half];
  return [x - w, x + w, y - h, y + h];
}

/** The view with these axis ranges. */
function viewOf([left, right, bottom, top], element) {
  return {x: (left + right) / 2, y: (bottom + top) / 2,
          size: (right - left) / element.clientWidth * shorterSide(element)};
}

/** A view that contains these points with a margin. */
function around(points, element, margin) {
  const [xs, ys] = [points.map(point => point[0]), points.map(point => point[1])];
  const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)];
  const scale = Math.max((high[0] - low[0]) / element.clientWidth,
                         (high[1] - low[1]) / element.clientHeight, 1e-4);
  return {x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2,
          size: scale * (1 + 2 * margin) * shorterSide(element)};
}

/** Choose the words that get a label, and the side of their point it is on, so that no label
 *  covers another: the marked words first, then the most frequent word of each cell of a grid. */
function labelled(vectors, ranges, element, asked, found) {
  const [left, right, bottom, top] = ranges;
  const [width, height] = [element.clientWidth, element.clientHeight];
  const place = id => {
    const [x, y] = vectors.point(id);
    return [(x - left) / (right - left) * width, (top - y) / (top - bottom) * height];
  };
  const taken = [...asked, ...found].map(place).map(([x, y]) => ({x, y, w: 7, h: 7}));
  const inside = box => box.x - box.w >= 0 && box.x + box.w <= width && box.y - box.h >= 0
    && box.y + box.h <= height;
  const covers = (box, other) =>  // with half a pixel for rounding: a label touches its own point
    Math.abs(other.x - box.x) < other.w + box.w - 0.5 && Math.abs(other.y - box.y) < other.h + box.h - 0.5;
  const free = box => inside(box) && !taken.some(other => covers(box, other));
  const coversNoLabel = box => inside(box) && !taken.some(other => other.side && covers(box, other));
  const longest = Math.min(LONGEST_LABEL, width * 0.45);
  const labels = new Map();  // id to {text, side}
  const add = (id, size, sides, gap, must) => {
    const [x, y] = place(id);
    const text = shortened(vectors.words[id], longest, size);
    const w = widthOf(text, size) / 2 + 3, h = LINE / 2;
    const boxes = sides.map(side => {
      const [dx, dy] = SIDES[side];
      return {x: x + dx * (w + gap), y: y + dy * (h + gap), w, h, side};
    });
    const box = boxes.find(free)
      ?? (must && (boxes.find(coversNoLabel) ?? boxes.find(inside) ?? boxes[0]));
    if (!box) return;
    taken.push(box);
    labels.set(id, {text, side: box.side});
  };
  const sides = Object.keys(SIDES);
  for (const id of asked) add(id, FONT.asked, sides, GAP, true);  // always labelled
  for (const id of found) add(id, FONT.found, sides, GAP, false);
  const others = [], filled = new Set(), marked = new Set([...asked, ...found]);
  for (let id = 0; id < vectors.points[0].length; id++) {
    const cell = place(id).map((pixels, i) => Math.floor(pixels / CELL[i])).join();
    if (filled.has(cell) || marked.has(id)) continue;
    add(id, FONT.other, ["top center"], 1, false);
    if (!labels.has(id)) continue;
    filled.add(cell);
    others.push(id);
  }
  return {labels, others};
}

/** An arrow between two words. */
function arrow(vectors, [from, to]) {
  const [[ax, ay], [x, y]] = [vectors.point(from), vectors.point(to)];
  return {x, y, ax, ay, xref: "x", yref: "y", axref: "x", ayref: "y", showarrow: true, text: "",
          arrowhead: 2, arrowsize: 1.2, arrowwidth: 2, arrowcolor: colour("muted"), standoff: 9,
          startstandoff: 9};
}

/** Draw a view of the map. `added`, `subtracted` and `found` are ids of words; `arrows` are pairs of
 *  ids, from the first word to the second. */
function drawMap(element, vectors, view, {added, subtracted, found, arrows}) {
  const ranges = rangesOf(view, element);
  const {labels, others} = labelled(vectors, ranges, element, [...added, ...subtracted], found);
  const clusterColours = vectors.clusters
    ? vectors.clusters.map(cluster => colour("c" + cluster)) : colour("muted");
  const trace = (ids, own) => {
    const points = ids.map(id => vectors.point(id));
    return {type: "scatter", mode: "markers+text", x: points.map(p => p[0]), y: points.map(p => p[1]),
            customdata: ids, hovertext: ids.map(id => `${hovered(vectors.words[id])}, rank ${id + 1}`),
            hovertemplate: "%{hovertext}<extra></extra>",
            text: ids.map(id => plain(labels.get(id)?.text ?? "")),
            textposition: ids.map(id => labels.get(id)?.side ?? "top center"), ...own};
  };
  const marks = (ids, symbol, size, font, name, fill) => trace(ids, {
    marker: {size, symbol, color: colour(fill), line: {width: 2, color: colour(name)}},
    textfont: {color: colour(name), size: font}});
  const axis = {showgrid: false, showticklabels: false, ticks: "", zeroline: false};
  return Plotly.react(element, [
    trace(vectors.points[0].map((_, id) => id),
          {mode: "markers", marker: {size: 5, color: clusterColours, opacity: 0.45}}),
    trace(others, {mode: "text", hoverinfo: "skip", hovertemplate: null,
                   textfont: {color: colour("muted"), size: FONT.other}}),
    marks(found, "circle", 8, FONT.found, "ink", "paper"),
    marks(added, "diamond", 12, FONT.asked, "ink", "ink"),
    marks(subtracted, "diamond", 12, FONT.asked, "c7", "paper"),
  ], layout({
    annotations: arrows.map(pair => arrow(vectors, pair)),
    width: element.clientWidth, height: element.clientHeight, margin: {l: 0, r: 0, t: 0, b: 0},
    dragmode: fingers ? false : "pan", hovermode: "closest",
    xaxis: {...axis, range: ranges.slice(0, 2)}, yaxis: {...axis, range: ranges.slice(2)},
  }), {displayModeBar: false, typesetMath: false, scrollZoom: true, doubleClick: false});
}

// --- by rank ----------------------------------------------------------------------------------

/** Draw numbers by rank for each file, with the words of the query marked. */
function drawRanks(element, models, numbers, asked, title, yType) {
  const data = [];
  models.forEach((vectors, number) => {
    const values = numbers(vectors);
    if (!values) return;
    const last = vectors.words.length;
    const ids = new Set();  // evenly spread over a logarithmic axis
    for (let i = 0; i < MOST_POINTS; i++) ids.add(Math.floor(last ** (i / (MOST_POINTS - 1))) - 1);
    const trace = (ids, own) => ({
      type: "scatter", mode: "markers", x: ids.map(id => id + 1), y: ids.map(id => values[id]),
      hovertext: ids.map(id => hovered(vectors.words[id])),
      hovertemplate: "%{hovertext}: %{y:.4~g}, rank %{x:,}<extra></extra>", ...own});
    const [color, symbol] = [colour("c" + number), SYMBOLS[number]];
    const known = asked.filter(word => vectors.ids.has(word)).map(word => vectors.ids.get(word));
    const isLeft = id => id + 1 < Math.sqrt(last);
    const hasLabel = asked.length === 1 && !data.length;  // several would overlap
    data.push(trace([...ids], {marker: {size: 4, color, opacity: 0.6, symbol}}));
    data.push(trace(known, {
      mode: hasLabel ? "markers+text" : "markers", cliponaxis: false,
      text: known.map(id => plain(shortened(vectors.words[id], element.clientWidth * 0.4, 14))),
      textposition: known.map(id => isLeft(id) ? "top right" : "top left"),
      textfont: {color: colour("ink"), size: 14},
      marker: {size: 12, color, symbol, line: {width: 2, color: colour("ink")}}}));
  });
  const logarithmic = {type: "log", dtick: 1, tickformat: ",d"};
  return Plotly.react(element, data, layout({
    hovermode: "closest", margin: {l: yType === "log" ? 78 : 46, r: 8, t: 24, b: 42},
    xaxis: {...logarithmic, title: {text: "rank by frequency"}, zeroline: false},
    yaxis: {title: {text: title}, zeroline: false,
            ...(yType === "log" ? logarithmic : {rangemode: "tozero"})},
  }), {responsive: true, displayModeBar: false, typesetMath: false});
}
