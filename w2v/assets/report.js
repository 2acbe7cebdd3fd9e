const plots = JSON.parse(document.getElementById("plots").textContent);
function draw() {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue("--" + name).trim();
  const axis = {gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor:
    colour("muted"), automargin: true};
  for (const plot of plots) {
    const data = plot.data.map(trace => {
      if (trace.type === "heatmap")
        return {...trace, textfont: {color: colour("ink")},
                colorscale: [[0, colour("low")], [1, colour("high")]]};
      const own = colour("c" + trace.meta % COLOURS);
      return {...trace, line: {...trace.line, color: own}, marker: {...trace.marker, color: own},
              error_x: {...trace.error_x, color: own}, textfont: {color: colour("ink")}};
    });
    const given = {height: 380, ...plot.layout};
    const narrow = document.getElementById(plot.id).clientWidth < 600;
    if (narrow && given.xaxis && given.xaxis.type === "log")  // 2 and 5 would run into each other
      given.xaxis = {...given.xaxis, ticktext: given.xaxis.ticktext.map(
        text => /^(1|0[.]0*1)[0,]*$/.test(text) ? text : "")};
    const layout = {...given, showlegend: false, paper_bgcolor: colour("paper"), plot_bgcolor:
      colour("paper"), font: {color: colour("ink"), size: 13, family: "system-ui, sans-serif"},
      margin: {l: 8, r: 12, t: 12, b: 8}, dragmode: false,
      xaxis: {...axis, ...given.xaxis}, yaxis: {...axis, ...given.yaxis}};
    Plotly.react(plot.id, data, layout, {responsive: true, displayModeBar: false});
  }
}
draw();
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
