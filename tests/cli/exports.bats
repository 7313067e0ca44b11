# Where reports go: the rights of what they replace, pipes, links and folders of others, one place under several names, and
# what the run itself reads. Each test works in an empty folder of its own.
# shellcheck disable=SC2030,SC2031  # each test has its own `reader`
# shellcheck disable=SC2094  # that a file is read and written is what is refused

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    mkdir work
    cd work || exit 1
    echo http://a.test/ >list
}

teardown() {
    rm -rf "${shared:-}"
    [ -z "${reader:-}" ] || kill -KILL "$reader" 2>/dev/null || true
}

# A run as short as can be.
export_to() {
    run timeout --signal=KILL 60 "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --origin=latency=0,size=10 "$@"
}

# Refused before anything runs, as wrong use, with these words up to a colon; and no file is there that was not.
refused_use() {
    local words=() before
    while [ "$1" != : ]; do words+=("$1"); shift; done
    shift
    before=$(ls -A)
    export_to "$@"
    exits_with 2
    for word in "${words[@]}"; do says "$word"; done
    [ "$(ls -A)" = "$before" ]
}

is_report() {
    jq -e '.schema == "conc-bench/2"' "$1" >/dev/null
}

# --- Rights -----------------------------------------------------------------------------------------------------------

@test "a report keeps the mode of the file it replaces, and a new one has that of any new file" {
    local mode
    umask 022
    export_to --export-json r.json list
    [ "$(stat -c %a r.json)" = 644 ]
    for mode in 600 640 666 620; do
        chmod $mode r.json
        export_to --export-json r.json list
        exits_with 0
        is_report r.json
        [ "$(stat -c %a r.json)" = $mode ]
    done
    umask 077
    export_to --export-json new.json list
    [ "$(stat -c %a new.json)" = 600 ]
    export_to --export-json r.json list
    [ "$(stat -c %a r.json)" = 620 ]
}

@test "a report keeps owner and group of the file it replaces, as far as it may" {
    [ "$(id -u)" -eq 0 ] || skip "only root may give a file away"
    echo old >r.json
    chown 61001:61002 r.json
    chmod 660 r.json
    export_to --export-json r.json list
    exits_with 0
    is_report r.json
    [ "$(stat -c %u:%g:%a r.json)" = 61001:61002:660 ]
}

# Lets another user run the program: in `shared`, with a copy of it in `as_another`. 61001 in group 61001 alone.
needs_another_user() {
    shared=$(mktemp -d)
    mkdir "$shared/bin"
    cp "$CONC_BENCH" "$shared/bin/conc-bench"
    chmod 755 "$shared"
    chown 61001 "$shared" || skip "cannot be another user"
    setpriv --reuid=61001 --regid=61001 --clear-groups "$shared/bin/conc-bench" --version >/dev/null ||
        skip "another user cannot run it"
    cp list "$shared/list"
    cd "$shared" || exit
}

as_another() {
    run timeout --signal=KILL 60 setpriv --reuid=61001 --regid=61001 --clear-groups "$shared/bin/conc-bench" --mode sync --runs 1 \
        --warmup 0 --no-progress --origin=latency=0,size=10 "$@"
}

@test "where the group cannot be kept, another group gets no more than everybody" {
    needs_another_user
    echo old >r.json
    # The group 61002 may write; the user, as everybody, too.
    chown 0:61002 r.json
    chmod 0666 r.json
    as_another --export-json r.json list
    exits_with 0
    [ "$(stat -c %u:%g:%a r.json)" = 61001:61001:666 ]
    chown 61001:61002 r.json
    chmod 0640 r.json
    as_another --export-json r.json list
    exits_with 0
    [ "$(stat -c %u:%g:%a r.json)" = 61001:61001:600 ]
}

# The users of the list of access of the file $1, or nothing.
acl() {
    /usr/bin/python3 -c '
import os, struct, sys
try:
    data = os.getxattr(sys.argv[1], "system.posix_acl_access")
except OSError:
    sys.exit()
print(*("%d:%d:%d" % entry for entry in struct.iter_unpack("<HHi", data[4:])))' "$1"
}

# Gives the user 61003 a right to read in the list $2 (access, default) of $1.
set_acl() {
    /usr/bin/python3 -c '
import os, struct, sys
none = -1
entries = [(1, 6, none), (2, 4, 61003), (4, 0, none), (16, 4, none), (32, 0, none)]
os.setxattr(sys.argv[1], "system.posix_acl_" + sys.argv[2], struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries))' "$@"
}

