# Figures of each URL in each mode: nginx serves what is slow by itself, slow beside others, large, small and missing.

load ../support/common
load ../support/browser

# A server of its own for what takes time, far more than a busy machine adds: bytes at a rate, and one request every 50 ms.
nginx_more() {
    SLOW_PORT=$(($2 + 1))
    cat >"$1" <<CONF
limit_req_zone \$server_port zone=crowded:1m rate=20r/s;
server {
    listen 127.0.0.1:$SLOW_PORT backlog=1024;
    root $NGINX_ROOT;
    location /slow/ { alias $NGINX_ROOT/; limit_rate 150k; sendfile on; sendfile_max_chunk 40k; }
    location /crowded/ { alias $NGINX_ROOT/; limit_req zone=crowded burst=1000; }
}
CONF
}

setup_file() {
    start_nginx
    export NGINX_PORT NGINX_PID_FILE
    here=http://127.0.0.1:$NGINX_PORT there=http://127.0.0.1:$SLOW_PORT
    make_documents 12 "$NGINX_ROOT" "127.0.0.1:$NGINX_PORT" >"$BATS_FILE_TMPDIR/list"
    # The first 40 KiB are sent at once, and the rest once they would have been through.
    head -c 46000 /dev/zero >"$NGINX_ROOT/large.bin"
    hostile='/document-1.txt?"|=1*_[x](y)%1B[31m<script>document.title="owned"</script>'
    long=$(printf '%0300d' 0)
    {
        echo "$there/slow/large.bin"
        echo "$there/crowded/document-5.txt"
        echo "$here/moved"
        echo "$here/missing"
        echo "$here$hostile"
        echo "$here/document-2.txt?$long-a"
        echo "$here/document-2.txt?$long-b"
    } >>"$BATS_FILE_TMPDIR/list"
    cd "$BATS_FILE_TMPDIR" || return 1
    "$CONC_BENCH" --details --mode sync,threads,event-loop --workers 8 --repeat 6 --runs 2 --warmup 0 --no-progress \
        --allow-failures --per-url --samples all --export-json all.json --export-urls-csv urls.csv \
        --export-html page.html --export-markdown urls.md list >all.txt
}

teardown_file() {
    stop_nginx
    browser_stop
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
}

# A jq program that finds the entry of the URL that ends in $tail.
entry='. as $all | [.urls | to_entries[] | select(.value | endswith($tail)) | .key] as $places
    | $all.per_url.urls[] | select(.url == $places[0])'

@test "what is slow by itself comes first, and a sentence names it" {
    holds all.json '.urls[.per_url.urls[0].url] | endswith("/slow/large.bin")'
    run cat all.txt
    says "The slowest URL is http://127.0.0.1:"
    [[ "$output" =~ "slowest URL is "[^\ ]*"/slow/large.bin, with a median of " ]]
}

@test "what is slow beside others only is told from what is slow alone" {
    # Far longer beside others than alone; what is slow anyway is not.
    holds all.json "$entry | [.cells[].service_p50_s] | .[1] > 5 * .[0] and .[2] > 5 * .[0]" --arg tail crowded/document-5.txt
    holds all.json "$entry | [.cells[].service_p50_s] | max < 3 * min" --arg tail /slow/large.bin
    run cat all.txt
    [[ "$output" =~ "Slowed most beside others is "[^\ ]*"/crowded/document-5.txt: " ]]
}

