// The map and the two plots against rank. Plotly draws; colours are the page's own.

const MOST_POINTS = 700;
const LETTER = 7.5, LINE = 15;  // pixels that a label takes, about
const CELL = [100, 56];  // pixels of the map that get one label
const SIDES = {"top center": [0, -1], "bottom center": [0, 1], "middle right": [1, 0],
               "middle left": [-1, 0]};

/** A word as Plotly shows it literally: it reads a little HTML. */
const plain = word => word.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const style = getComputedStyle(document.documentElement);
const colour = name => style.getPropertyValue("--" + name).trim();
const CORNERS = ["top right", "bottom left", "top left", "bottom right"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"];
const SIGNS = ["●", "■", "◆", "▲", "✚", "✖", "★", "⬢"];  // the same, for text

function layout(own) {
  const axis = {gridcolor: colour("line"), linecolor: colour("line"), zeroline: false};
  return {paper_bgcolor: colour("paper"), plot_bgcolor: colour("paper"), showlegend: false,
          font: {color: colour("ink"), size: 13, family: "system-ui, sans-serif"},
          hoverlabel: {bgcolor: colour("ink"), font: {color: colour("paper")}}, ...own,
          margin: {l: 8, r: 8, t: 8, b: 8, ...own.margin},
          xaxis: {...axis, ...own.xaxis}, yaxis: {...axis, ...own.yaxis}};
}

/** Which words of a view get a label, and on which side of their point, so that none covers
 *  another: the marked ones first, then the most frequent one of each cell of a grid. */
function labelled(vectors, view, element, asked, found) {
  const marked = [...asked, ...found].filter(id => vectors.point(id));
  const [left, right, bottom, top] = view;
  const [width, height] = [element.clientWidth, element.clientHeight];
  const place = id => {
    const point = vectors.point(id);
    return point && [(point[0] - left) / (right - left) * width,
                     (top - point[1]) / (top - bottom) * height];
  };
  const taken = marked.map(place).map(([x, y]) => ({x, y, w: 7, h: 7}));
  const free = box => box.x - box.w >= 0 && box.x + box.w <= width && box.y - box.h >= 0
    && box.y + box.h <= height && !taken.some(other =>
      Math.abs(other.x - box.x) < other.w + box.w && Math.abs(other.y - box.y) < other.h + box.h);
  const near = [], others = [], filled = new Set();
  const add = (id, [x, y], into, sides, gap) => {
    const w = vectors.words[id].length * LETTER / 2 + 3, h = LINE / 2;
    for (const side of sides) {
      const [dx, dy] = SIDES[side];
      const box = {x: x + dx * (w + gap), y: y + dy * (h + gap), w, h};
      if (!free(box)) continue;
      taken.push(box);
      into.push({id, side});
      return true;
    }
    return false;
  };
  for (const id of marked)
    if (!add(id, place(id), near, Object.keys(SIDES), 7) && asked.includes(id))
      near.push({id, side: "top center"});  // what was asked for always has its label
  for (let id = 0; id < vectors.points[0].length; id++) {
    const point = place(id);
    const cell = point.map((pixels, i) => Math.floor(pixels / CELL[i])).join();
    if (!filled.has(cell) && !marked.includes(id) && add(id, point, others, ["top center"], 1))
      filled.add(cell);
  }
  return {near, others};
}

/** Ranges that show some points with a margin, one unit being as long both ways. */
function around(points, element, margin = 0.08) {
  const [xs, ys] = [points.map(point => point[0]), points.map(point => point[1])];
  const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)];
  const scale = Math.max((high[0] - low[0]) / element.clientWidth,
                         (high[1] - low[1]) / element.clientHeight, 1e-4) * (0.5 + margin);
  const [x, y] = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  const [w, h] = [element.clientWidth * scale, element.clientHeight * scale];
  return [x - w, x + w, y - h, y + h];
}