@test "a report has the list of access of the file it replaces, and no other" {
    local before
    echo old >r.json
    set_acl r.json access || skip "this file system has no lists of access"
    before=$(acl r.json)
    [ -n "$before" ]
    export_to --export-json r.json list
    exits_with 0
    is_report r.json
    [ "$(acl r.json)" = "$before" ]
    # A folder that gives new files a list does not give one to a file that had none.
    mkdir folder
    echo old >folder/r.json
    chmod 640 folder/r.json
    set_acl folder default
    export_to --export-json folder/r.json list
    exits_with 0
    is_report folder/r.json
    [ -z "$(acl folder/r.json)" ]
    [ "$(stat -c %a folder/r.json)" = 640 ]
    # To a new one it does, as to any.
    export_to --export-json folder/new.json list
    touch folder/any
    [ "$(acl folder/new.json)" = "$(acl folder/any)" ]
    [ "$(stat -c %a folder/new.json)" = "$(stat -c %a folder/any)" ]
}

# --- Pipes, devices, sockets ------------------------------------------------------------------------------------------

@test "a pipe that nobody reads is an error, and the other exports are written" {
    mkfifo pipe
    export_to --export-json pipe --export-csv r.csv list
    exits_with 5
    says 'cannot write "pipe": nobody reads from this pipe'
    says sync
    [ -s r.csv ]
    [ -p pipe ]
}

@test "a pipe is read by whoever comes for it, before the run or shortly after" {
    mkfifo pipe
    timeout 60 cat pipe >before 3>&- &
    export_to --export-json pipe list
    exits_with 0
    wait $!
    is_report before
    { sleep 2; timeout 60 cat pipe >after; } 3>&- &
    export_to --export-json pipe list
    exits_with 0
    wait $!
    is_report after
    [ -p pipe ]
}

# Opens the pipe and reads none of it.
open_pipe() {
    tail -f /dev/null <pipe 3>&- &
    reader=$!
}

@test "a pipe whose reader stops reading is an error, and not a run that never ends" {
    mkfifo pipe
    open_pipe
    # Many times what a pipe holds.
    export_to --repeat 5000 --samples all --export-json pipe --export-csv r.csv list
    exits_with 5
    says 'cannot write "pipe": whoever reads from this pipe has taken nothing for'
    [ -s r.csv ]
}

@test "Ctrl-C ends it while it waits for the reader of a pipe" {
    local signal
    for signal in INT:130 TERM:143 HUP:129; do
        rm -f pipe report
        mkfifo pipe
        open_pipe
        env --default-signal=INT,TERM,HUP "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --repeat 5000 \
            --samples all --origin=latency=0,size=10 --export-json pipe list >report 2>&1 3>&- &
        # The table is there before the exports.
        until_true grep -q -e '--details' report
        sleep 0.5
        kill "-${signal%:*}" $!
        status=0
        wait $! || status=$?
        output=$(cat report)
        exits_with "${signal#*:}"
        kill -KILL "$reader"
    done
}

@test "a descriptor that the shell has opened is written to as it is" {
    exec 4>four
    echo before >&4
    export_to --export-json /dev/fd/4 list
    exits_with 0
    echo behind >&4
    exec 4>&-
    [ "$(head -1 four)" = before ]
    [ "$(tail -1 four)" = behind ]
    is_report <(sed '1d;$d' four)
    "$CONC_BENCH" --import-json <(sed '1d;$d' four) -q --export-csv >(cat >csv)
    until_true test -s csv
    export_to --export-json /dev/fd/77 list
    exits_with 5
    says 'cannot write "/dev/fd/77": Bad file descriptor'
    export_to --export-json /dev/fd/5 list 5</dev/null
    exits_with 5
    says 'cannot write "/dev/fd/5": Bad file descriptor'
}

