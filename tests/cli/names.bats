# International names of hosts: the list is UTF-8, and its hosts are asked as curl does where the locale is UTF-8, in
# every locale and mode; and what nobody sees in names and elsewhere is refused.

load ../support/common
load ../support/recorder


setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

teardown() {
    stop_recorder
}

@test "hosts are those that curl asks in UTF-8, in every locale" {
    local locale mode host hosts="bücher.test BÜCHER.Test faß.test βόλος.test bücher。test ☺.test ａ.test bu$(printf '\xcc\x88')cher.test"
    start_recorder
    make_latin_locale locales
    for host in $hosts; do
        echo "http://$host/page"
        LC_ALL=C.UTF-8 curl --silent --disable --output curl.out --connect-to "::127.0.0.1:$RECORDER_PORT" "http://$host/page"
    done >list.txt
    take_records >curl.records
    [ "$(grep -ac '^Host: xn--bcher-kva.test' curl.records)" -eq 4 ]
    for locale in C C.UTF-8 de_DE.ISO-8859-1; do
        for mode in $MODES; do
            # A library (p11-kit) makes a locale while it is loaded, for which glibc keeps a copy of LOCPATH.
            ASAN_OPTIONS=detect_leaks=0 LOCPATH=$PWD/locales LC_ALL=$locale once --mode "$mode" --workers 1 --order file \
                --connect-to "::127.0.0.1:$RECORDER_PORT" list.txt >out
            take_records >records
            diff --text curl.records records
        done
    done
}

@test "the origin is asked for international hosts, with and without TLS" {
    local scheme
    for scheme in http https; do
        echo "$scheme://bücher.test/ x5" >list.txt
        LC_ALL=C once --origin --mode all --workers 2 --export-json result.json list.txt >out
        holds result.json '[.results[] | .failures == 0] | all'
        holds result.json '.urls == [$url]' --arg url "$scheme://bücher.test/"
    done
}

@test "--dry-run says how international hosts are asked for" {
    LC_ALL=C run "$CONC_BENCH" --dry-run http://bücher.test:81/ http://a.test/ http://x.test/ü http://BÜCHER.test/
    exits_with 0
    says "bücher.test is asked for as xn--bcher-kva.test"
    says "BÜCHER.test is asked for as xn--bcher-kva.test"
    [ "$(grep -c 'is asked for as' <<<"$output")" -eq 2 ]
    run "$CONC_BENCH" --dry-run $(printf 'http://ü%d.test/ ' {1..12})
    [ "$(grep -c 'is asked for as' <<<"$output")" -eq 10 ]
    says "2 more hosts are asked for in their ASCII form"
}

refused() {
    run -2 --separate-stderr "$CONC_BENCH" "${@:2}"
    [ "$output" = "" ]
    output=$stderr
    says "$1"
}

@test "names in options are wanted in the form that they are compared in" {
    echo http://a.test/ >list.txt
    refused "--connect-to: write the host bücher.test in its ASCII form, xn--bcher-kva.test" \
        --connect-to bücher.test:80:127.0.0.1:1 list.txt
    refused "--connect-to: write the host bücher.test in its ASCII form, xn--bcher-kva.test" \
        --connect-to ::bücher.test:1 list.txt
    refused "--resolve: write the host bücher.test in its ASCII form, xn--bcher-kva.test" \
        --resolve bücher.test:80:127.0.0.1 list.txt
    refused "--connect-to: part 1 of the host's name has a character that is allowed in no name (U+2488)" \
        --connect-to ⒈.test:80:127.0.0.1:1 list.txt
    refused "--proxy has a host that is not in its ASCII form" --proxy http://bücher.test:1 list.txt
    refused "--noproxy has a host that is not in its ASCII form" --proxy a.test --noproxy b.test,bücher.test list.txt
    no_proxy=bücher.test http_proxy=http://a.test refused "no_proxy has a host that is not in its ASCII form" \
        --proxy-from-env list.txt
}

@test "what nobody sees is refused by file and line, or by argument" {
    printf 'http://127.0.0.1:9/x\nhttp://127.0.0.1:9/x\xc2\xa0\n' >list.txt
    refused "list.txt:2: character 21 is invisible (U+00A0, no-break space)" list.txt
    refused "argument: character 16 is invisible (U+200B, zero width space)" "$(printf 'http://a.test/x\xe2\x80\x8b')"
    echo http://a.test/ >list.txt
    refused "--header: the value of the header X-One ends in an invisible character (U+00A0)" \
        -H "$(printf 'X-One: 1\xc2\xa0')" list.txt
    printf '\xef\xbb\xbfX-One: 1\nX-\xe2\x80\x8bTwo: 2\n' >headers.txt
    refused "--header headers.txt:2: the name of the header has an invisible character (U+200B)" -H @headers.txt list.txt
    printf '\xef\xbb\xbfheader = "X-One: 1"\nheader = "X-Two: \xe2\x81\xa02"\n' >config.txt
    refused "--config config.txt:2: the value of the header X-Two begins with an invisible character (U+2060)" \
        --config config.txt list.txt
}

# Names that are not looked up beforehand (--dns live) have to tell it themselves.
@test "what is this machine is told by whole names and by addresses" {
    local name
    start_recorder
    for name in localhost LOCALHOST localhost. a.localhost 127.1 0x7f.1 2130706433 0.0.0.0 '[::ffff:127.0.0.1]'; do
        "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --export-json result.json "http://$name:$RECORDER_PORT/" >out
        holds result.json '.workload.is_server_local'
        "$CONC_BENCH" --dns live --mode sync --runs 1 --warmup 0 --allow-failures --export-json result.json \
            "http://$name:$RECORDER_PORT/" >out
        holds result.json '.workload.is_server_local'
    done
    for name in notlocalhost localhost.test 127.test; do
        "$CONC_BENCH" --dns live --mode sync --runs 1 --warmup 0 --allow-failures --connect-to "::127.0.0.1:$RECORDER_PORT" \
            --export-json result.json "http://$name/" >out
        holds result.json '.workload.is_server_local | not'
    done
}
