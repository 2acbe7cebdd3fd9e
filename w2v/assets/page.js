// What every page shares: what is packed into it, plotly.js, and the look of a plot.

const $ = id => document.getElementById(id);

/** An element; text becomes text, never HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Note how far the page is: "search", "map", then "all". */
function ready(stage) {
  document.documentElement.dataset.ready = stage;
  performance.mark(stage);
}

addEventListener("error", ({message}) => {
  if (document.documentElement.dataset.ready !== "all")
    document.body.prepend(make("p", {class: "failed"},
      `The page could not be drawn: ${message}. It needs a browser of 2023 or later.`));
});

/** The bytes of a <script type="text/plain"> that holds gzip in base64. */
async function unpack(id) {
  const text = atob($(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Make `Plotly` known. The page's policy allows this text and no other. */
async function loadPlotly() {
  document.head.append(make("script", {}, new TextDecoder().decode(await unpack("plotly"))));
}

const style = getComputedStyle(document.documentElement);
const colour = name => style.getPropertyValue("--" + name).trim();

/** What all plots have in common, in the reader's light or dark mode, and what one has of its own. */
function layout(own) {
  const axis = {gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("muted")};
  return {paper_bgcolor: colour("paper"), plot_bgcolor: colour("paper"), showlegend: false,
          font: {color: colour("ink"), size: 13, family: "system-ui, sans-serif"},
          hoverlabel: {bgcolor: colour("ink"), font: {color: colour("paper")}},
          dragmode: false, ...own,
          xaxis: {...axis, ...own.xaxis}, yaxis: {...axis, ...own.yaxis}};
}

/** Draw again where the reader changes to dark mode or back. */
const onModeChange = draw =>
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
