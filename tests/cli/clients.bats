#!/usr/bin/env bats
# Clients (--client) as users meet them: what is refused, what is said beforehand, and every place where a mode is one.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    mkdir tmp
    export TMPDIR=$PWD/tmp
    for i in {1..8}; do echo "http://a.test/$i"; done >list
}

# Shows what is wrong with a command line.
refused() {
    local says=$1
    shift
    run "$CONC_BENCH" "$@" list
    exits_with 2
    says "$says"
}

@test "what cannot be a client is refused, with the way out" {
    refused '--client must be NAME=COMMAND' --client true
    refused 'there is no name before "=true"' --client =true
    refused 'client mine: the command is empty' --client mine=
    refused '"a b" is no name for a client' --client 'a b=true'
    refused '"threads" is the name of a mode' --client threads=true
    refused '"fork" is the name of a mode' --client fork=true
    refused '"time" is the name of a metric' --client time=true
    refused '"mine" is the name of another client' --client mine=true --client mine=false
    refused '"{worker}" is replaced by nothing' --client 'mine=fetch {list} {worker}'
    refused 'a quote in the command is not closed' --client-shell none --client "mine=fetch 'x"
    refused 'client-shell must be' --client-shell bash --client mine=true
    refused '--show-output does nothing without --client' --show-output
    refused '--client-shell does nothing without --client' --client-shell none
    refused '--client does not go with --no-isolate' --no-isolate --client mine=true
    refused '--client does not go with --import-json' --import-json r.json --client mine=true
    refused '--header does nothing here, as it does not reach clients' -H 'X-A: b' --client mine=true
    refused 'unknown mode "mime"; did you mean "mine"?' --assert 'mime.time < 1s' --client mine=true
    refused '--reference: unknown mode "mime"; did you mean "mine"?' --reference mime --client mine=true
    refused 'mode sync will not be run' --assert 'mine.time / sync.time < 1' --client mine=true
}

@test "a dry run says which commands would run, and starts none" {
    run "$CONC_BENCH" --dry-run --mode sync --workers 2,4 --runs 1 --warmup 0 --client "mine=touch ran; fetch -p {workers} {list} \${list} '{\"n\": {downloads}}'" list
    exits_with 0
    says "mine/2 is: touch ran; fetch -p 2 /tmp/conc-bench.XXXXXX/list \${list} '{\"n\": 8}'"
    says "mine/4 is: touch ran; fetch -p 4 /tmp"
    [ ! -e ran ]
    [ -z "$(ls -A tmp)" ]
}

@test "a client gets its list, its numbers and the environment" {
    run "$CONC_BENCH" --runs 1 --warmup 0 --workers 3 --cpu-work 1500us --client-shell none \
        --client 'mine=sh -c "env >env; cp {list} copy; cat >input; echo $1 $2 >arguments" sh {workers} {downloads}' list
    exits_with 0
    cmp list copy
    [ ! -s input ]
    [ "$(cat arguments)" = "3 8" ]
    grep -qx 'CONC_BENCH_WORKERS=3' env
    grep -qx 'CONC_BENCH_DOWNLOADS=8' env
    grep -qx 'CONC_BENCH_CPU_WORK=0.0015' env
    grep -qx "CONC_BENCH_LIST=$TMPDIR/conc-bench.*/list" env
    grep -qx "CONC_BENCH_REPORT=$TMPDIR/conc-bench.*/report" env
    [ -z "$(ls -A tmp)" ]
}

@test "what does not reach a client is said" {
    run "$CONC_BENCH" --details --runs 1 --warmup 0 --workers 1,2 --mode sync --origin=latency=0 -H 'X-A: b' --cpu-work 1us \
        --connections fresh --client "mine=xargs -n 1 curl -s -o /dev/null <{list}" list
    exits_with 0
    says 'options that do not reach clients, which have to do the same by themselves: --header X-A, --connections'
    says '--cpu-work reaches clients by CONC_BENCH_CPU_WORK alone'
    says 'the command of mine has no {workers}'
    says 'all hosts at one address'
}

@test "a client is one in every place where a mode is, and reads back the same" {
    run "$CONC_BENCH" --runs 5 --warmup 1 --workers 4 --origin=latency=1ms,size=100B --mode sync --reference old-1.0 \
        --client 'old-1.0=sleep 0.05; xargs -P {workers} -n 2 curl -s -o /dev/null <{list}' \
        --client 'new=curl -sZ --parallel-max {workers} $(sed "s/$/ -o\/dev\/null/" {list})' \
        --assert 'new.time / old-1.0@4.time < 100' --assert 'old-1.0.failures == 0' \
        --export-json r.json --export-html page.html --export-trace trace.json --export-csv r.csv --export-requests-csv d.csv \
        --export-junit r.xml --export-markdown r.md list
    exits_with 0
    says 'PASS  new.time / old-1.0@4.time < 100'
    holds r.json '[.results[] | .rank != null and .downloads == 8] | all'
    holds r.json '.results[] | select(.mode == "old-1.0") | .speedup.value == 1 and .client.shell == "sh"'
    holds trace.json '[.traceEvents[] | select(.ph == "X" and (.name | startswith("http")))] | length >= 8 * 5 * 3'
    grep -q '^"old-1.0",4,' r.csv
    [ "$(grep -c '^"new",4,' d.csv)" -eq 40 ]
    grep -q 'old-1.0' r.md
    grep -q 'old-1.0' page.html
    echo "$output" >first
    run "$CONC_BENCH" --import-json r.json --assert 'new.time / old-1.0@4.time < 100' --assert 'old-1.0.failures == 0' \
        --export-json r2.json --export-html page2.html --export-trace trace2.json --export-csv r2.csv \
        --export-requests-csv d2.csv --export-junit r2.xml --export-markdown r2.md
    exits_with 0
    diff first <(echo "$output")
    for file in r.json page.html trace.json r.csv d.csv r.xml r.md; do cmp "$file" "${file/./2.}"; done
}

@test "two clients are compared without a mode, and against a baseline" {
    run "$CONC_BENCH" --runs 1 --warmup 0 --origin=latency=0 --client 'mine=xargs -n 1 curl -s -o /dev/null <{list}' --export-json r.json list
    exits_with 0
    run "$CONC_BENCH" --runs 1 --warmup 0 --origin=latency=0 --client 'mine=xargs -n 1 curl -s -o /dev/null <{list}' --baseline r.json --max-slowdown 900% list
    says 'mine'
    [ "$status" -eq 4 ] || [ "$status" -eq 0 ]
    run "$CONC_BENCH" --runs 1 --warmup 0 --origin=latency=0 --client 'other=true' --baseline r.json list
    exits_with 2
    says 'has none of the modes'
}
