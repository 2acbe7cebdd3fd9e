// The page: what is typed becomes the address, and what the address says is shown.

const $ = id => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const COMPLETIONS = 12;

/** An element; text becomes text, never HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const bdi = word => make("bdi", {}, word);  // a word's direction stays its own

// --- the address ------------------------------------------------------------------------------

const DEFAULTS = {q: facts.examples[0] ?? "", n: "10", m: "0", view: ""};

function readState() {
  const given = new URLSearchParams(location.hash.slice(1));
  const state = {...DEFAULTS};
  for (const key of Object.keys(DEFAULTS)) if (given.has(key)) state[key] = given.get(key);
  if (!["10", "25", "50"].includes(state.n)) state.n = DEFAULTS.n;
  if (!facts.models[state.m]) state.m = DEFAULTS.m;
  return state;
}

function address(changes) {
  const state = {...readState(), ...changes};
  const kept = Object.entries(state).filter(([key, value]) => key === "q" || value !== DEFAULTS[key]);
  return "#" + new URLSearchParams(kept);
}

const go = changes => { location.hash = address(changes); };
const link = (query, ...content) => make("a", {href: address({q: query, view: ""})}, ...content);

// --- models -----------------------------------------------------------------------------------

const models = [];
for (const [number, entry] of facts.models.entries()) models.push(await Vectors.load(entry, number));
const several = models.length > 1;
const known = word => models.some(vectors => vectors.ids.has(word));

function answer(vectors, query, count, allowed) {
  const unknown = [...query.positive, ...query.negative].filter(word => !vectors.ids.has(word));
  if (unknown.length) return {unknown: unknown[0], found: []};
  const leftOut = new Set([...query.positive, ...query.negative]);
  const sum = vectors.sum(query.positive, query.negative);
  return {found: vectors.nearest(sum, leftOut, count, allowed)};
}

// --- neighbours -------------------------------------------------------------------------------

function showNeighbours(query, count) {
  const answers = models.map(vectors => answer(vectors, query, count));
  const lists = answers.map(({unknown, found}, number) => {
    const title = several ? [make("h3", {}, models[number].name)] : [];
    if (unknown !== undefined) return make("div", {}, ...title, unknownWord(models[number], unknown));
    const others = answers.filter((other, i) => i !== number && other.found.length);
    const rows = found.map(({word, cosine}, i) => {
      const both = others.length && others.every(other => other.found.some(n => n.word === word));
      const bar = make("i");
      bar.style.width = `${Math.max(0, cosine) * 100}%`;
      return make("tr", {},
        make("td", {class: "rank"}, String(i + 1)),
        make("td", {}, link(word, bdi(word)), ...(both ? [make("span", {class: "both"}, "shared")] : [])),
        make("td", {class: "number"}, cosine.toFixed(4)),
        make("td", {class: "bar", "aria-hidden": "true"}, bar));
    });
    const head = make("tr", {}, make("th", {class: "rank", scope: "col"}, "#"),
      make("th", {scope: "col"}, "word"), make("th", {class: "number", scope: "col"}, "cosine"),
      make("th", {class: "bar", "aria-hidden": "true"}));
    return make("div", {}, ...title, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
                ...overlapNote(query, number));
  });
  $("lists").replaceChildren(...lists);
  return answers;
}

function unknownWord(vectors, word) {
  const near = vectors.similar(word);
  const words = near.flatMap((other, i) => [i ? ", " : " Did you mean ", link(other, bdi(other))]);
  return make("p", {class: "failed"}, "“", bdi(word), "” is not in the vocabulary.", ...words,
              near.length ? "?" : "");
}

/** How many of the ten nearest words two files share, among the words that both have. */
function overlapNote(query, number) {
  if (number === 0) return [];
  const [first, other] = [models[0], models[number]];
  const near = [[first, other], [other, first]].map(([vectors, another]) =>
    answer(vectors, query, facts.neighbours, word => another.ids.has(word)));
  if (near.some(({unknown}) => unknown !== undefined)) return [];
  const words = new Set(near[0].found.map(({word}) => word));
  const shared = near[1].found.filter(({word}) => words.has(word)).length;
  return [make("p", {class: "overlap note"}, `overlap@${facts.neighbours} with ${first.name}: `,
               make("strong", {}, `${shared} of ${near[0].found.length}`),
               " (among the words that both have)")];
}

// --- the map ----------------------------------------------------------------------------------

const map = $("map");
let drawn = null;  // what the map shows now

/** Almost all of the map, and all the words that are marked on it. */
function homeView(vectors, marked) {
  const sorted = vectors.points.map(numbers => [...numbers].sort((a, b) => a - b));
  const cut = Math.floor(sorted[0].length * 0.005);  // a few far words would squeeze the others
  const end = sorted[0].length - 1 - cut;
  const corners = [[sorted[0][cut], sorted[1][cut]], [sorted[0][end], sorted[1][end]]];
  return around([...corners, ...marked.map(id => vectors.point(id))], map, 0.04);
}

