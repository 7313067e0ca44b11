# What tests of runs over many machines share: hosts that are network namespaces, joined by a bridge that lies in one more,
# where servers and the launcher run; all of them with names of this test alone.

# What follows needs MPI, and a build that has it.
with_mpi() {
    [ -n "${RANKS:-}" ] || skip "there is no MPI, or this build is not for it"
}

# Makes the hosts NAME-1 to NAME-$1 and the bridge NAME-0; sets FLEET to NAME. To be called once a file; the addresses end
# in the number plus 1.
make_hosts() {
    local count=$1 i
    FLEET=cb$$-$RANDOM
    export FLEET
    ip netns add "$FLEET-0" 2>/dev/null || return
    ip -n "$FLEET-0" link set lo up
    ip -n "$FLEET-0" link add bridge type bridge || return
    ip -n "$FLEET-0" addr add 10.213.0.1/24 dev bridge
    ip -n "$FLEET-0" link set bridge up
    for ((i = 1; i <= count; i++)); do
        ip netns add "$FLEET-$i"
        ip -n "$FLEET-$i" link set lo up
        ip -n "$FLEET-$i" link add eth0 type veth peer name "port$i" netns "$FLEET-0"
        ip -n "$FLEET-0" link set "port$i" master bridge up
        ip -n "$FLEET-$i" addr add "10.213.0.$((i + 1))/24" dev eth0
        ip -n "$FLEET-$i" link set eth0 up
    done
    # A machine is called by its host's name, so that each needs one.
    cat >"$BATS_FILE_TMPDIR/agent" <<'AGENT'
#!/bin/sh
host=$1; shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0"; exec sh -c "$1"' "$host" "$*"
AGENT
    chmod +x "$BATS_FILE_TMPDIR/agent"
}

remove_hosts() {
    local host
    for host in $(ip netns list | sed -n "s/^\($FLEET-[0-9]*\).*/\1/p"); do
        ip netns pids "$host" | xargs -r kill -9
        ip netns del "$host"
    done
}

# Three hosts, and a server at their bridge of seven documents, which the file "list" in $BATS_FILE_TMPDIR has the URLs of; it
# tells who asked for what in "requests". At port 8081 it serves the second host slowly: the largest document of these takes
# a second, and one that is not in the list, /long, 11 s.
# At port 8082 (the file "limited") each host is served 100 requests a second, and all together 200.
# Sets HAS_HOSTS where all of that can be had.
start_fleet() {
    local i folder=$BATS_FILE_TMPDIR
    [ -n "${RANKS:-}" ] || return 0
    make_hosts 3 || return 0
    mkdir "$folder/www"
    head -c 70000 /dev/zero >"$folder/www/long"
    for i in 1 2 3 4 5 6 7; do
        head -c $((i * 1000)) /dev/zero >"$folder/www/document-$i"
        echo "http://10.213.0.1:8080/document-$i" >>"$folder/list"
        echo "http://10.213.0.1:8081/document-$i" >>"$folder/slow"
        echo "http://10.213.0.1:8082/document-$i" >>"$folder/limited"
    done
    cat >"$folder/nginx.conf" <<CONF
user root;
pid $folder/nginx.pid;
error_log $folder/errors;
worker_processes 1;
events { worker_connections 1000; }
http {
    log_format who '\$remote_addr \$uri';
    access_log $folder/requests who;
    map \$remote_addr \$rate { 10.213.0.3 6k; default 0; }
    server { listen 10.213.0.1:8080; root $folder/www; }
    server { listen 10.213.0.1:8081; root $folder/www; limit_rate \$rate; }
    limit_req_zone \$remote_addr zone=each:1m rate=100r/s;
    limit_req_zone \$server_port zone=all:1m rate=200r/s;
    server { listen 10.213.0.1:8082; root $folder/www; limit_req zone=each burst=100; limit_req zone=all burst=100; }
}
CONF
    at_bridge nginx -c "$folder/nginx.conf" 3>&-
    export HAS_HOSTS=yes
}

# Of a file whose setup_file() calls start_fleet(), and of any other.
teardown_file() {
    [ -z "${FLEET:-}" ] || remove_hosts
}

with_hosts() {
    with_mpi
    [ -n "${HAS_HOSTS:-}" ] || skip "no network namespaces can be made here"
}

# Open MPI's launcher, where it is that of version 5 or later.
is_prterun() {
    [[ "$(mpirun.openmpi --version)" =~ \)\ ([0-9]+)\. ]] && [ "${BASH_REMATCH[1]}" -ge 5 ]
}

# As exits_with, of a run that was aborted. The status is no word of the program's where Open MPI 4.1.4's mpirun itself
# crashes once it has ended all processes (in PMIx_server_finalize), or where the library of Open MPI 5 ends another process
# (with 14) because the first one has gone.
is_aborted_with() {
    [[ "$status" -eq 139 && "$output" == *PMIx_server_finalize* ]] ||
        [[ "$status" -eq 14 && "$output" == *"Socket closed"* ]] || exits_with "$1"
}