/** Draw the map. `asked` and `found` are ids; the view is [left, right, bottom, top]. */
function drawMap(element, vectors, view, asked, found) {
  const labels = labelled(vectors, view, element, asked, found);
  const trace = (ids, own) => {
    const points = ids.map(id => vectors.point(id));
    return {type: "scatter", mode: "markers", x: points.map(p => p[0]), y: points.map(p => p[1]),
            customdata: ids, hovertext: ids.map(id => `${plain(vectors.words[id])}, rank ${id + 1}`),
            hovertemplate: "%{hovertext}<extra></extra>", ...own};
  };
  const sides = new Map(labels.near.map(({id, side}) => [id, side]));
  const marks = (ids, size, name, symbol, font) => trace(ids.filter(id => vectors.point(id)), {
    mode: "markers+text", marker: {size, color: colour(name), symbol},
    textfont: {color: colour(name), size: font},
    ...textOf(ids.filter(id => vectors.point(id)), id => sides.get(id))});
  const textOf = (ids, side) => ({
    text: ids.map(id => side(id) ? plain(vectors.words[id]) : ""),
    textposition: ids.map(id => side(id) ?? "top center")});
  const data = [
    trace(vectors.points[0].map((_, id) => id),
          {marker: {size: 4, color: colour("muted"), opacity: 0.35}}),
    trace(labels.others.map(({id}) => id), {
      mode: "text", hoverinfo: "skip", hovertemplate: null,
      textfont: {color: colour("muted"), size: 12},
      ...textOf(labels.others.map(({id}) => id), () => "top center")}),
    marks(found, 9, "c0", "circle", 14), marks(asked, 12, "c1", "diamond", 15),
  ];
  const axis = {showgrid: false, showticklabels: false, ticks: ""};
  return Plotly.react(element, data, layout({
    width: element.clientWidth, height: element.clientHeight, dragmode: "pan", hovermode: "closest", margin: {l: 0, r: 0, t: 0, b: 0},
    xaxis: {...axis, range: view.slice(0, 2)}, yaxis: {...axis, range: view.slice(2)},
  }), {responsive: false, displayModeBar: false, typesetMath: false, scrollZoom: true, doubleClick: false});
}

/** Draw numbers against rank, for several models; the asked words are marked. */
function drawRanks(element, models, numbers, asked, title, yType) {
  const data = [];
  models.forEach((vectors, number) => {
    const values = numbers(vectors);
    if (!values) return;
    const last = vectors.words.length;
    const ids = new Set();
    for (let i = 0; i < MOST_POINTS; i++) ids.add(Math.floor(last ** (i / (MOST_POINTS - 1))) - 1);
    const trace = (ids, own) => ({
      type: "scatter", mode: "markers", x: ids.map(id => id + 1), y: ids.map(id => values[id]),
      hovertext: ids.map(id => plain(vectors.words[id])),
      hovertemplate: "%{hovertext}: %{y:.4~g}, rank %{x:,}<extra></extra>", ...own});
    const name = "c" + number;
    data.push(trace([...ids], {marker: {size: 4, color: colour(name), opacity: 0.6,
                                        symbol: SYMBOLS[number]}}));
    const known = asked.filter(word => vectors.ids.has(word)).map(word => vectors.ids.get(word));
    data.push(trace(known, {mode: "markers+text", 
      text: known.map(id => number ? "" : plain(vectors.words[id])),  // once is enough
      textposition: known.map((_, i) => CORNERS[i % CORNERS.length]),
      textfont: {color: colour("ink"), size: 14},
      marker: {size: 12, color: colour(name), symbol: SYMBOLS[number],
               line: {width: 2, color: colour("ink")}}}));
  });
  return Plotly.react(element, data, layout({
    hovermode: "closest", dragmode: false, margin: {l: yType === "log" ? 78 : 46, t: 16, b: 42},
    xaxis: {type: "log", title: {text: "rank by frequency"}, dtick: 1, tickformat: ",d"},
    yaxis: {type: yType, title: {text: title}, ...(yType === "log" ? {dtick: 1, tickformat: ",d"}
                                                                   : {rangemode: "tozero"})},
  }), {responsive: true, displayModeBar: false, typesetMath: false});
}
