# The HTML report in a real browser: drawn, quiet, usable by keyboard, readable in a narrow window, deaf to hostile text.

load ../support/common
load ../support/browser

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    printf '%s\n' 'http://a.test/"><img/src=x onerror=document.title="owned">' 'http://b.test/<!--<script>' \
        'http://c.test/</script><script>document.title="owned"</script> x6' | sed 's/ onerror/%20onerror/' >'<b>.txt'
    # 4: the assertion is in the report, but the machine was too busy to judge it.
    "$CONC_BENCH" --mode sync,threads,event-loop --workers 1,2,4,8,16 --runs 6 --no-progress --repeat 12 \
        --origin=latency=2ms --assert 'threads.time / sync.time < 1' --export-html report.html '<b>.txt' >report.txt ||
        [ $? -eq 4 ]
}

teardown_file() {
    browser_stop
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
}

# How many pixels of each canvas differ from its corner, which is ground: a list of [id, pixels].
count_pixels='return [...document.querySelectorAll("canvas")].filter((canvas) => canvas.offsetParent).map((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let drawn = 0;
    for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i + 3] !== 0 && (pixels[i] !== pixels[0] || pixels[i + 1] !== pixels[1] || pixels[i + 2] !== pixels[2]
            || pixels[i + 3] !== pixels[3])) drawn++;
    return [canvas.id, drawn];
});'

# $1: width; $2: light or dark
looks_right() {
    browser_open "$1" "$2"
    browser_visit "file://$BATS_FILE_TMPDIR/report.html"
    run browser_console
    [ "$output" = "" ]
    run browser_run "$count_pixels"
    jq -e 'map(.[0]) == ["sweeps", "times", "latencies", "timeline-0", "timeline-1", "timeline-2"]' <<<"$output"
    jq -e 'all(.[]; .[1] > 500)' <<<"$output"
    # Nothing sticks out to the side: what is wider scrolls within itself.
    run browser_run 'return document.documentElement.scrollWidth - window.innerWidth'
    [ "$output" = 0 ]
    # With room, every table is seen whole. A name or a figure beside a bar is a line.
    run browser_run 'return [...document.querySelectorAll(".scroll")]
        .filter((part) => innerWidth > 1000 && part.offsetParent && part.scrollWidth > part.clientWidth).length'
    [ "$output" = 0 ]
    run browser_run 'return [...document.querySelectorAll(".bars span, .bars strong")].map((part) => part.offsetHeight)
        .every((height, place, all) => height > 0 && height === all[0])'
    [ "$output" = true ]
    # The ground is that of the scheme.
    run browser_run 'return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)[0]'
    if [ "$2" = dark ]; then [ "$output" -lt 100 ]; else [ "$output" -gt 200 ]; fi
}

@test "wide and light: no word on the console, every chart drawn" { looks_right 1280 light; }
@test "narrow and dark" { looks_right 390 dark; }
@test "wide and dark" { looks_right 1280 dark; }

@test "a click on a mode takes it out of charts and tables, and another brings it back" {
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/report.html"
    rows='return [...document.querySelectorAll("tr[data-mode]")].filter((row) => !row.hidden).map((row) => row.dataset.mode)'
    times='return Chart.getChart("times").data.datasets.map((set) => set.label).filter((label) => label.startsWith("threads")).length'
    run browser_run "$rows"
    jq -e 'any(. == "threads")' <<<"$output"
    run browser_run "$times"
    [ "$output" -gt 0 ]
    run browser_run 'return [...document.querySelectorAll("#modes button")].map((button) => button.textContent)'
    place=$(jq 'index("threads") + 1' <<<"$output")
    browser_click "#modes button:nth-child($place)"
    run browser_run "$rows"
    jq -e 'all(. != "threads") and any(. == "sync")' <<<"$output"
    run browser_run "$times"
    [ "$output" -eq 0 ]
    run browser_run "return document.querySelector('#modes button:nth-child($place)').getAttribute('aria-pressed')"
    [ "$output" = '"false"' ]
    run browser_run 'return [...document.querySelectorAll("section[id]")].filter((part) => part.hidden).length'
    [ "$output" -eq 1 ]
    browser_click "#modes button:nth-child($place)"
    run browser_run "$rows"
    jq -e 'any(. == "threads")' <<<"$output"
    run browser_console
    [ "$output" = "" ]
}

@test "one time axis for all timelines, or one for each" {
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/report.html"
    limits='return [0, 1, 2].map((number) => Chart.getChart(`timeline-${number}`).scales.x.max)'
    run browser_run 'return document.getElementById("shared-axis").checked'
    before=$output
    run browser_run "$limits"
    first=$(jq 'unique | length' <<<"$output")
    browser_click '#shared-axis'
    run browser_run "$limits"
    second=$(jq 'unique | length' <<<"$output")
    if [ "$before" = true ]; then [ "$first" -eq 1 ] && [ "$second" -gt 1 ]; else [ "$first" -gt 1 ] && [ "$second" -eq 1 ]; fi
}

