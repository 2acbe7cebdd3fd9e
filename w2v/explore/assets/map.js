// The map: pans and zooms its view, and looks up words on it.

const map = $("map");
const fingers = matchMedia("(pointer: coarse)").matches;
const STEP = 0.2;  // part of the view that an arrow key pans
const ZOOM = 0.6;
const CLOSEST = 1 / 500, FARTHEST = 4;  // sizes of a view relative to the whole map
let drawn = null;  // what the map shows

/** A view of the marked words and almost all others. */
function homeView(vectors, marked) {
  const sorted = vectors.points.map(numbers => [...numbers].sort((a, b) => a - b));
  const cut = Math.floor(sorted[0].length * 0.005);  // outliers would squeeze the others
  const end = sorted[0].length - 1 - cut;
  const corners = [[sorted[0][cut], sorted[1][cut]], [sorted[0][end], sorted[1][end]]];
  return around([...corners, ...marked.map(id => vectors.point(id))], map, 0.04);
}

/** The view in the address; null if it is not valid. */
function namedView(text) {
  const [x, y, size, more] = text.split(",").map(Number);
  return size > 0 && [x, y, size].every(Number.isFinite) && more === undefined ? {x, y, size} : null;
}

function showMap(state, query, answers) {
  const vectors = models[state.m];
  const idsOf = words => words.filter(word => vectors.ids.has(word)).map(word => vectors.ids.get(word));
  const [added, subtracted] = [idsOf(query.positive), idsOf(query.negative)];
  const found = answers[state.m].found.map(({id}) => id);
  const marks = {added, subtracted, found, arrows: analogyArrows(added, subtracted, found)};
  const marked = [...added, ...subtracted, ...found];
  const home = homeView(vectors, marked);
  drawn = {vectors, marks, marked, home, view: namedView(state.view) ?? home};
  showClusters(vectors);
  const size = vectors.points[0].length;
  const reads = vectors.explained === null
    ? (marked.some(id => id >= size) ? " Rarer words are placed between their three nearest words." : "")
    : ` The two axes hold ${(vectors.explained * 100).toFixed(0)}% of the variance: words far apart`
      + " here differ, words close together may differ too.";
  const symbols = [added.length ? "◆ in the query" : "", subtracted.length ? "◇ subtracted" : "",
                   found.length ? "○ nearest words" : "",
                   marks.arrows.length ? "→ the analogy" : ""].filter(Boolean);
  $("map-note").textContent = `${vectors.method} of the ${size.toLocaleString("en")} most frequent`
    + ` words. ${symbols.length ? symbols.join(", ") + "." : ""}${reads} Choose a word to look it up. `
    + (fingers ? "Pan and zoom with two fingers." : "Drag to pan; click the map, then scroll to zoom.");
  return drawMap(map, vectors, drawn.view, marks);
}

/** For a - b + c: arrows from b to a, and from c to the nearest word. */
function analogyArrows(added, subtracted, found) {
  if (added.length !== 2 || subtracted.length !== 1 || !found.length) return [];
  return [[subtracted[0], added[0]], [added[1], found[0]]];
}

/** Name the clusters by their central words, in their colours. */
function showClusters(vectors) {
  $("clusters").replaceChildren(...(vectors.clusterNames ?? []).map((ids, cluster) =>
    make("span", {class: "chip"}, make("i", {class: "dot", style: `background:var(--c${cluster})`}),
         ...ids.flatMap((id, i) => [i ? ", " : "", link(vectors.words[id], bdi(vectors.words[id]))]))));
}

/** Show a view, or everything for null, and put it into the address without adding to the history. */
function setView(wanted) {
  const {vectors, marks, home} = drawn;
  const view = wanted && {...wanted, size: Math.min(Math.max(
    wanted.size, home.size * CLOSEST), home.size * FARTHEST)};
  const numbers = view ? [view.x, view.y, view.size] : [];
  history.replaceState(null, "", address({view: numbers.map(n => +n.toPrecision(5)).join()}));
  drawn.view = view ?? home;
  return drawMap(map, vectors, drawn.view, marks);
}

const zoom = factor => setView({...drawn.view, size: drawn.view.size * factor});
const move = (dx, dy) => setView({...drawn.view, x: drawn.view.x + dx * STEP * drawn.view.size,
                                  y: drawn.view.y + dy * STEP * drawn.view.size});

const MAP_KEYS = {
  ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0),
  ArrowUp: () => move(0, 1), ArrowDown: () => move(0, -1),
  "+": () => zoom(ZOOM), "=": () => zoom(ZOOM), "-": () => zoom(1 / ZOOM), 0: () => setView(null),
};

function listenToMap() {
  map.on("plotly_click", ({points}) => {
    const id = points[0]?.customdata;
    if (id !== undefined) go({q: drawn.vectors.words[id]});
  });
  map.on("plotly_relayout", change => {
    if (!("xaxis.range[0]" in change || "xaxis.range" in change)) return;
    setView(viewOf([...map.layout.xaxis.range, ...map.layout.yaxis.range], map));
  });
  map.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(MAP_KEYS, event.key)) return;
    event.preventDefault();
    MAP_KEYS[event.key]();
  });
  // Scrolling past the map must not zoom it: it zooms only once it has the focus.
  map.addEventListener("pointerdown", () => map.focus({preventScroll: true}), true);
  map.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== map) event.stopPropagation();
  }, true);
  listenToFingers();
  $("zoom-in").onclick = () => zoom(ZOOM);
  $("zoom-out").onclick = () => zoom(1 / ZOOM);
  $("zoom-all").onclick = () => setView(null);
  $("zoom-found").onclick = () => {
    const points = drawn.marked.map(id => drawn.vectors.point(id));
    if (points.length) setView(around(points, map, 0.15));
  };
}

/** One finger scrolls the page; two pan and zoom the map, which is redrawn once they are lifted. */
function listenToFingers() {
  let begin = null, end = null;
  const measured = ([a, b]) => {
    const box = map.getBoundingClientRect();
    return {x: (a.clientX + b.clientX) / 2 - box.x, y: (a.clientY + b.clientY) / 2 - box.y,
            apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1};
  };
  map.addEventListener("touchstart", event => {
    event.stopPropagation();  // Plotly would take a scroll for a click
    if (event.touches.length === 2) begin = end = measured(event.touches);
  }, true);
  map.addEventListener("touchmove", event => {
    if (!begin || event.touches.length !== 2) return;
    if (event.cancelable) event.preventDefault();
    end = measured(event.touches);
    const scale = end.apart / begin.apart;
    const [x, y] = [end.x - begin.x * scale, end.y - begin.y * scale];
    Object.assign(map.firstElementChild.style,
                  {transformOrigin: "0 0", transform: `translate(${x}px,${y}px) scale(${scale})`});
  }, {passive: false});
  const leave = () => {
    if (!begin) return;
    map.firstElementChild.style.transform = "";
    const scale = begin.apart / end.apart;
    const unit = drawn.view.size / shorterSide(map);  // units of the map per pixel
    // The point between the fingers stays between them.
    const at = pixels => (pixels.x - map.clientWidth / 2) * unit;
    const up = pixels => (map.clientHeight / 2 - pixels.y) * unit;
    setView({x: drawn.view.x + at(begin) - at(end) * scale, y: drawn.view.y + up(begin) - up(end) * scale,
             size: drawn.view.size * scale});
    begin = null;
  };
  map.addEventListener("touchend", leave);
  map.addEventListener("touchcancel", leave);
}
