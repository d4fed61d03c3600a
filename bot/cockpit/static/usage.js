// Draws the table of usage by day as a chart: the table stays, for those who can't see the chart.
"use strict";

addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table[data-chart]");
  const place = document.getElementById("chart");
  if (!table || !place) return;
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.dataset.value ?? cell.textContent)).reverse();
  const days = rows.map((row) => Date.parse(`${row[0]}T00:00:00Z`) / 1000);
  const column = (at) => rows.map((row) => Number(row[at]));
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const axis = { stroke: color("--quiet"), grid: { stroke: color("--line") }, ticks: { stroke: color("--line") } };
  const { paddingLeft, paddingRight } = getComputedStyle(place);
  const width = () => place.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  const chart = new uPlot(
    {
      width: width(),
      height: 220,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      scales: { x: { time: true } },
      axes: [axis, { ...axis, scale: "requests" }, { ...axis, scale: "cost", side: 1, grid: { show: false } }],
      series: [
        { label: heads[0], value: "{YYYY}-{MM}-{DD}" },
        { label: heads[1], scale: "requests", stroke: color("--accent"), fill: color("--mark"), paths: uPlot.paths.bars({ size: [0.7, 40] }) },
        { label: heads[4], scale: "cost", stroke: color("--good"), width: 2 },
      ],
    },
    [days, column(1), column(4)],
    place,
  );
  addEventListener("resize", () => chart.setSize({ width: width(), height: 220 }));
});