@test "medians, bytes and failures are those of the samples" {
    holds all.json '
        . as $all | [.per_url.urls[] | .url as $url | .cells[] | . as $figure
        | [$all.results[] | select(.mode == $figure.mode) | .rounds[].samples[] | select(.[1] == $url)] as $rows
        | [$rows[] | select(.[14] == "ok")] as $good
        | ($good | length) == .count
          and ([$rows[] | select(.[14] != "ok") | .[14]] | group_by(.) | map({key: .[0], value: length}) | from_entries)
              == .failure_classes
          and (if .count == 0 then .service_p50_s == null and .body_p50_bytes == null
               else ([$good[] | .[4]] | sort | .[((length + 1) / 2 | floor) - 1]) == .service_p50_s
                and ([$good[] | .[10]] | sort | .[((length + 1) / 2 | floor) - 1]) == .body_p50_bytes end)]
        | length == 19 * 3 and all'
    holds all.json '[.per_url.totals[] | .count + .failures] == [228, 228, 228]'
    holds all.json "$entry | [.cells[].body_p50_bytes] | unique == [46000]" --arg tail /slow/large.bin
    # A redirect is one download, with the body at its end.
    holds all.json "$entry | [.cells[] | .count, .body_p50_bytes] | unique == [12, 97]" --arg tail /moved
}

@test "a URL that never succeeds has no median, comes last, and is counted" {
    holds all.json '.urls[.per_url.urls[-1].url] | endswith("/missing")'
    holds all.json "$entry | .cells | all(.count == 0 and .failure_classes == {\"http_4xx\": 12})" --arg tail /missing
    holds all.json '.per_url | [.settled_urls, .failing_urls, .lost_urls] == [19, 1, 1]'
    run cat all.txt
    [[ "$output" =~ /missing\ +"- (12)"\ +"- (12)"\ +"- (12)" ]]
    says "1 of 19 URLs failed every time."
    says "Medians are of 12 downloads" || says "Each median is of 12 downloads."
}

@test "long URLs are shortened in the table, and still told apart" {
    seq 3 | sed "s,.*,http://127.0.0.1:$NGINX_PORT/document-2.txt?$(printf '%0300d' 0)&-$(printf '%060d' 0)," >alike
    run once --mode sync --origin=latency=1ms --per-url alike
    exits_with 0
    [ "$(grep -cE '^http://127.* #[123] ' <<<"$output")" -eq 3 ]
    run ! grep -E "^http://127.{120}" <<<"$output"
}

@test "hostile URLs stay text in every report" {
    grep -F '"http://127' urls.csv | /usr/bin/python3 -c 'import csv, sys
rows = list(csv.reader(sys.stdin, strict=True))
assert len(rows) == 57 and all(len(row) == 10 for row in rows)'
    run ! grep -q $'\033' all.txt urls.md urls.csv page.html all.json
    run ! grep -qF '<script>document.title' page.html urls.md
    grep -F document.title list >few
    run once --mode sync --origin=latency=1ms --per-url --export-markdown few.md few
    says '...ocument.title="owned"</script>  '
    grep -qF '"\|=1\*\_\[x\](y)%1B\[31m&lt;script\>document.title="owned"&lt;/script\> |' few.md
}

@test "the document has them, and every report comes back byte for byte, with its samples or without" {
    for samples in all none; do
        "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 2 --warmup 0 --no-progress --allow-failures --per-url \
            --samples "$samples" --export-json 1.json --export-urls-csv 1.csv --export-html 1.html \
            --export-markdown 1.md list >1.txt
        holds 1.json '.per_url.urls | length == 19'
        # Asked for again or not: they are there.
        for option in --per-url --quiet; do
            "$CONC_BENCH" --details --import-json 1.json --allow-failures "$option" --export-json 2.json --export-html 2.html \
                --export-markdown 2.md >2.txt
            cmp 1.json 2.json
            cmp 1.html 2.html
            cmp 1.md 2.md
            [ "$option" = --quiet ] || cmp 1.txt 2.txt
        done
        "$CONC_BENCH" --details --import-json 1.json --allow-failures --export-urls-csv 2.csv >2.txt
        cmp 1.csv 2.csv
        cmp 1.txt 2.txt
    done
}

