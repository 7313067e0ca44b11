#!/usr/bin/env node
// A few asynchronous functions, which take URLs from one iterator: fetch.mjs LIST WORKERS. Node 18 or later.

import { readFileSync, writeFileSync } from "node:fs";

const [list, workers] = process.argv.slice(2);
const urls = readFileSync(list, "ascii").trim().split("\n");
const units = urls.entries();
const cpuWork = Number(process.env.CONC_BENCH_CPU_WORK ?? 0);
const report = [];
const now = () => Number(process.hrtime.bigint()) / 1e9;

function spendCpuTime() {
  const start = process.cpuUsage();
  let used;
  do used = process.cpuUsage(start);
  while ((used.user + used.system) / 1e6 < cpuWork);
}

async function work() {
  for (const [unit, url] of units) {
    const start = now();
    const response = await fetch(url);
    const body = await response.arrayBuffer(); // only then is the connection free for the next
    if (cpuWork > 0) spendCpuTime();
    report.push([unit, response.status, body.byteLength, start.toFixed(9), now().toFixed(9)].join(" "));
    if (!response.ok) {
      console.error(`${url}: ${response.status}`);
      process.exitCode = 1;
    }
  }
}

await Promise.all(Array.from({ length: Number(workers) }, work));
if (process.env.CONC_BENCH_REPORT) writeFileSync(process.env.CONC_BENCH_REPORT, report.join("\n") + "\n");
