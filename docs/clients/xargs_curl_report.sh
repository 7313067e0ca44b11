#!/usr/bin/env bash
# The same, with a report of what became of each download: xargs_curl_report.sh LIST WORKERS
set -u
download() {
    local start=$EPOCHREALTIME status=0 said
    said=$(curl -fgsSL -o /dev/null -w '%{http_code} %{size_download}' "$2") || status=$?
    [ -z "${CONC_BENCH_REPORT:-}" ] || echo "$1 $said $start $EPOCHREALTIME" >>"$CONC_BENCH_REPORT"
    return "$status"
}
export -f download
# Lines have the number of the URL, from 0, and the URL.
nl -v 0 -b a "$1" | xargs -P "$2" -n 2 bash -c 'download "$@"' download
