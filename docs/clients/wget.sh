#!/bin/sh
# One wget, which downloads one after the other, however many workers there might be: wget.sh LIST WORKERS
set -eu
exec wget -nv -t 1 -O /dev/null ${SSL_CERT_FILE:+--ca-certificate "$SSL_CERT_FILE"} -i "$1"