# The process of the run on a host, in `rank`: a cell has it as its parent.
find_rank() {
    rank=$(ip netns pids "$FLEET-$1" | xargs -r ps -o pid=,ppid=,comm= -p |
        awk '$3 ~ /^conc-bench/ { parent[$1] = $2 } END { for (p in parent) if (!(parent[p] in parent)) print p }')
    [ -n "$rank" ]
}

# Ctrl-C at Open MPI's launcher, which has become another program since version 5.
interrupt_launcher() {
    kill -INT "$(ip netns pids "$FLEET-0" | xargs -r ps -o pid=,comm= -p | awk '$2 ~ /^(mpirun|orterun|prterun)/ { print $1 }')"
}

# After Ctrl-C: the launcher of Open MPI 5 reads nothing any more that processes print, and kills them after a quarter of a
# second. What the leader had to say is in its file, if the machine was not too busy for it to be written.
take_report_from() {
    is_prterun || return 0
    [ -e "$1" ] || skip "the launcher left no time for the file"
    output=$("$CONC_BENCH" --details --import-json "$1")
}

at_bridge() {
    ip netns exec "$FLEET-0" "$@"
}

# The name of the first $1 hosts, with commas.
name_hosts() {
    local i hosts=$FLEET-1
    for ((i = 2; i <= $1; i++)); do hosts=$hosts,$FLEET-$i; done
    echo "$hosts"
}

# The program on the first $1 hosts, by Open MPI. When a process has died, the launcher leaves the others $SIGKILL_AFTER
# seconds, or 1, which that of Open MPI 5 does not let itself be told (without_the_dead()); it binds processes as BIND says.
# MPI_OPTIONS are more options of it. A script THROUGH starts the program instead: on a host of its own.
on_hosts() {
    local count=$1
    shift
    # shellcheck disable=SC2086  # each word is an option
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 at_bridge timeout 150 mpirun.openmpi -n "$count" \
        --host "$(name_hosts "$count")" \
        --mca plm_rsh_agent "$BATS_FILE_TMPDIR/agent" --mca oob_tcp_if_include 10.213.0.0/24 \
        --mca btl_tcp_if_include 10.213.0.0/24 --mca btl self,tcp --mca odls_base_sigkill_timeout "${SIGKILL_AFTER:-1}" \
        --bind-to "${BIND:-none}" \
        ${MPI_OPTIONS:-} ${THROUGH:-} "$CONC_BENCH_MPI" "$@"
}

# Has processes outlive one that has died: Open MPI 5 ends them with it, or a quarter of a second after it, unless it is told
# that they can do without it.
without_the_dead() {
    ! is_prterun || export MPI_OPTIONS="--with-ft ulfm"
}

# The same by MPICH, which would find that the hosts share their memory.
on_hosts_by_mpich() {
    local count=$1
    shift
    # shellcheck disable=SC2086
    at_bridge timeout 150 mpiexec.mpich -launcher rsh -launcher-exec "$BATS_FILE_TMPDIR/agent" -iface bridge \
        -genv UCX_TLS tcp,self ${MPI_OPTIONS:-} -hosts "$(name_hosts "$count")" -n "$count" ${THROUGH:-} "$CONC_BENCH_MPICH" "$@"
}

# Makes a script for THROUGH that starts the program on the second host after the commands $1, and on the others as it is.
# Each host has mounts of its own.
on_second_host_after() {
    THROUGH=$BATS_TEST_TMPDIR/through
    export THROUGH
    printf '#!/bin/sh\nset -e\ncase $(hostname) in *-2)\n%s\n;; esac\nexec "$@"\n' "$1" >"$THROUGH"
    chmod +x "$THROUGH"
}

# Begins a run that takes long, with more arguments, in the background as `launcher`, and waits until one round of it is over;
# what it prints goes to $OUT. BY is the launcher: on_hosts, or another.
begin() {
    "${BY:-on_hosts}" 3 --mode threads --workers 4 --runs 50 --warmup 0 --no-progress --deadline 5s --split none --repeat 6 --details \
        "$@" "$BATS_FILE_TMPDIR/slow" >"$OUT" 2>&1 3>&- &
    launcher=$!
    until_true has_done_a_round
}

has_done_a_round() {
    [ "$(wc -l <"$BATS_FILE_TMPDIR/requests")" -gt $((7 * 6 * 3)) ]
}

# Waits for the end; fails unless nothing is left on any host. Then `output` is what was printed.
wait_for_end() {
    status=0
    wait "$launcher" || status=$?
    output=$(tr -d '\0' <"$OUT") # Open MPI 5 has one in a sentence
    leaves_nothing
}

leaves_nothing() {
    local host
    for host in 1 2 3; do
        until_true is_empty "$host"
    done
}

is_empty() {
    [ -z "$(ip netns pids "$FLEET-$1")" ]
}

says_the_second_was_lost() {
    says "$FLEET-2 was lost, and the run ended with that: what was measured before stands"
    says "on 3 machines"
    says "Machines"
}
