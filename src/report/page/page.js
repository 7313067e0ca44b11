"use strict";

/* Draws the charts of the report from the data in it, and lets its reader choose modes. What it shows stands in the
 * tables of the page too. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const isDark = window.matchMedia("(prefers-color-scheme: dark)");
  /* Hues that differ for the colour-blind too (Okabe and Ito), a little darker or lighter for their ground. */
  const hues = {
    light: ["#6b7280", "#0072b2", "#c77700", "#00875f", "#c44d00", "#a8558a", "#7a6a00", "#2f4b9a"],
    dark: ["#a8b0ba", "#56b4e9", "#e69f00", "#2fc79a", "#ff8247", "#e29ac6", "#f0e442", "#9db4ff"],
  };
  const order = ["sync", "threads", "event-loop", "processes", "hybrid"];
  const modes = [...new Set(data.cells.map((cell) => cell.mode))];
  const shown = new Set(modes);
  /* A sweep of machines has the modes of each number: "threads" those of "threads:x1", "threads:x2". */
  const isSweepShown = (sweep) => [...shown].some((mode) => mode === sweep.mode || mode.startsWith(sweep.mode + ":x"));
  const isLine = (label) => modes.includes(label) || data.sweeps.some((sweep) => sweep.mode === label);
  let charts = [];

  const hue = (mode) => {
    const known = order.indexOf(mode);
    const extra = modes.filter((name) => !order.includes(name)).indexOf(mode);
    const all = isDark.matches ? hues.dark : hues.light;
    return all[(known >= 0 ? known : order.length + extra) % all.length];
  };
  const faded = (colour, alpha) => colour + Math.round(alpha * 255).toString(16).padStart(2, "0");
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /* Three digits, as in the tables. */
  const digits = (value) => {
    const size = Math.abs(value);
    return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 || size === 0 ? 2 : size >= 0.09995 ? 3 : 4);
  };
  const seconds = (value) => {
    if (value >= 1) return digits(value) + " s";
    return value >= 1e-3 ? digits(value * 1e3) + " ms" : digits(value * 1e6) + " µs";
  };

  const axis = (title, more) => ({
    title: { display: true, text: title, color: style("--ink") },
    ticks: { color: style("--faint"), ...(more && more.ticks) },
    grid: { color: style("--line"), ...(more && more.grid) },
    ...Object.fromEntries(Object.entries(more || {}).filter(([key]) => key !== "ticks" && key !== "grid")),
  });

  /* Linear from 0, unless the values are so far apart that the small ones could not be told from each other. */
  const timeAxis = (title, values) => {
    const least = Math.min(...values.filter((value) => value > 0));
    const most = Math.max(...values);
    const isWide = least * 4 < most;
    return axis(title + (isWide ? " (logarithmic)" : ""), {
      type: isWide ? "logarithmic" : "linear", min: isWide ? least * 0.85 : 0, max: most * (isWide ? 1.15 : 1.05),
      afterBuildTicks: (scale) => {
        if (isWide) scale.ticks = scale.ticks.filter((tick) => /^[125]e/.test(tick.value.toExponential()));
      },
      ticks: { maxRotation: 0, autoSkipPadding: 16, callback: (value) => String(Number(Number(value).toPrecision(3))) },
    });
  };

  /* From the least to the greatest value: what differs by little is to be seen. */
  const zoomAxis = (title, values) => {
    const least = Math.min(...values);
    const most = Math.max(...values);
    const margin = (most - least || most) * 0.08;
    return axis(title, {
      min: Math.max(0, least - margin), max: most + margin,
      ticks: { maxRotation: 0, autoSkipPadding: 16, includeBounds: false,
        callback: (value) => String(Number(Number(value).toPrecision(4))) },
    });
  };

  const draw = (id, config) => {
    const canvas = document.getElementById(id);
    if (!canvas) return;
    config.options = {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      ...config.options,
    };
    charts.push(new Chart(canvas, config));
  };

  /* Every round as a dot, the median as a bar across, the interval as a broad line. */
  const drawTimes = () => {
    const all = data.cells.filter((cell) => cell.main && cell.times.length > 0 && shown.has(cell.mode));
    /* Beside what takes many times as long, all others would look alike. */
    const fastest = Math.min(...all.map((cell) => cell.time.value));
    const cells = all.filter((cell) => cell.time.value <= 4 * fastest);
    const datasets = [];
    cells.forEach((cell, place) => {
      const colour = hue(cell.mode);
      if (cell.time.low !== null && cell.times.length > 1)
        datasets.push({
          label: cell.name + ", interval",
          data: [{ x: cell.time.low, y: place }, { x: cell.time.high, y: place }],
          showLine: true, pointRadius: 0, borderWidth: 12, borderColor: faded(colour, 0.35), pointHitRadius: 0,
        });
      datasets.push({
        label: cell.name,
        /* Spread up and down, so that equal times do not hide each other. */
        data: cell.times.map((time, index) => ({ x: time, y: place + ((index * 7) % 11 - 5) / 28, round: cell.rounds[index] })),
        pointRadius: 4, backgroundColor: faded(colour, 0.75), borderColor: colour,
      });
      datasets.push({
        label: cell.name + ", median",
        data: [{ x: cell.time.value, y: place - 0.3 }, { x: cell.time.value, y: place + 0.3 }],
        showLine: true, pointRadius: 0, borderWidth: 3, borderColor: colour,
      });
    });
    const canvas = document.getElementById("times");
    if (canvas) canvas.parentElement.style.height = `${6 + 3 * Math.max(cells.length, 1)}rem`;
    draw("times", {
      type: "scatter",
      data: { datasets },
      options: {
        plugins: {
          legend: { display: false },
          tooltip: {
            filter: (item) => item.raw.round !== undefined,
            callbacks: { label: (item) => `${item.dataset.label}, round ${item.raw.round + 1}: ${seconds(item.raw.x)}` },
          },
        },
        scales: {
          x: zoomAxis("time of the whole list, seconds", cells.flatMap((cell) => cell.times)),
          y: axis("", {
            min: -0.6, max: Math.max(cells.length, 1) - 0.4, reverse: true, afterBuildTicks: (scale) => {
              scale.ticks = cells.map((cell, place) => ({ value: place }));
            },
            ticks: { callback: (value) => (cells[value] ? cells[value].name : "") },
            title: { display: false },
          }),
        },
      },
    });
  };

  const drawLatencies = () => {
    const cells = data.cells.filter((cell) => cell.main && cell.service.length > 0 && shown.has(cell.mode));
    draw("latencies", {
      type: "line",
      data: {
        datasets: cells.map((cell) => ({
          label: cell.name,
          data: cell.service.map((time, index) => ({ x: time * 1e3, y: data.percents[index] })),
          borderColor: hue(cell.mode), backgroundColor: hue(cell.mode), borderWidth: 2, pointRadius: 0, pointHitRadius: 8,
          stepped: "after",
        })),
      },
      options: {
        interaction: { mode: "nearest", intersect: false },
        plugins: {
          legend: { labels: { color: style("--ink"), usePointStyle: true, boxWidth: 8, boxHeight: 8, padding: 12 } },
          tooltip: {
            callbacks: {
              title: () => "",
              label: (item) => `${item.dataset.label}: ${item.raw.y} % within ${seconds(item.raw.x / 1e3)}`,
            },
          },
        },
        scales: {
          x: timeAxis("service time, ms", cells.flatMap((cell) => [
            cell.service[data.percents.indexOf(50)] * 1e3, cell.service[cell.service.length - 1] * 1e3])),
          y: axis("% of downloads", { min: 50, max: 100 }),
        },
      },
    });
  };

  /* Names at the last point of each line; from above, where they would cover each other. */
  const labels = {
    afterDatasetsDraw: (chart) => {
      const { ctx, chartArea } = chart;
      const taken = [];
      const ends = chart.data.datasets
        .map((dataset, index) => ({ dataset, points: chart.getDatasetMeta(index).data }))
        .filter(({ dataset, points }) => (isLine(dataset.label) || dataset.label === "ideal") && points.length > 0)
        .map(({ dataset, points }) => ({ dataset, point: points[points.length - 1] }))
        .sort((a, b) => a.point.y - b.point.y);
      ctx.save();
      ctx.font = "13px system-ui, sans-serif";
      ctx.textBaseline = "middle";
      ends.forEach(({ dataset, point }) => {
        let y = Math.max(point.y, chartArea.top + 8);
        while (taken.some((other) => Math.abs(other - y) < 15)) y += 3;
        taken.push(y);
        ctx.fillStyle = dataset.borderColor;
        ctx.fillText(dataset.label, Math.min(point.x + 10, chartArea.right + 6), y);
      });
      ctx.restore();
    },
  };

  const drawSweeps = () => {
    const datasets = [];
    data.sweeps.filter(isSweepShown).forEach((sweep) => {
      const colour = hue(sweep.mode);
      sweep.points.forEach((point) => {
        if (point.low !== null)
          datasets.push({
            label: "", data: [{ x: point.workers, y: point.low }, { x: point.workers, y: point.high }],
            showLine: true, pointRadius: 0, borderWidth: 2, borderColor: faded(colour, 0.6), pointHitRadius: 0,
          });
      });
      datasets.push({
        label: sweep.mode, data: sweep.points.map((point) => ({ x: point.workers, y: point.throughput })),
        showLine: !sweep.fit, borderWidth: 1, pointRadius: (item) => (item.raw && item.raw.x === sweep.knee ? 8 : 4),
        pointStyle: (item) => (item.raw && item.raw.x === sweep.knee ? "rectRot" : "circle"),
        borderColor: colour, backgroundColor: colour,
      });
      if (sweep.fit) {
        const last = Math.max(...sweep.points.map((point) => point.workers));
        const curve = [];
        for (let step = 0; step <= 60; step++) {
          const workers = last ** (step / 60);
          const { lambda, sigma, kappa } = sweep.fit;
          curve.push({ x: workers, y: (lambda * workers) / (1 + sigma * (workers - 1) + kappa * workers * (workers - 1)) });
        }
        datasets.push({
          label: sweep.mode + ", fitted", data: curve, showLine: true, pointRadius: 0, borderWidth: 2, borderDash: [6, 4],
          borderColor: faded(colour, 0.8), pointHitRadius: 0,
        });
      }
    });
    const points = data.sweeps.filter(isSweepShown).flatMap((sweep) => sweep.points);
    const alone = points.filter((point) => point.workers === 1).map((point) => point.throughput)
      .concat(data.cells.filter((cell) => data.swept === "workers" && cell.name.endsWith("/1") && cell.time.value > 0)
        .map((cell) => data.downloads / cell.time.value));
    const most = Math.max(...points.map((point) => point.throughput));
    if (alone.length > 0) {
      const base = Math.max(...alone);
      const end = Math.min(Math.max(...points.map((point) => point.workers)), (2 * most) / base);
      datasets.push({
        label: "ideal", data: [{ x: 1, y: base }, { x: end, y: base * end }],
        showLine: true, pointRadius: 0, borderWidth: 1, borderColor: style("--faint"), pointHitRadius: 0,
      });
    }
    draw("sweeps", {
      type: "scatter",
      data: { datasets },
      plugins: [labels],
      options: {
        layout: { padding: { right: 88 } },
        plugins: {
          legend: { display: false },
          tooltip: {
            filter: (item) => isLine(item.dataset.label),
            callbacks: { label: (item) => `${item.dataset.label}, ${item.raw.x} ${data.swept}: ${digits(item.raw.y)} downloads/s` },
          },
        },
        scales: {
          x: axis(`${data.swept} (logarithmic)`, {
            type: "logarithmic",
            afterBuildTicks: (scale) => {
              const all = new Set(data.sweeps.flatMap((sweep) => sweep.points.map((point) => point.workers)));
              scale.ticks = [...all].sort((a, b) => a - b).map((value) => ({ value }));
            },
            ticks: { callback: (value) => String(value) },
          }),
          y: axis("downloads per second (logarithmic)", {
            type: "logarithmic",
            afterBuildTicks: (scale) => {
              scale.ticks = scale.ticks.filter((tick) => /^[125]e/.test(tick.value.toExponential()));
            },
            ticks: { callback: (value) => String(Number(Number(value).toPrecision(3))) },
          }),
        },
      },
    });
  };

  /* A line for each mode, up to where it does not keep up; a diamond marks the highest rate. Objectives that differ from
   * mode to mode are in their colours. */
  const drawRates = () => {
    const curves = data.rates.filter((curve) => shown.has(curve.mode));
    const kept = (curve) => curve.points.filter((point) => point[1] !== null);
    const lines = curves.map((curve) => ({
      label: curve.name, data: kept(curve).map((point) => ({ x: point[0], y: point[1] * 1e3, good: point[2] })),
      showLine: true, borderWidth: 2, borderColor: hue(curve.mode), backgroundColor: hue(curve.mode),
      pointRadius: (item) => (item.raw && item.raw.x === curve.highest ? 8 : 4),
      pointStyle: (item) => (item.raw && item.raw.x === curve.highest ? "rectRot" : "circle"),
    }));
    const rates = data.rates.flatMap((curve) => curve.points.map((point) => point[0]));
    const [least, most] = [Math.min(...rates), Math.max(...rates)];
    const limits = curves.filter((curve) => curve.limit !== null);
    const is_one = new Set(limits.map((curve) => curve.limit)).size === 1;
    const objectives = (is_one ? limits.slice(0, 1) : limits).map((curve) => ({
      label: is_one ? "objective" : curve.name + ", objective",
      data: [least, most].map((rate) => ({ x: rate, y: curve.limit * 1e3 })),
      showLine: true, pointRadius: 0, borderWidth: 1, borderDash: [6, 4], pointHitRadius: 0,
      borderColor: is_one ? style("--ink") : faded(hue(curve.mode), 0.8),
    }));
    draw("rates", {
      type: "scatter",
      data: { datasets: lines.concat(objectives) },
      options: {
        plugins: {
          legend: { labels: { color: style("--ink"), usePointStyle: true, boxWidth: 8, boxHeight: 8, padding: 12 } },
          tooltip: {
            filter: (item) => item.raw.good !== undefined,
            callbacks: { label: (item) => `${item.dataset.label} at ${digits(item.raw.x)}/s: ${seconds(item.raw.y / 1e3)}` },
          },
        },
        scales: {
          x: axis("downloads due a second (logarithmic)", {
            type: "logarithmic", min: least / 1.15, max: most * 1.15,
            afterBuildTicks: (scale) => {
              const apart = 0.07 * Math.log((most / least) * 1.3);
              scale.ticks = [...new Set(rates)].sort((a, b) => a - b)
                .reduce((ticks, rate) => (ticks.length === 0 || Math.log(rate / ticks.at(-1)) >= apart ? [...ticks, rate] : ticks), [])
                .map((value) => ({ value }));
            },
            ticks: { callback: (value) => String(Number(Number(value).toPrecision(3))) },
          }),
          y: axis(`${data.figure} of response time, ms (logarithmic)`, {
            type: "logarithmic",
            afterBuildTicks: (scale) => {
              scale.ticks = scale.ticks.filter((tick) => /^[125]e/.test(tick.value.toExponential()));
            },
            ticks: { callback: (value) => String(Number(Number(value).toPrecision(3))) },
          }),
        },
      },
    });
  };

  /* Each row is a worker, each bar a download, one colour a phase; what failed is in the colour of that, in every phase. */
  const phases = [
    { name: "connect", index: 2, light: "#c77700", dark: "#e69f00" },
    { name: "wait", index: 3, light: "#9fc5e8", dark: "#3d6a94" },
    { name: "receive", index: 4, light: "#00875f", dark: "#2fc79a" },
    { name: "work", index: 5, light: "#a8558a", dark: "#e29ac6" },
  ];
  const drawTimelines = () => {
    const isShared = document.getElementById("shared-axis");
    const longest = Math.max(...data.timelines.filter((line) => shown.has(line.mode)).map((line) => line.run), 0);
    data.timelines.forEach((line, number) => {
      const section = document.getElementById(`timeline-${number}-section`);
      if (section) section.hidden = !shown.has(line.mode);
      if (!shown.has(line.mode)) return;
      const lanes = [...new Set(line.downloads.map((download) => download[0]))].sort((a, b) => a - b);
      const bars = phases.flatMap((phase) => line.downloads
        .map((download) => ({
          x: [phase.index === 2 ? download[1] : download[phase.index - 1], download[phase.index]],
          y: `worker ${download[0] + 1}`,
          unit: download[6], ok: download[7], phase: phase.name,
        }))
        .filter((bar) => bar.x[1] > bar.x[0]));
      const datasets = phases
        .map((phase) => ({
          label: phase.name,
          data: bars.filter((bar) => bar.ok && bar.phase === phase.name),
          backgroundColor: isDark.matches ? phase.dark : phase.light,
        }))
        .concat({ label: "failed", data: bars.filter((bar) => !bar.ok), backgroundColor: style("--bad") })
        .filter((dataset) => dataset.data.length > 0)
        .map((dataset) => ({
          ...dataset, grouped: false, barPercentage: 1, categoryPercentage: 0.85, borderWidth: 0, minBarLength: 1,
        }));
      /* While a download waits for a worker, that one has others: a line through their bars. */
      const waits = line.downloads
        .filter((download) => download.length > 8 && download[1] > download[8])
        .map((download) => ({
          x: [download[8], download[1]], y: `worker ${download[0] + 1}`, unit: download[6], ok: true, phase: "due, and waiting for a worker",
        }));
      if (waits.length > 0) datasets.unshift({
        label: "due, and waiting for a worker", data: waits, backgroundColor: style("--ink"),
        grouped: false, barPercentage: 1, categoryPercentage: 0.12, borderWidth: 0,
      });
      const canvas = document.getElementById(`timeline-${number}`);
      const isFull = number === 0;
      if (canvas) canvas.parentElement.style.height = `${Math.min(isFull ? 7 + 1.3 * lanes.length : 6 + 0.5 * lanes.length, isFull ? 36 : 18)}rem`;
      draw(`timeline-${number}`, {
        type: "bar",
        data: { labels: lanes.map((lane) => `worker ${lane + 1}`), datasets },
        options: {
          indexAxis: "y",
          plugins: {
            legend: { display: isFull, labels: { color: style("--ink") } },
            tooltip: {
              callbacks: {
                title: (items) => items.length > 0 ? `${items[0].raw.y}, download ${items[0].raw.unit + 1}` : "",
                label: (item) => `${item.raw.phase}${item.raw.ok ? "" : " (failed)"}: ${seconds(item.raw.x[1] - item.raw.x[0])}, from ${seconds(item.raw.x[0])}`,
              },
            },
          },
          scales: {
            x: axis("seconds since the start", { min: 0, max: isShared && isShared.checked ? longest : line.run }),
            y: axis("", {
              ticks: { display: isFull, autoSkip: lanes.length > 24 }, title: { display: false }, grid: { display: false },
            }),
          },
        },
      });
    });
  };

  const redraw = () => {
    charts.forEach((chart) => chart.destroy());
    charts = [];
    drawTimes();
    drawLatencies();
    drawSweeps();
    drawRates();
    drawTimelines();
    document.querySelectorAll("tr[data-mode], th[data-mode], td[data-mode], li[data-mode]").forEach((part) => {
      part.hidden = !shown.has(part.dataset.mode);
    });
  };

  /* The choice of modes. The last one that is shown brings all others back. */
  const makeButtons = () => {
    const bar = document.getElementById("modes");
    const buttons = new Map();
    const press = () => {
      buttons.forEach((button, mode) => {
        button.setAttribute("aria-pressed", String(shown.has(mode)));
        button.firstChild.style.backgroundColor = hue(mode);
      });
      redraw();
    };
    modes.forEach((mode) => {
      const button = document.createElement("button");
      const swatch = document.createElement("span");
      button.type = "button";
      swatch.className = "swatch";
      button.append(swatch, mode);
      button.addEventListener("click", () => {
        if (!shown.delete(mode)) shown.add(mode);
        if (shown.size === 0) modes.forEach((name) => shown.add(name));
        press();
      });
      buttons.set(mode, button);
      bar.append(button);
    });
    bar.hidden = modes.length < 2;
    press();
    isDark.addEventListener("change", press);
  };

  /* The table of URLs: a click on a head sorts by its column, the greatest first, and another turns that round; what is
   * typed leaves the URLs that have it. */
  const makeUrls = () => {
    const table = document.getElementById("urls");
    if (!table) return;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const value = (row, column) => (column === 0 ? row.cells[0].textContent : Number(row.cells[column].dataset.value ?? NaN));
    const compare = (a, b) => {
      if (typeof a === "string") return a < b ? -1 : Number(a > b);
      if (Number.isNaN(a) || Number.isNaN(b)) return 0;
      return a - b;
    };
    const sort = (column) => {
      const isText = heads[column].dataset.sort === "text";
      const before = heads[column].getAttribute("aria-sort");
      const isAscending = before ? before === "descending" : isText;
      const known = (row) => isText || !Number.isNaN(value(row, column));
      const sorted = [...rows].sort((a, b) =>
        Number(known(b)) - Number(known(a)) || (isAscending ? 1 : -1) * compare(value(a, column), value(b, column)));
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      body.append(...sorted);
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(column));
      head.replaceChildren(button);
    });
    const filter = document.getElementById("urls-filter");
    const count = document.getElementById("urls-shown");
    const search = () => {
      const wanted = filter.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted); });
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
    };
    filter.addEventListener("input", search);
    document.getElementById("urls-search").hidden = false;
    search();
  };

  /* On one axis what is much shorter than the rest is a sliver. */
  const shared = document.getElementById("shared-axis");
  const runs = data.timelines.map((line) => line.run);
  if (shared) document.getElementById("axis-choice").hidden = runs.length < 2;
  if (shared) shared.checked = Math.max(...runs) <= 3 * Math.min(...runs);
  if (shared) shared.addEventListener("change", redraw);
  makeUrls();
  makeButtons();
})();
