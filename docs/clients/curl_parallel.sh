#!/bin/sh
# One curl with WORKERS transfers at once: curl_parallel.sh LIST WORKERS
set -eu
# In some versions (8.14) the status of curl tells only of the transfers that ended last, so that it names each that failed.
failed=$(sed 's|.*|url = "&"\noutput = /dev/null|' "$1" |
    curl -fL --no-progress-meter --globoff --parallel --parallel-immediate --parallel-max "$2" \
        --write-out '%{onerror}%{url}\n' --config -)
[ -z "$failed" ]