@test "of a document without them they are made of its samples, the very same" {
    jq '.per_url = null' all.json >without.json
    run "$CONC_BENCH" --details --import-json without.json --allow-failures
    says_not "URL, median ms"
    "$CONC_BENCH" --details --import-json without.json --allow-failures --per-url --export-json made.json >made.txt
    cmp made.json all.json
    cmp made.txt all.txt
    "$CONC_BENCH" --details --import-json without.json --allow-failures --export-json made.json >made.txt
    holds made.json 'has("per_url") and .per_url == null'
}

@test "without the samples it is said what is missing, and what to do" {
    jq '.per_url = null | .results[1].rounds[1].samples = null' all.json >partly.json
    run --separate-stderr -2 "$CONC_BENCH" --details --import-json partly.json --per-url
    [ "$output" = "" ]
    [[ "$stderr" == *"--per-url: partly.json has neither figures of each URL nor the downloads of threads/8"*"--samples all"* ]]
    run -2 "$CONC_BENCH" --details --import-json partly.json --export-urls-csv partly.csv
    [ ! -e partly.csv ]
}

@test "damaged figures are refused by where they stand" {
    damaged() {
        jq "$1" all.json >damaged.json
        run --separate-stderr -2 "$CONC_BENCH" --details --import-json damaged.json
        [[ "$stderr" == *"$2"* ]] || { echo "$stderr"; return 1; }
    }
    damaged '.per_url = 1' 'per_url: not an object'
    damaged '.per_url.lost_urls = 2' 'per_url.lost_urls: 2 is not between 0 and 1'
    damaged '.per_url.settled_urls = 20' 'per_url.settled_urls: 20 is not between 0 and 19'
    damaged '.per_url.totals |= .[:2]' 'per_url.totals: 2 entries instead of 3'
    damaged '.per_url.totals[1].mode = "sync"' 'per_url.totals[1].mode: not about threads/8'
    damaged '.per_url.urls[3].url = 19' 'per_url.urls[3].url: 19 is not between 0 and 18'
    damaged '.per_url.urls[3].cells |= .[1:]' 'per_url.urls[3].cells: 2 entries instead of 3'
    damaged '.per_url.urls[3].cells[1].workers = 7' 'per_url.urls[3].cells[1].workers: not about threads/8'
    damaged '.per_url.urls[0].cells[2].service_p50_s = null' 'per_url.urls[0].cells[2].service_p50_s: not a number'
    damaged '.per_url.urls[0].cells[2].body_p50_bytes = -1' 'per_url.urls[0].cells[2].body_p50_bytes: -1'
    damaged '.per_url.urls[0].cells[2].failure_classes.ok = 1' 'failure_classes: has a member that is unknown'
}

@test "nothing of it without being asked for, and nothing wrong with who asks for nothing to be run" {
    run once --mode sync --origin=latency=1ms --export-json r.json list
    exits_with 0
    says_not "URL, median"
    holds r.json '.per_url == null'
    run "$CONC_BENCH" --per-url --dry-run list
    exits_with 0
    run once --mode null --script 3ms --per-url list
    exits_with 0
    says "of all URLs half have one of at most 3.00 ms"
    says_not "The slowest URL is" # which none is
    run once --mode sync --per-url --quiet --origin=latency=1ms list
    [ "${#lines[@]}" -eq 1 ]
    run -2 "$CONC_BENCH" --per-url=5 list
    run -2 "$CONC_BENCH" --export-urls-csv x --export-csv x list
}

@test "a run that is interrupted has figures of what was done" {
    env --default-signal=INT "$CONC_BENCH" --details --mode sync --repeat 100000 --runs 1 --warmup 0 --no-progress --per-url --origin=latency=5ms \
        --export-json cut.json list >cut.txt &
    program=$!
    until_true have_been_sent 20 # one after the other: each of the 19 is done
    kill -INT "$program"
    wait "$program" || true
    holds cut.json '.partial and (.per_url.urls | length == 19) and .per_url.failing_urls == 0'
    "$CONC_BENCH" --details --import-json cut.json --per-url --export-json cut2.json >/dev/null || true
    cmp cut.json cut2.json
}

# --- The page --------------------------------------------------------------------------------------------------------