@test "charts have words, tables have heads, and what is clicked can be reached by keyboard" {
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/report.html"
    run browser_run 'return [...document.querySelectorAll("canvas")].every((canvas) =>
        canvas.getAttribute("role") === "img" && canvas.getAttribute("aria-label").length > 20)'
    [ "$output" = true ]
    run browser_run 'return [...document.querySelectorAll("table")].every((table) =>
        table.querySelectorAll("thead th[scope=col]").length > 1 &&
        [...table.tBodies[0].rows].every((row) => row.querySelector("th[scope=row]")))'
    [ "$output" = true ]
    run browser_run 'return [...document.querySelectorAll("nav button, summary, input, .scroll")].every((part) => part.tabIndex === 0)'
    [ "$output" = true ]
    run browser_run 'return [document.documentElement.lang, document.querySelectorAll("main").length, document.querySelectorAll("h1").length]'
    [ "$output" = '["en",1,1]' ]
}

@test "at a rate: what a download waited for its worker is a line" {
    # One worker for what takes two: the last of 100 waits for half of the time.
    "$CONC_BENCH" --mode threads --workers 1 --rate 100/s --runs 1 --warmup 0 --no-progress --origin=latency=15ms,size=10 \
        --repeat 100 --export-html rate.html http://a.test/ >rate.txt
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/rate.html"
    run browser_run 'return Chart.getChart("timeline-0").data.datasets.find((set) => set.label.startsWith("due"))
        .data.every((bar) => bar.x[0] < bar.x[1] && bar.x[0] < 0.991)'
    [ "$output" = true ]
}

@test "failures: the timeline's legend has them, words begin at the left" {
    local long
    long=http://a.test/$(printf '%0300d' 0)
    "$CONC_BENCH" --mode sync,threads --workers 2 --runs 1 --no-progress --allow-failures --per-url --repeat 10 \
        --origin=errors=40% --seed 1 --export-html failures.html "$long" >failures.txt
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/failures.html"
    run browser_run 'return Chart.getChart("timeline-0").legend.legendItems.map((item) => item.text)'
    jq -e 'index("failed") != null and (map(select(. == "receive" or . == "wait")) | length > 0)' <<<"$output"
    run browser_run 'return Chart.getChart("timeline-0").data.datasets.every((set) =>
        set.data.every((bar) => bar.ok === (set.label !== "failed")))'
    [ "$output" = true ]
    run browser_run 'return document.querySelectorAll("section[aria-labelledby=failures-title] table").length'
    [ "$output" = 1 ]
    run browser_run 'return [...document.querySelectorAll("section[aria-labelledby=failures-title] table")].every((table) =>
        [...table.tHead.rows[0].cells].every((head, place) =>
            getComputedStyle(head).textAlign === getComputedStyle(table.tBodies[0].rows[0].cells[place]).textAlign))'
    [ "$output" = true ]
    # Causes are words.
    run browser_run 'return document.querySelector("section[aria-labelledby=failures-title] tbody").textContent'
    [[ "$output" == *"answered with status 5xx"* && "$output" != *http_5xx* ]]
    # A long one has room, and all of it is there.
    run browser_run 'const url = document.querySelector("#urls th.url"); return [url.textContent.length, url.offsetWidth > 400]'
    [ "$output" = "[${#long},true]" ]
    run browser_run 'return document.documentElement.scrollWidth - window.innerWidth'
    [ "$output" = 0 ]
    # The table that answers is seen whole in a narrow window too.
    browser_open 390 dark
    browser_visit "file://$BATS_FILE_TMPDIR/failures.html"
    run browser_run 'const table = document.querySelector(".card .scroll"); return table.scrollWidth - table.clientWidth'
    [ "$output" = 0 ]
}

@test "hostile text stays text, and nothing is loaded from anywhere" {
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/report.html"
    run browser_run 'return [document.title, document.images.length, document.scripts.length, document.querySelectorAll("b").length]'
    [ "$(jq -c '.[1:]' <<<"$output")" = '[0,3,0]' ]
    [[ "$output" != *owned* ]]
    run browser_run 'return performance.getEntriesByType("resource").filter((entry) => !entry.name.startsWith("data:")).length'
    [ "$output" = 0 ]
    # The policy itself: what gets in all the same does not run.
    sed 's,</main>,<script>document.title = "owned"</script><img src="http://127.0.0.1:9/x"></main>,' report.html >planted.html
    browser_visit "file://$BATS_FILE_TMPDIR/planted.html"
    run browser_run 'return document.title'
    [[ "$output" != *owned* ]]
    run browser_console
    [[ "$output" == *"Content Security Policy"* ]]
}

@test "one mode: no ranks, no comparison, no choice of axes" {
    "$CONC_BENCH" --mode threads --workers 2 --runs 2 --no-progress --repeat 4 --origin=latency=2ms \
        --export-html one.html http://a.test/ >one.txt
    browser_open 390 light
    browser_visit "file://$BATS_FILE_TMPDIR/one.html"
    run browser_run 'return [...document.querySelectorAll("section[aria-labelledby=ranking-title] thead th")].map((head) => head.textContent)'
    jq -e 'length > 3 and all(.[]; . != "rank" and (startswith("vs ") | not))' <<<"$output"
    run browser_run 'return document.getElementById("axis-choice").offsetParent === null'
    [ "$output" = true ]
    run browser_run 'return document.documentElement.scrollWidth - window.innerWidth'
    [ "$output" = 0 ]
}
