// The page: shows the query in the address.

const facts = JSON.parse($("facts").textContent);
const models = [];
for (const [number, entry] of facts.models.entries()) models.push(await Vectors.load(entry, number));
const several = models.length > 1;
const known = word => models.some(vectors => vectors.ids.has(word));
/** A word as some file spells it: as typed, in lower case, capitalised, in capitals; or undefined. */
const spelled = word => [word, word.toLowerCase(), word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
                         word.toUpperCase()].find(known);

const bdi = word => make("bdi", {}, word);  // isolates a word's writing direction

/** A file's name with the symbol of its points. */
const named = number => [
  make("span", {style: `color:var(--c${number})`, "aria-hidden": "true"}, SIGNS[number]),
  ` ${models[number].name}`];

// --- the address ------------------------------------------------------------------------------

const DEFAULTS = {q: facts.examples[0] ?? "", n: "10", m: "0", view: ""};

function readState() {
  const given = new URLSearchParams(location.hash.slice(1));
  const state = {...DEFAULTS};
  for (const key of Object.keys(DEFAULTS)) if (given.has(key)) state[key] = given.get(key);
  if (!["10", "25", "50"].includes(state.n)) state.n = DEFAULTS.n;
  if (!Object.keys(models).includes(state.m)) state.m = DEFAULTS.m;
  return state;
}

function address(changes) {
  const state = {...readState(), ...changes};
  const kept = Object.entries(state).filter(([key, value]) => key === "q" || value !== DEFAULTS[key]);
  return "#" + new URLSearchParams(kept);
}

const go = changes => { location.hash = address(changes); };
const link = (query, ...content) => make("a", {href: address({q: query, view: ""})}, ...content);

// --- neighbours -------------------------------------------------------------------------------

/** The words nearest to a query in a file, and the first word of the query unknown to it. */
function answer(vectors, {positive, negative}, count, allowed) {
  const words = [...positive, ...negative];
  const unknown = words.find(word => !vectors.ids.has(word));
  const found = unknown !== undefined || !words.length ? []
    : vectors.nearest(vectors.sum(positive, negative), new Set(words), count, allowed);
  return {unknown, found};
}

function showNeighbours(query, answers) {
  if (!answers.some(({found}) => found.length)) return $("lists").replaceChildren();
  $("lists").replaceChildren(...answers.map(({unknown, found}, number) => {
    const title = several ? [make("h3", {}, ...named(number))] : [];
    const content = unknown === undefined ? [table(found, answers), ...overlapNote(query, number)]
      : [unknownWord(models[number], unknown)];
    return make("div", {}, ...title, ...content);
  }));
}

function table(found, answers) {
  const largest = Math.max(...found.map(({cosine}) => cosine));
  const everywhere = word => several && answers.every(({found}) => found.some(n => n.word === word));
  const mark = models.length === 2 ? "in both" : "in all";
  const head = make("tr", {}, make("th", {class: "rank", scope: "col"}, "#"),
    make("th", {scope: "col"}, "word"), make("th", {class: "number", scope: "col"}, "cosine"),
    make("td", {class: "bar", "aria-hidden": "true"}));
  const rows = found.map(({word, cosine}, i) => make("tr", {},
    make("td", {class: "rank"}, String(i + 1)),
    make("td", {}, link(word, bdi(word)),
         ...(everywhere(word) ? [make("span", {class: "both"}, mark)] : [])),
    make("td", {class: "number"}, cosine.toFixed(4)),
    bar(largest > 0 ? Math.max(0, cosine / largest) : 0)));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}

/** A cell with a bar that fills a part of it, 0 to 1. */
function bar(part) {
  const inside = make("i");
  inside.style.width = `${part * 100}%`;
  return make("td", {class: "bar", "aria-hidden": "true"}, inside);
}

function unknownWord(vectors, word) {
  const words = vectors.similar(word).flatMap((other, i) =>
    [i ? ", " : " Did you mean ", link(other, bdi(other))]);
  return make("p", {class: "failed"}, "“", bdi(word), "” is not in the vocabulary.", ...words,
              words.length ? "?" : "");
}

/** The cosine similarity of two words, in each file. */
function similarities([a, b]) {
  const parts = models.filter(vectors => vectors.ids.has(a) && vectors.ids.has(b)).map(vectors => {
    const [first, second] = [a, b].map(word => vectors.unit(vectors.ids.get(word)));
    const cosine = first.reduce((total, number, i) => total + number * second[i], 0);
    return [make("strong", {}, cosine.toFixed(4)), several ? ` in ${vectors.name}` : ""];
  });
  return ["Similarity of ", bdi(a), " and ", bdi(b), ": ",
          ...parts.flatMap((part, i) => [i ? ", " : "", ...part]), ". "];
}

/** How many of the ten nearest words two files have in common, among the words in both. */
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
               " (among the words in both files)")];
}

// --- differences ------------------------------------------------------------------------------

function showDifferences() {
  $("differences").hidden = !several;
  $("difference-list").replaceChildren(...facts.overlaps.map((overlap, i) =>
    make("div", {}, make("h3", {}, ...named(0), " and ", ...named(i + 1)), ...difference(overlap))));
}

