#!/bin/sh
# One curl with WORKERS transfers at once: curl_parallel.sh LIST WORKERS
set -eu
sed 's|.*|url = "&"\noutput = /dev/null|' "$1" |
    curl -fL --no-progress-meter --globoff --parallel --parallel-immediate --parallel-max "$2" --config -