urls='return [...document.querySelectorAll("#urls tbody tr")].filter((row) => !row.hidden).map((row) => row.cells[0].textContent)'
column='const place = [...document.querySelectorAll("#urls thead th")].findIndex((head) => head.textContent.startsWith(NAME));
    return [...document.querySelectorAll("#urls tbody tr")].map((row) => row.cells[place].dataset.value ?? null).map((value) => value && Number(value))'

# bats test_tags=page
@test "page: a click on a head sorts, another turns it round, and what has no value stays last" {
    browser_open 1280 light
    browser_visit "file://$BATS_FILE_TMPDIR/page.html"
    run browser_run "${column/NAME/\"threads\"}"
    jq -e 'length == 19 and .[-1] == null' <<<"$output"
    browser_click '#urls thead th:nth-child(3) button'
    run browser_run "${column/NAME/\"threads\"}"
    jq -e '(.[:-1] | . == (sort | reverse)) and .[-1] == null' <<<"$output"
    browser_click '#urls thead th:nth-child(3) button'
    run browser_run "${column/NAME/\"threads\"}"
    jq -e '(.[:-1] | . == sort) and .[-1] == null' <<<"$output"
    run browser_run 'return [...document.querySelectorAll("#urls thead th")].map((head) => head.getAttribute("aria-sort"))'
    [ "$(jq -c '[.[2], (map(select(. != null)) | length)]' <<<"$output")" = '["ascending",1]' ]
    # Wherever it stood before.
    browser_run 'document.querySelector("#urls tbody tr th").parentElement.cells[3].removeAttribute("data-value")'
    for direction in down up; do
        browser_click '#urls thead th:nth-child(4) button'
        run browser_run "${column/NAME/\"event-loop\"}"
        jq -e '.[-2:] == [null, null] and (.[:-2] | all(. != null))' <<<"$output"
    done
    browser_click '#urls thead th:nth-child(1) button'
    run browser_run "$urls"
    jq -e '. == sort and length == 19' <<<"$output"
    run browser_console
    [ "$output" = "" ]
}

# bats test_tags=page
@test "page: what is typed leaves the URLs that have it" {
    browser_open 1280 dark
    browser_visit "file://$BATS_FILE_TMPDIR/page.html"
    run browser_run 'const filter = document.getElementById("urls-filter");
        filter.value = "CROWDED"; filter.dispatchEvent(new Event("input"));
        return document.getElementById("urls-shown").textContent'
    [ "$output" = '"1 of 19"' ]
    run browser_run "$urls"
    jq -e 'length == 1 and (.[0] | endswith("/crowded/document-5.txt"))' <<<"$output"
    run browser_run 'const filter = document.getElementById("urls-filter");
        filter.value = "<script>"; filter.dispatchEvent(new Event("input"));
        return [document.title, document.images.length, document.scripts.length]'
    [ "$(jq -c '.[1:]' <<<"$output")" = '[0,3]' ]
    [[ "$output" != *owned* ]]
    run browser_run "$urls"
    jq -e 'length == 1' <<<"$output"
    run browser_console
    [ "$output" = "" ]
}

# bats test_tags=page
@test "page: columns follow the choice of modes, and nothing sticks out of a narrow window" {
    browser_open 390 light
    browser_visit "file://$BATS_FILE_TMPDIR/page.html"
    run browser_run 'return document.documentElement.scrollWidth - window.innerWidth'
    [ "$output" = 0 ]
    shown='return [...document.querySelectorAll("#urls thead th, #urls tbody tr:first-child td")].filter((part) => part.offsetParent).length'
    run browser_run "$shown"
    before=$output
    browser_click '#modes button:nth-child(1)'
    run browser_run "$shown"
    [ "$output" -eq $((before - 2)) ]
    run browser_run 'return [...document.querySelectorAll("#urls button, #urls-filter")].every((part) => part.tabIndex === 0)'
    [ "$output" = true ]
}
