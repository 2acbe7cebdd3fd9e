// Draws the plots that w2v.compare.plots describes, in the reader's light or dark mode.

const {plots, colours} = JSON.parse($("plots").textContent);
const NARROW = 600;  // pixels

function draw() {
  for (const {id, data, layout: own} of plots) {
    const given = {height: 380, margin: {l: 8, r: 12, t: 12, b: 8}, ...own};
    if ($(id).clientWidth < NARROW && given.xaxis?.type === "log")  // labels at 2 and 5 would overlap
      given.xaxis = {...given.xaxis, ticktext: given.xaxis.ticktext.map(
        text => /^(1|0[.]0*1)[0,]*$/.test(text) ? text : "")};
    given.xaxis = {automargin: true, ...given.xaxis};
    given.yaxis = {automargin: true, ...given.yaxis};
    Plotly.react(id, data.map(coloured), layout(given), {responsive: true, displayModeBar: false});
  }
}

function coloured(trace) {
  const textfont = {color: colour("ink")};
  if (trace.type === "heatmap")
    return {...trace, textfont, colorscale: [[0, colour("low")], [1, colour("high")]]};
  const own = colour("c" + trace.meta % colours);
  return {...trace, textfont, line: {...trace.line, color: own},
          marker: {...trace.marker, color: own}, error_x: {...trace.error_x, color: own}};
}

await loadPlotly();
draw();
addEventListener("resize", draw);
onModeChange(draw);
ready("all");
