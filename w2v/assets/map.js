// The map: what is in view, how it is moved, and what is chosen on it.

const map = $("map");
const fingers = matchMedia("(pointer: coarse)").matches;
const STEP = 0.2;  // of the view, that an arrow key moves it
const ZOOM = 0.6;
const CLOSEST = 1 / 500, FARTHEST = 4;  // sizes of a view, in that of the whole map
let drawn = null;  // what the map shows now

/** Almost all of the map, and all the words that are marked on it. */
function homeView(vectors, marked) {
  const sorted = vectors.points.map(numbers => [...numbers].sort((a, b) => a - b));
  const cut = Math.floor(sorted[0].length * 0.005);  // a few far words would squeeze the others
  const end = sorted[0].length - 1 - cut;
  const corners = [[sorted[0][cut], sorted[1][cut]], [sorted[0][end], sorted[1][end]]];
  return around([...corners, ...marked.map(id => vectors.point(id))], map, 0.04);
}

/** The view that the address names; null for one that nobody can look at. */
function namedView(text) {
  const [x, y, size, more] = text.split(",").map(Number);
  return size > 0 && [x, y, size].every(Number.isFinite) && more === undefined ? {x, y, size} : null;
}

function showMap(state, query, answers) {
  const vectors = models[state.m];
  const placed = ids => ids.filter(id => vectors.point(id));
  const asked = placed([...query.positive, ...query.negative].filter(word => vectors.ids.has(word))
                       .map(word => vectors.ids.get(word)));
  const all = answers[state.m].found.map(({id}) => id);
  const found = placed(all);
  const home = homeView(vectors, [...asked, ...found]);
  drawn = {vectors, asked, found, home, view: namedView(state.view) ?? home};
  const explained = vectors.explained === null ? "" :
    ` Two directions hold ${(vectors.explained * 100).toFixed(0)}% of the variance; what is apart`
    + " here is apart, what is close here may not be.";
  const missing = found.length < all.length ? ` (${found.length} of ${all.length} have a place here)` : "";
  $("map-note").textContent = `${vectors.method} of the ${vectors.points[0].length.toLocaleString("en")}`
    + ` most frequent words.${explained} Diamonds: asked for. Large dots: the nearest words${missing}.`
    + " Choose a word to look it up. "
    + (fingers ? "Two fingers move and zoom." : "Drag to move; click, or hold Ctrl, and scroll to zoom.");
  return drawMap(map, vectors, drawn.view, asked, found);
}

/** Show a view, null for the whole map, and put it into the address: no step back for each. */
function setView(wanted) {
  const {vectors, asked, found, home} = drawn;
  const view = wanted && {...wanted, size: Math.min(Math.max(
    wanted.size, home.size * CLOSEST), home.size * FARTHEST)};
  const numbers = view ? [view.x, view.y, view.size] : [];
  history.replaceState(null, "", address({view: numbers.map(n => +n.toPrecision(5)).join()}));
  drawn.view = view ?? home;
  return drawMap(map, vectors, drawn.view, asked, found);
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
  // Whoever scrolls past the map wants to go on scrolling: it zooms once it has been clicked.
  map.addEventListener("pointerdown", () => map.focus({preventScroll: true}), true);
  map.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== map) event.stopPropagation();
  }, true);
  listenToFingers();
  $("zoom-in").onclick = () => zoom(ZOOM);
  $("zoom-out").onclick = () => zoom(1 / ZOOM);
  $("zoom-all").onclick = () => setView(null);
  $("zoom-found").onclick = () => {
    const points = [...drawn.asked, ...drawn.found].map(id => drawn.vectors.point(id));
    if (points.length) setView(around(points, map, 0.15));
  };
}

/** One finger scrolls the page; two move and zoom the map, which is drawn when they have left. */
function listenToFingers() {
  let begin = null, end = null;
  const measured = ([a, b]) => {
    const box = map.getBoundingClientRect();
    return {x: (a.clientX + b.clientX) / 2 - box.x, y: (a.clientY + b.clientY) / 2 - box.y,
            apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1};
  };
  map.addEventListener("touchstart", event => {
    event.stopPropagation();  // Plotly would take a finger that scrolled the page for a click
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
    const unit = drawn.view.size / shorterSide(map);  // of the map, a pixel
    // The point that was between the fingers is between them still.
    const at = pixels => (pixels.x - map.clientWidth / 2) * unit;
    const up = pixels => (map.clientHeight / 2 - pixels.y) * unit;
    setView({x: drawn.view.x + at(begin) - at(end) * scale, y: drawn.view.y + up(begin) - up(end) * scale,
             size: drawn.view.size * scale});
    begin = null;
  };
  map.addEventListener("touchend", leave);
  map.addEventListener("touchcancel", leave);
}