function showMap(state, query, answers) {
  const vectors = models[state.m];
  const ids = words => words.filter(word => vectors.ids.has(word)).map(word => vectors.ids.get(word));
  const asked = ids([...query.positive, ...query.negative]);
  const found = answers[state.m].found.map(({id}) => id);
  const given = state.view.split(",").map(Number);
  const isView = given.length === 4 && given.every(Number.isFinite)
    && given[0] < given[1] && given[2] < given[3];
  const placed = [...asked, ...found].filter(id => vectors.point(id));
  const view = isView ? given : homeView(vectors, placed);
  drawn = {vectors, asked, found, view, placed};
  const explained = vectors.explained === null ? "" :
    ` Two directions hold ${(vectors.explained * 100).toFixed(0)}% of the variance; what is apart`
    + " here is apart, what is close here may not be.";
  $("map-note").textContent = `${vectors.method} of the ${vectors.points[0].length.toLocaleString("en")}`
    + ` most frequent words.${explained} Diamonds: asked for. Large dots: the nearest words`
    + ` (${found.filter(id => vectors.point(id)).length} of ${found.length} can be placed). Choose a`
    + " word to look it up; drag to move, scroll to zoom.";
  return drawMap(map, vectors, view, asked, found);
}

function setView(view) {
  const text = view ? view.map(number => number.toPrecision(4)).join(",") : "";
  history.replaceState(null, "", address({view: text}));  // no step back for each zoom
  drawn.view = view ?? homeView(drawn.vectors, drawn.placed);
  drawMap(map, drawn.vectors, drawn.view, drawn.asked, drawn.found);
}

function zoom(factor) {
  const [left, right, bottom, top] = drawn.view;
  const [x, y, w, h] = [(left + right) / 2, (bottom + top) / 2, right - left, top - bottom];
  setView([x - w * factor / 2, x + w * factor / 2, y - h * factor / 2, y + h * factor / 2]);
}

function listenToMap() {
  map.on("plotly_click", ({points}) => {
    const id = points[0]?.customdata;
    if (id !== undefined) go({q: drawn.vectors.words[id]});
  });
  map.on("plotly_relayout", change => {
    if (!("xaxis.range[0]" in change || "xaxis.range" in change)) return;
    setView([...map.layout.xaxis.range, ...map.layout.yaxis.range]);
  });
  $("zoom-in").onclick = () => zoom(0.6);
  $("zoom-out").onclick = () => zoom(1 / 0.6);
  $("zoom-all").onclick = () => setView(null);
  $("zoom-found").onclick = () => {
    const points = drawn.placed.map(id => drawn.vectors.point(id));
    if (points.length) setView(around(points, map, 0.15));
  };
}

function showModels(state) {
  if (!several) return;
  $("models").replaceChildren(...models.map((vectors, number) => {
    const button = make("button", {type: "button", "aria-pressed": String(number === +state.m)},
                        vectors.name);
    button.onclick = () => go({m: String(number), view: ""});
    return button;
  }));
}

// --- frequency and length ---------------------------------------------------------------------

function showRanks(query) {
  const asked = [...query.positive, ...query.negative];
  const counted = models.filter(vectors => vectors.counts);
  const keys = shown => models.flatMap((vectors, i) => several && shown.includes(vectors)
    ? [make("span", {class: "key"}, make("span", {style: `color:var(--c${i})`}, SIGNS[i]), ` ${vectors.name}`)]
    : []);
  $("frequency").hidden = !counted.length;
  $("frequency-note").replaceChildren(...counted.length
    ? ["Occurrences in the corpus, both axes logarithmic; Zipf's law is a straight line.",
       ...keys(counted)]
    : ["No counts here: of w2v's files, .safetensors has them, .bin and .txt have not."]);
  $("lengths-note").replaceChildren("Euclidean length of the vectors, which cosines leave out. A"
    + " sample of the words, evenly spread over the axis.", ...keys(models));
  if (counted.length)
    drawRanks($("frequency"), models, vectors => vectors.counts, asked, "occurrences", "log");
  drawRanks($("lengths"), models, vectors => vectors.lengths, asked, "length", "linear");
}

// --- differences ------------------------------------------------------------------------------

