// Shared by all pages: packed data, plotly.js, the look of a plot.

const $ = id => document.getElementById(id);

/** Create an element; strings become text nodes, never HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Record the stage that the page has reached: "search", "map", "all". */
function ready(stage) {
  document.documentElement.dataset.ready = stage;
  performance.mark(stage);
}

addEventListener("error", ({message}) => {
  if (document.documentElement.dataset.ready !== "all")
    document.body.prepend(make("p", {class: "failed"},
      `The page could not be drawn: ${message}. It needs a browser of 2023 or later.`));
});

/** The bytes in a <script type="text/plain"> of gzip in base64. */
async function unpack(id) {
  const text = atob($(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Load `Plotly`. The page's policy allows exactly this text. */
async function loadPlotly() {
  document.head.append(make("script", {}, new TextDecoder().decode(await unpack("plotly"))));
}

const style = getComputedStyle(document.documentElement);
const colour = name => style.getPropertyValue("--" + name).trim();

/** A Plotly layout in the reader's light or dark mode, with a plot's own settings. */
function layout(own) {
  const axis = {gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("muted")};
  return {paper_bgcolor: colour("paper"), plot_bgcolor: colour("paper"), showlegend: false,
          font: {color: colour("ink"), size: 13, family: "system-ui, sans-serif"},
          hoverlabel: {bgcolor: colour("ink"), font: {color: colour("paper")}},
          dragmode: false, ...own,
          xaxis: {...axis, ...own.xaxis}, yaxis: {...axis, ...own.yaxis}};
}

/** Redraw when the reader switches between light and dark mode. */
const onModeChange = draw =>
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
