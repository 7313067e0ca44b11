#!/bin/sh
# One aria2c with WORKERS downloads at once, each as a whole over one connection: aria2c.sh LIST WORKERS
set -eu
folder=$(mktemp -d) # it writes files, and nothing else
trap 'rm -r "$folder"' EXIT
awk '{ print; print "  out=" NR }' "$1" >"$folder/list"
aria2c --no-conf --quiet --max-tries 1 --file-allocation none --max-connection-per-server 1 --max-concurrent-downloads "$2" \
    ${SSL_CERT_FILE:+--ca-certificate "$SSL_CERT_FILE"} --dir "$folder" --input-file "$folder/list"