function showDifferences() {
  $("differences").hidden = !several;
  const parts = facts.overlaps.map(({histogram, mean, words}, i) => {
    const title = make("h3", {}, `${models[0].name} and ${models[i + 1].name}`);
    if (mean === null) return make("div", {}, title, "They share too few words to compare.");
    const total = histogram.reduce((a, b) => a + b);
    const largest = Math.max(...histogram);
    const bars = histogram.map((count, shared) => {
      const bar = make("i");
      bar.style.width = `${100 * count / largest}%`;
      return make("tr", {}, make("th", {scope: "row"}, String(shared)),
        make("td", {class: "bar", "aria-hidden": "true"}, bar), make("td", {}, count.toLocaleString("en")));
    });
    const rows = words.map(([word, shared]) => make("tr", {},
      make("td", {}, link(word, bdi(word))), make("td", {}, `${shared} of ${facts.neighbours}`)));
    return make("div", {}, title,
      make("p", {}, `Of a word's ${facts.neighbours} nearest words, they share `,
           make("strong", {}, mean.toFixed(2)), ` on average over ${total.toLocaleString("en")} frequent`
           + " words; only words that both have are counted."),
      make("div", {class: "beside"}, make("table", {class: "histogram"}, make("caption", {}, "Words by how many neighbours are shared"),
           make("tbody", {}, ...bars)),
      make("details", {open: ""}, make("summary", {}, `The ${words.length} words that differ most`),
           make("div", {class: "wide tall", tabindex: "0"}, make("table", {}, make("tbody", {}, ...rows))))));
  });
  $("difference-list").replaceChildren(...parts);
}

// --- all of it --------------------------------------------------------------------------------

let plotting = false;  // whether Plotly is there
let shown = null;

function show() {
  const state = readState();
  const input = $("query");
  if (document.activeElement !== input || input.value.trim() !== state.q) input.value = state.q;
  $("count").value = state.n;
  let query = {positive: [], negative: []};
  try {
    query = parse(state.q, known);
    const answers = showNeighbours(query, +state.n);
    shown = {state, query, answers};
    const found = answers.find(({found}) => found.length);
    $("status").textContent = found ? `The words nearest to ${state.q}` : "Nothing was found.";
  } catch (error) {
    shown = {state, query, answers: models.map(() => ({found: []}))};
    $("lists").replaceChildren(make("p", {class: "failed"}, error.message));
    $("status").textContent = "";
  }
  document.title = `${state.q} – ${models.map(vectors => vectors.name).join(", ")}`;
  showModels(state);
  if (plotting) plot();
}

function plot() {
  showMap(shown.state, shown.query, shown.answers);
  showRanks(shown.query);
}

// --- the search field -------------------------------------------------------------------------

const input = $("query"), list = $("completions");
let chosen = -1;

/** What is typed, in two: up to the last sign, and the word after it. */
const typed = () => input.value.match(/^((?:.*\s)?[+\-−]\s+)?(.*)$/s).slice(1).map(part => part ?? "");

function close() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function complete() {
  const word = typed()[1].trim();
  const found = new Set();
  if (word) for (const vectors of models) vectors.complete(word, COMPLETIONS).forEach(w => found.add(w));
  list.replaceChildren(...[...found].slice(0, COMPLETIONS).map((text, i) =>
    make("li", {role: "option", id: `completion-${i}`, "aria-selected": "false"}, bdi(text))));
  if (!list.children.length) return close();
  chosen = -1;
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  input.removeAttribute("aria-activedescendant");
}

function choose(number) {
  const count = list.children.length;
  chosen = (number + count) % count;
  [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
  list.children[chosen].scrollIntoView({block: "nearest"});
  input.setAttribute("aria-activedescendant", list.children[chosen].id);
}

function take(item) {
  input.value = typed()[0] + item.textContent;
  close();
  input.focus();
}

function submit() {
  close();
  const q = input.value.trim();
  if (q) address({q, view: ""}) === location.hash ? show() : go({q, view: ""});
}

input.addEventListener("input", complete);
input.addEventListener("blur", () => setTimeout(close, 150));  // after a click on a completion
input.addEventListener("focus", () => input.select());
input.addEventListener("keydown", event => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) complete();
    if (!list.hidden) choose(event.key === "ArrowDown" ? chosen + 1 : Math.max(chosen, 0) - 1);
  } else if (event.key === "Escape") {
    close();
  } else if (event.key === "Enter" && chosen >= 0) {
    take(list.children[chosen]);  // and the form is submitted
  }
});
list.addEventListener("mousedown", event => {
  const item = event.target.closest("li");
  if (!item) return;
  event.preventDefault();
  take(item);
  submit();
});
$("search").addEventListener("submit", event => { event.preventDefault(); submit(); });
$("count").addEventListener("change", () => go({n: $("count").value}));
addEventListener("keydown", event => {
  if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
  event.preventDefault();
  input.focus();
});

// --- begin ------------------------------------------------------------------------------------

$("examples").append(...facts.examples.map(query => link(query, bdi(query))));
if (several) document.querySelector(".halves").classList.add("several");
showDifferences();
show();
addEventListener("hashchange", show);
document.documentElement.dataset.ready = "search";

// The plotting script is a third of the page: the neighbours are there before it is.
await new Promise(resolve => setTimeout(resolve));
document.head.append(make("script", {}, new TextDecoder().decode(await unpack("plotly"))));
plotting = true;
await plot();
listenToMap();
let resizing;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(plot, 150); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", plot);
document.documentElement.dataset.ready = "all";
