# servers.bash - starting, watching and stopping a server in a test
#
# A test file begins with
#
#     load lib/servers          (from tests/; `load ../../lib/servers` in tests/exercises/NN-…/)
#     teardown() { end_servers; }
#
# and then reads like this:
#
#     start_server 01-blocking/one-at-a-time
#     talk <<<'A connect
#              A send "hello\n"
#              A recv "hello\n"'
#     stop_server
#
# Nothing in a test sleeps to wait for something: it polls, until a deadline that
# TIME_SCALE=3 makes three times as long (sanitizers, valgrind, a busy machine).

bats_require_minimum_version 1.8.0

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD = /* ]] || BUILD=$TOP/$BUILD
TIME_SCALE=${TIME_SCALE:-1}

# A server's environment holds nothing of make's, and a sanitizer's report is a failure.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:exitcode=99}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=0:exitcode=99}

# ---- waiting ----

# poll_until SECONDS COMMAND...: runs COMMAND again and again until it succeeds.
# Fails, and says what it waited for, when SECONDS x TIME_SCALE have passed.
poll_until() {
    local seconds=$1 deadline
    shift
    deadline=$((${EPOCHREALTIME/[.,]/} + seconds * TIME_SCALE * 1000000))
    [[ ${TICK:-} ]] || exec {TICK}<> <(:)
    until "$@"; do
        if ((${EPOCHREALTIME/[.,]/} > deadline)); then
            echo "waited $((seconds * TIME_SCALE)) s in vain for: $*"
            return 1
        fi
        read -rt 0.02 -u "$TICK" || true # 20 ms, without a process
    done
}

# gone PID: no such process (a zombie of ours counts as gone).
gone() {
    local state
    state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
    [[ $state = Z ]]
}

# ---- starting and stopping ----

# start_server PROGRAM [ARGUMENT...]: starts build/PROGRAM (or an absolute path) on a free port
# of 127.0.0.1 and returns when it has announced itself. Sets SERVER (its pid, which is also its
# process group), PORT, ADDRESS, and SERVER_OUT and SERVER_ERR, the files of its output.
# With LISTEN="-p 0 -b ::1" or the like, other options than `-p 0` come first.
start_server() {
    local program=$1 line
    shift
    [[ $program = /* ]] || program=$BUILD/$program
    SERVER_OUT=$(mktemp "$BATS_TEST_TMPDIR/out.XXXXXX")
    SERVER_ERR=$(mktemp "$BATS_TEST_TMPDIR/err.XXXXXX")
    # Bats waits for all who hold its descriptors; SIGINT is ignored in background jobs.
    # shellcheck disable=SC2086 # LISTEN holds several words on purpose
    setsid env --default-signal=INT,QUIT,PIPE "$program" ${LISTEN:--p 0} "$@" \
        </dev/null >"$SERVER_OUT" 2>"$SERVER_ERR" 3>&- 4>&- 5>&- 6>&- &
    SERVER=$!
    SERVERS+=("$SERVER")
    poll_until 10 announced_or_gone || return 1
    line=$(<"$SERVER_OUT")
    if [[ $line != "listening on "* ]]; then
        echo "$program did not start; it said on stdout '$line' and on stderr:"
        cat "$SERVER_ERR"
        return 1
    fi
    line=${line%%$'\n'*}
    line=${line#listening on }
    ADDRESS=${line%:*}
    ADDRESS=${ADDRESS#[} ADDRESS=${ADDRESS%]}
    PORT=${line##*:}
}

announced_or_gone() {
    grep -q '^listening on .*:.' "$SERVER_OUT" || gone "$SERVER"
}

# stop_server [SIGNAL]: sends SIGTERM (or SIGNAL) and fails unless the server ends with status 0,
# quietly, and leaves no process behind.
stop_server() {
    local status=0
    kill -s "${1:-TERM}" "$SERVER" || return 1
    if ! poll_until 5 gone "$SERVER"; then
        echo "the server does not end on SIG${1:-TERM}"
        return 1
    fi
    wait "$SERVER" || status=$?
    if ((status != 0)); then
        echo "the server ended with status $status instead of 0; its stderr:"
        cat "$SERVER_ERR"
        return 1
    fi
    if group_alive "$SERVER"; then
        echo "the server left processes behind:"
        ps -o pid,stat,args -g "$SERVER"
        return 1
    fi
}

group_alive() {
    kill -0 -- "-$1" 2>/dev/null
}

# end_servers: for teardown. Kills what is left of every server of this test.
end_servers() {
    local pid
    for pid in "${SERVERS[@]}"; do
        kill -KILL -- "-$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

# ---- talking ----

# talk [OPTION...] [SCRIPT]: plays a script (standard input unless named) against the server.
talk() {
    "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$@"
}

# ---- watching ----

# descriptor_count PID
descriptor_count() {
    local fds=("/proc/$1/fd/"*)
    echo ${#fds[@]}
}

# descriptors_are PID N: for poll_until.
descriptors_are() {
    [[ $(descriptor_count "$1") = "$2" ]]
}

# process_tree PID: PID and all its living descendants, a line each.
process_tree() {
    local child
    echo "$1"
    # shellcheck disable=SC2013 # words, all on one line
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        process_tree "$child"
    done
}

# cpu_ms PID: CPU time that PID, its threads, its descendants and its reaped children have used
# so far, user and system, in milliseconds (in steps of 10).
cpu_ms() {
    local pid ticks=0 rest
    for pid in $(process_tree "$1"); do
        rest=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || continue
        # shellcheck disable=SC2086 # split into fields; after the name, utime is the 12th
        set -- $rest
        ticks=$((ticks + ${12} + ${13} + ${14} + ${15}))
    done
    echo $((ticks * 1000 / $(getconf CLK_TCK)))
}

# thread_count PID
thread_count() {
    local tasks=("/proc/$1/task/"*)
    echo ${#tasks[@]}
}

# is_asleep PID: for poll_until, so that a test knows that a program has reached its blocking call.
is_asleep() {
    [[ $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) = S ]]
}