@test "/dev/stdout, by whatever name, is standard output, which then has no table" {
    local name
    ln -s /dev/stdout link
    for name in - /dev/stdout /dev/fd/1 /proc/self/fd/1 link; do
        "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --origin=latency=0 --export-json "$name" list >out
        is_report out
        # Also where more stands in that file.
        { echo before; "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --origin=latency=0 --export-json "$name" list; echo behind; } >out
        [ "$(head -1 out)" = before ]
        [ "$(tail -1 out)" = behind ]
        is_report <(sed '1d;$d' out)
        [ "$name" = - ] || refused_use 'are the same place' : --export-csv - --export-json "$name" list
    done
    "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --origin=latency=0 --export-json /dev/stderr list >out 2>err
    is_report err
    grep -q sync out
    export_to --export-json /dev/null list
    exits_with 0
    [ -c /dev/null ]
}

@test "sockets, block devices and folders are refused before anything runs" {
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
    mkdir folder
    export_to --export-json socket list
    exits_with 5
    says 'cannot write "socket": it is a socket'
    says_not sync
    export_to --export-json folder/ list
    exits_with 5
    says 'cannot write "folder/": Is a directory'
    export_to --export-json new/ list
    exits_with 5
    says 'cannot write "new/"'
    export_to --export-json list/ list
    exits_with 5
    says 'cannot write "list/": Not a directory'
    [ "$(cat list)" = http://a.test/ ]
    export_to --export-json $'no\nsuch/file' list
    exits_with 5
    says 'no\x0asuch/file'
    mknod block b 1 0 || skip "cannot make a device"
    export_to --export-json block list
    exits_with 5
    says 'it is a block device'
}

# --- Names ------------------------------------------------------------------------------------------------------------

@test "a name may be as long as the file system has it, and what it ends with is replaced as well" {
    local name
    for length in 240 250 255; do
        name=$(printf "%0${length}d" 1)
        for _ in new old; do
            export_to --export-json "$name" list
            exits_with 0
            is_report "$name"
        done
    done
    [ "$(find . -type f | wc -l)" -eq 4 ]
    export_to --export-json "${name}2" list
    exits_with 5
    says 'File name too long'
    says_not sync
}

@test "a link to a file that is not there yet makes that file, in a folder of one's own" {
    mkdir folder folder/runs
    ln -s runs/today.json folder/latest.json
    ln -s folder/latest.json last
    export_to --export-json last list
    exits_with 0
    is_report folder/runs/today.json
    [ -L last ]
    [ -L folder/latest.json ]
    # And when it is there.
    export_to --export-json last list
    exits_with 0
    [ -L last ]
    [ -L folder/latest.json ]
    [ ! -L folder/runs/today.json ]
    ln -s nowhere/file lost
    export_to --export-json lost list
    exits_with 5
    says 'cannot write "lost": No such file or directory'
    ln -s loop loop
    export_to --export-json loop list
    exits_with 5
    says 'Too many levels of symbolic links'
    [ "$(find folder -type f)" = folder/runs/today.json ]
}

@test "a link to another file system: the file there is replaced" {
    unshare --mount true || skip "cannot mount anything"
    mkdir other
    ln -s other/r.json link
    run unshare --mount bash -c 'mount -t tmpfs none other && "$@" && jq -e .schema other/r.json && ls -A other' - \
        "$CONC_BENCH" --mode sync --runs 1 --warmup 0 -q --no-progress --origin=latency=0 --export-json link list
    exits_with 0
    [ "$(tail -1 <<<"$output")" = r.json ]
    [ -L link ]
}

@test "what cannot be replaced as a whole is refused before anything runs" {
    unshare --mount true || skip "cannot mount anything"
    echo old >file
    echo other >other
    run unshare --mount bash -c 'mount --bind other file && "$@"' - \
        "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --origin=latency=0 --export-json file list
    exits_with 5
    says 'cannot write "file": something is mounted there'
    says_not 'sync '
    needs_another_user
    mkdir closed
    echo old >closed/file
    chmod 666 closed/file
    as_another --export-json closed/file list
    exits_with 5
    says 'cannot write "closed/file": no file can be made in its folder (Permission denied)'
    says_not 'sync '
    [ "$(cat closed/file)" = old ]
    # The way out that it tells.
    run bash -c '"$@" >closed/file' - setpriv --reuid=61001 --regid=61001 --clear-groups "$shared/bin/conc-bench" --mode sync \
        --runs 1 --warmup 0 --no-progress --origin=latency=0 --export-json - list
    exits_with 0
    is_report closed/file
}

# --- Folders of others ------------------------------------------------------------------------------------------------

# Every kind of folder that others may write to.
@test "in a folder that others may write to, what another user has laid gets nothing" {
    local mode
    needs_another_user
    for mode in 1777 0777 1770; do
        rm -rf open precious
        mkdir open precious
        chown 0:61002 open
        chmod $mode open
        echo precious >precious/file
        mkfifo open/pipe
        ln -s "$PWD/precious" open/way
        ln -s "$PWD/precious/file" open/link
        ln -s "$PWD/precious/new" open/new
        chown 61003 open/pipe
        chown -h 61003 open/way open/link open/new
        chmod 666 open/pipe
        # It has a reader, who is not to get anything.
        timeout 60 cat open/pipe >got 3>&- &
        reader=$!
        for place in open/pipe open/way/file open/way/other; do
            export_to --export-json $place list
            exits_with 5
            says "cannot write \"$place\""
            says "another user"
        done
        if [ $mode != 1770 ]; then
            for place in open/link open/new; do
                export_to --export-json $place list
                exits_with 5
                says "a link in a folder that everybody may write to"
            done
        fi
        kill "$reader"
        wait "$reader" || true
        reader=
        [ ! -s got ]
        [ "$(ls precious)" = file ]
        [ "$(cat precious/file)" = precious ]
        # The user's own pipe is written to.
        mkfifo open/own
        timeout 60 cat open/own >got 3>&- &
        export_to --export-json open/own --export-csv open/r.csv list
        exits_with 0
        wait $!
        is_report got
        [ -s open/r.csv ]
    done
}

@test "in a folder such as /tmp, a file of another user is refused before anything runs" {
    needs_another_user
    mkdir open
    chmod 1777 open
    echo theirs >open/r.json
    chown 61003 open/r.json
    chmod 666 open/r.json
    # Nobody but its owner could have it replaced there; and what root writes is not to become theirs.
    as_another --export-json open/r.json list
    exits_with 5
    says 'cannot write "open/r.json": it belongs to another user'
    says_not 'sync '
    export_to --export-json open/r.json list
    exits_with 5
    says 'it belongs to another user'
    [ "$(cat open/r.json)" = theirs ]
}

# --- One place, one use -----------------------------------------------------------------------------------------------

@test "what the run reads is not written over, whatever it is called" {
    local option file
    printf 'X-A: 1\n' >headers
    printf 'a=b\n' >form
    printf 'header = "X-B: 1"\n' >config
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a -keyout key -out pem 2>/dev/null
    "$CONC_BENCH" --mode sync --runs 1 --warmup 0 -q --no-progress --origin=latency=0 --export-json old.json list >/dev/null
    for option in 'list list' 'headers -H@headers' 'form -d@form' 'form --data-binary=@form' 'config -Kconfig' \
        'old.json --baseline=old.json' 'pem --cacert=pem' 'pem --cert=pem' 'key --key=key --cert=pem'; do
        file=${option%% *}
        cp -a "$file" kept
        ln "$file" hard
        ln -s "$file" soft
        # shellcheck disable=SC2086  # some are two options
        for name in "$file" "./$file" "$PWD/$file" "../work/$file" hard soft; do
            for format in json csv html; do
                refused_use "--export-$format \"$name\" would write over" : "--export-$format" "$name" ${option#* } list
            done
        done
        cmp "$file" kept
        rm hard soft kept
    done
    refused_use 'would write over what the list of URLs reads' : --export-json list - <list
    refused_use 'would write over what the list of URLs reads' : --export-json list /dev/stdin <list
    run "$CONC_BENCH" --import-json old.json --export-json ./old.json
    exits_with 2
    says 'would write over what --import-json reads'
    run "$CONC_BENCH" --import-json old.json --export-html old.json
    exits_with 2
    refused_use 'would write over what the list' : --dry-run --export-json list list
    [ "$(cat list)" = http://a.test/ ]
}

@test "two reports do not go to one place under two names" {
    local other
    echo old >old
    ln old hard
    ln -s old soft
    ln -s new link
    for other in ./old "$PWD/old" hard soft; do
        refused_use 'are the same place' : --export-json old --export-csv "$other" list
        [ "$(cat old)" = old ]
    done
    for other in ./new "$PWD/new" link; do
        refused_use 'are the same place' : --export-json new --export-html "$other" list
    done
    export_to --export-json one --export-html two list
    exits_with 0
}

@test "a report does not replace the file that standard output or standard error goes to" {
    run bash -c '"$@" >out; status=$?; cat out; exit $status' - "$CONC_BENCH" --origin --export-json out list
    exits_with 2
    says 'is where standard output goes'
    run bash -c '"$@" 2>err; status=$?; cat err; exit $status' - "$CONC_BENCH" --origin --export-json ./err list
    exits_with 2
    says 'is where standard error goes'
}

# --- Inputs that can be read once -------------------------------------------------------------------------------------

@test "inputs may be pipes, which are read once, and not by two" {
    export_to <(cat list) -H @<(echo 'X-A: 1') --data @<(echo a=b) -K <(echo 'header = "X-B: 1"') --export-json r.json
    exits_with 0
    holds r.json '.policy.options == ["--header X-A", "--header X-B", "--data (3 bytes)"] and .workload.downloads == 1'
    "$CONC_BENCH" --import-json <(cat r.json) --export-json again.json -q
    cmp r.json again.json
    export_to --export-json r.json list
    export_to --baseline <(cat r.json) list
    exits_with 4
    run bash -c 'cat list | "$@"' - "$CONC_BENCH" --dry-run /dev/stdin -H @-
    exits_with 2
    says 'which can be read only once'
    mkfifo pipe
    refused_use '--header and --config both read "pipe"' : -H @pipe -K pipe list
}

# The documents that fuzzing begins with must be readable: nothing behind a refused first field would be looked at.
@test "the documents that fuzzing begins with can be read" {
    local document
    for document in "$PROJECT_ROOT"/tests/fuzz/corpus/import/*.json; do
        run "$CONC_BENCH" --import-json "$document" --export-json "$BATS_TEST_TMPDIR/again.json"
        [[ "$status" == [0134] ]] || { echo "$document: $output"; false; }
        cmp "$document" "$BATS_TEST_TMPDIR/again.json"
    done
}