function difference({histogram, mean, words}) {
  if (mean === null) return [make("p", {}, "They have too few words in common to compare.")];
  const total = histogram.reduce((a, b) => a + b);
  const largest = Math.max(...histogram);
  const rows = histogram.map((count, shared) => make("tr", {},
    make("th", {scope: "row"}, String(shared)), bar(count / largest),
    make("td", {}, count.toLocaleString("en"))));
  const most = words.map(([word, shared]) => make("li", {}, link(word, bdi(word)),
    make("span", {class: "note"}, `${shared} of ${facts.neighbours}`)));
  return [
    make("p", {}, "On average, they agree on ", make("strong", {}, mean.toFixed(2)),
         ` of the ${facts.neighbours} nearest words, over ${total.toLocaleString("en")} frequent words.`
         + " Only words in both files count."),
    make("div", {class: "beside"},
         make("table", {class: "histogram"},
              make("caption", {}, "Words by the number of nearest words in common"),
              make("tbody", {}, ...rows)),
         make("div", {class: "most"},
              make("p", {class: "note"}, `The ${words.length} words that differ most, with the number of`
                   + " nearest words in common"),
              make("ol", {}, ...most)))];
}

// --- frequency and length ---------------------------------------------------------------------

function showRanks(query) {
  const asked = [...query.positive, ...query.negative];
  const counted = models.filter(vectors => vectors.counts);
  const sample = " The points are a sample of the words, evenly spread along the axis. ";
  // The marked values as text, also for readers who cannot see the plot.
  const marks = (vectors, numbers) => asked.filter(word => vectors.ids.has(word)).map((word, i) => {
    const id = vectors.ids.get(word);
    const figures = [numbers[id], id + 1].map(number => number.toLocaleString("en"));
    return make("span", {}, i ? "; " : " ", bdi(word), `: ${figures.join(", rank ")}`);
  });
  const keys = (shown, numbersOf) => make("span", {class: "keys"}, ...shown.map(vectors => {
    const found = marks(vectors, numbersOf(vectors));
    const name = several ? [...named(models.indexOf(vectors)), found.length ? ":" : ""] : [];
    return make("span", {}, ...name, ...found);
  }));
  $("frequency").hidden = !counted.length;
  $("frequency-note").replaceChildren(...counted.length
    ? ["Occurrences in the corpus, both axes logarithmic; Zipf's law would be a straight line." + sample,
       keys(counted, vectors => vectors.counts)]
    : ["No counts: .safetensors files have them, .bin and .txt files do not."]);
  $("lengths-note").replaceChildren(
    "Euclidean length of the vectors, which cosines ignore." + sample,
    keys(models, vectors => vectors.lengths));
  if (counted.length)
    drawRanks($("frequency"), models, vectors => vectors.counts, asked, "occurrences", "log");
  return drawRanks($("lengths"), models, vectors => vectors.lengths, asked, "length", "linear");
}

// --- all of it --------------------------------------------------------------------------------

let shown = null;  // the query and its answers
let plotting = false;  // whether Plotly is loaded

function show() {
  const state = readState();
  if (document.activeElement !== input || input.value.trim() !== state.q) input.value = state.q;
  $("count").value = state.n;
  let query = {positive: [], negative: []}, failure = null;
  try {
    query = parse(state.q, spelled);
  } catch (error) {
    failure = make("p", {class: "failed"}, error.message);
  }
  const answers = models.map(vectors => answer(vectors, query, +state.n));
  if (!failure && answers.every(({unknown}) => unknown !== undefined))
    failure = unknownWord(models[0], answers[0].unknown);
  const nothing = answers.every(({found}) => !found.length);
  $("status").replaceChildren(...failure ? [failure]
    : nothing ? ["There are no other words."]
    : query.isSimilarity ? [...similarities(query.positive), "Below, the words nearest to their sum."]
    : ["to ", bdi(state.q)]);
  showNeighbours(query, answers);
  document.title = `${state.q} – ${models.map(vectors => vectors.name).join(", ")}`;
  [...$("models").children].forEach((button, number) =>
    button.setAttribute("aria-pressed", String(number === +state.m)));
  shown = {query, answers};
  if (plotting) plot();
}

function plot() {
  return Promise.all([showMap(readState(), shown.query, shown.answers), showRanks(shown.query)]);
}

$("examples").append(...facts.examples.map(query => link(query, bdi(query))));
if (several) {
  $("top").classList.add("several");
  $("models").append(...models.map((vectors, number) => {
    const button = make("button", {type: "button"}, vectors.name);
    button.onclick = () => go({m: String(number), view: ""});
    return button;
  }));
}
showDifferences();
listenToSearch();
show();
addEventListener("hashchange", show);
ready("search");

// The plotting script is a third of the page: show the neighbours before unpacking it.
await new Promise(resolve => setTimeout(resolve));
await loadPlotly();
plotting = true;
await showMap(readState(), shown.query, shown.answers);
listenToMap();
ready("map");

await new Promise(resolve => setTimeout(resolve));  // show the map before drawing the others
await showRanks(shown.query);
let resizing;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(plot, 150); });
onModeChange(plot);
ready("all");
