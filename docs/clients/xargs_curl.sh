#!/bin/sh
# A curl for each download, WORKERS of them at once, so that no connection is used again: xargs_curl.sh LIST WORKERS
exec xargs -P "$2" -n 1 curl -fgsSL -o /dev/null <"$1"
