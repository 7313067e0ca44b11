# Wrong input: a clear sentence on stderr that names the thing and the way out, exit 2, and nothing is run.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    echo http://127.0.0.1:9/ >good.txt
}

# The program must refuse these arguments, with each of the following texts, and print nothing on stdout.
refuses() {
    local arguments=() texts=()
    while [ "$1" != -- ]; do
        arguments+=("$1")
        shift
    done
    shift
    texts=("$@")
    run --separate-stderr "$CONC_BENCH" "${arguments[@]}"
    [ "$output" = "" ]
    output=$stderr
    exits_with 2
    local text
    for text in "${texts[@]}"; do
        says "$text"
    done
}

@test "no list at all" { refuses -- "--origin"; }
@test "no such file" { refuses nosuch.txt -- nosuch.txt "No such file"; }
@test "a folder" { refuses . -- "."; }

@test "an empty list" {
    : >empty.txt
    refuses empty.txt -- empty.txt
    printf '# only a comment\n\n' >comment.txt
    refuses comment.txt -- comment.txt
}

@test "lines that are no http or https URL, by file and line" {
    printf '# list\nhttp://a.test/\nftp://x/\n' >list.txt
    refuses list.txt -- "list.txt:3" "ftp://x"
    printf 'hello world\n' >list.txt
    refuses list.txt -- "list.txt:1"
    printf 'http://\n' >list.txt
    refuses list.txt -- "list.txt:1"
    printf 'http://a.test:99999/\n' >list.txt
    refuses list.txt -- "list.txt:1"
    printf 'file:///etc/passwd\n' >list.txt
    refuses list.txt -- "list.txt:1"
}

@test "credentials are refused and never echoed" {
    for url in http://me:secret@a.test/ https://secret@a.test/ "http://me:secret@a.test:99999/" "ftp://me:secret@a.test/"; do
        printf '%s\n' "$url" >list.txt
        refuses list.txt -- "list.txt:1"
        says_not secret
        refuses "$url" --
        says_not secret
    done
    printf 'http://me:secret@a.test/\n' >list.txt
    refuses list.txt -- credentials
}

@test "NUL bytes, control characters and lines that are too long" {
    printf 'http://a.test/\nhttp://a\0b.test/\n' >list.txt
    refuses list.txt -- "list.txt:2" NUL
    printf 'http://a.test/\033[31m\n' >list.txt
    refuses list.txt -- "list.txt:1"
    says_not $'\033'
    { printf 'http://a.test/'; head -c 9000 /dev/zero | tr '\0' a; echo; } >list.txt
    refuses list.txt -- "list.txt:1" 8
}

@test "repetitions that are no number" {
    for count in x0 x-1 xabc x99999999999 3; do
        printf 'http://a.test/ %s\n' "$count" >list.txt
        refuses list.txt -- "list.txt:1"
    done
}

@test "worker counts" {
    for count in 0 -1 1000000000 eight 8x "" 1.5 1,0 "1..0"; do
        refuses --workers "$count" good.txt -- workers
    done
}

@test "near misses are met with the form that was meant" {
    refuses --origin latency=50ms good.txt -- "--origin=latency=50ms"
    refuses --origin tls,size=1KiB -- "--origin=tls,size=1KiB"
    refuses example.com -- "write https://example.com"
    refuses www.example.com/path -- "write https://www.example.com/path"
    refuses localhost:8080/a -- "write http://localhost:8080/a"
    refuses nosuch.list -- "No such file"
    says_not "https://"
    refuses --workers 1-64 good.txt -- "1..64"
    refuses --time-budget 10 good.txt -- "--time-budget must be a duration with its unit" "10s or 10ms?"
    refuses --threads 8 good.txt -- "--workers N" "--mode threads"
    refuses -t 8 good.txt -- "--workers N"
    refuses -u me:geheim good.txt -- "others can read arguments" "user = " "--config FILE"
    says_not geheim
    refuses --user=me:geheim good.txt -- "--config FILE"
    says_not geheim
    refuses --import-json good.txt -- "good.txt is not a conc-bench document"
    refuses --import-json "$PROJECT_ROOT/sites.txt" -- "sites.txt is not a conc-bench document"
}

@test "-m is curl's short --max-time" {
    run "$CONC_BENCH" -m 1 --mode sync --runs 1 --warmup 0 --allow-failures --origin=latency=30s --details http://a.test/
    says "at most 1.00 s a download"
}

@test "an unknown mode names the known ones" {
    refuses --mode thread good.txt -- '"thread"' sync threads event-loop processes hybrid
    says_not null
}

@test "unknown and misspelt options" {
    refuses --wokers 8 good.txt -- --wokers --workers
    refuses --frobnicate good.txt -- --frobnicate
    refuses -Z good.txt -- -Z
    refuses good.txt --mode -- --mode
}

@test "other values out of range" {
    refuses --runs 0 good.txt -- --runs
    refuses --repeat 0 good.txt -- --repeat
    refuses --order sideways good.txt -- --order sideways
    refuses --connections none good.txt -- --connections
    refuses --dns never good.txt -- --dns
    refuses --cpu-work 5 good.txt -- --cpu-work
    refuses --max-time 0 good.txt -- --max-time
    refuses --seed x good.txt -- --seed
    refuses --origin=latency=fast -- latency
    refuses --origin=speed=1 -- speed latency
}

@test "contradictions" {
    refuses --mode threads --reference sync good.txt -- --reference
    refuses --runs 3 --time-budget 5s good.txt -- --time-budget
    refuses --seed 1 --seed 2 good.txt -- --seed
}

@test "more downloads at once than a public host is to get" {
    refuses --workers 65 --repeat 100 http://192.0.2.1/ -- "up to 65 downloads at once would go to 192.0.2.1" --max-per-host
    refuses --rate 100/s --workers 65 --repeat 100 http://192.0.2.1/ -- "up to 65 downloads at once would go to 192.0.2.1"
    refuses --workers 8 --max-per-host 4 --repeat 100 http://192.0.2.1/ -- "--max-per-host 8"
    refuses --max-per-host 0 good.txt -- --max-per-host
    # One's own machine is no public host.
    run "$CONC_BENCH" --workers 100 --repeat 100 --runs 1 --warmup 0 --mode threads --allow-failures http://127.0.0.1:9/
    exits_with 0
}

@test "an export file that cannot be written is found before the run" {
    for format in json csv requests-csv markdown html junit trace; do
        run --separate-stderr "$CONC_BENCH" --origin "--export-$format" nosuch/result
        exits_with 5
        [ -z "$output" ]
        [[ "$stderr" == *nosuch/result* ]]
    done
    run "$CONC_BENCH" --origin --export-json .
    exits_with 5
    says '"."'
}

@test "too many workers for the descriptors there may be" {
    run bash -c 'ulimit -n 200 && exec "$@"' - "$CONC_BENCH" --mode threads --workers 100 good.txt
    exits_with 5
    says descriptors
    [[ "$output" =~ [0-9]{3,} ]]
}

@test "the soft limit of descriptors is raised by itself" {
    run bash -c 'ulimit -Sn 64 && exec "$@"' - "$CONC_BENCH" --mode event-loop --workers 100 --runs 1 --warmup 0 \
        --origin=latency=1ms
    exits_with 0
}

@test "a terminal escape in an argument is not passed on" {
    refuses $'--mo\033[31mde' good.txt --
    says_not $'\033'
    refuses --mode $'\033[31m' good.txt --
    says_not $'\033'
}
