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
# shellcheck shell=bash

bats_require_minimum_version 1.8.0

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD = /* ]] || BUILD=$TOP/$BUILD
TIME_SCALE=${TIME_SCALE:-1}
LC_ALL=C printf -v MICROSECONDS %.0f "${TIME_SCALE}e6" # of a second; 1.5 has a point everywhere

# A server's environment holds nothing of make's, and a sanitizer's report is a failure.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:exitcode=99}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=0:exitcode=99}

# ---- noting what failed ----

setup() { note_own_lines; }

# note_own_lines: for a setup(). Bats notes each command that runs (in a DEBUG trap), to tell which
# one has failed; those of helpers too, whose loops that makes a hundred times slower. The test's
# own lines are enough: helpers do not inherit the trap, and when one fails it is the line of the
# call that is told.
note_own_lines() {
    set +T
    trap 'trap - DEBUG; note_failure' ERR
}

# In the test itself the trap has noted ERR's command as well, and the one before it has failed.
# shellcheck disable=SC2034 # these are variables of Bats
note_failure() {
    [[ ${FUNCNAME[1]} != "$BATS_TEST_NAME" ]] ||
        BATS_DEBUG_LAST_STACK_TRACE=("${BATS_DEBUG_LASTLAST_STACK_TRACE[@]}")
    BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
}

with_tsan() {
    [[ $(<"$BUILD/compiler") = *-fsanitize=thread* ]]
}

# concerns_this_build PROGRAM: ThreadSanitizer has nothing to say about a server without threads.
concerns_this_build() {
    ! with_tsan || grep -qs '#include <pthread.h>' "$TOP/chapters/$1".c "$TOP/chapters/$1"/*.c
}

# ---- waiting ----

# poll_until SECONDS COMMAND...: runs COMMAND again and again until it succeeds.
# Fails, and says what it waited for, when SECONDS x TIME_SCALE have passed.
poll_until() {
    local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * MICROSECONDS)) seconds=$1
    local naps=(.002 .004 .008 .016 .032) nap=0
    shift
    [[ ${TICK:-} ]] || exec {TICK}<> <(:)
    until "$@"; do
        if ((${EPOCHREALTIME/[.,]/} > deadline)); then
            echo "waited $seconds s x $TIME_SCALE in vain for: $*"
            return 1
        fi
        read -rt "${naps[nap]}" -u "$TICK" || true # sleeps, without a process
        ((nap == 4)) || nap=$((nap + 1))
    done
}

# process_fields PID[/task/TID]: sets FIELDS to what stands behind the name in /proc/PID/stat; see proc(5).
# FIELDS[0] is the state, the third field there. Fails when there is no such process.
process_fields() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra FIELDS <<<"${stat##*) }"
}

# gone PID: no such process. One whose parent has not yet waited for it counts as gone, but not
# one whose first thread has ended before the others.
gone() {
    local FIELDS
    process_fields "$1" || return 0
    [[ ${FIELDS[0]} = Z ]] && ((FIELDS[17] <= 1))
}

# is_asleep PID[/task/TID]: so that a test knows that a program has reached its blocking call.
is_asleep() {
    local FIELDS
    process_fields "$1" && [[ ${FIELDS[0]} = S ]]
}

# all_wait PID N: N threads and the first sleep.
all_wait() {
    local task asleep=0
    for task in "/proc/$1/task/"*; do
        ! is_asleep "${task#/proc/}" || asleep=$((asleep + 1))
    done
    ((asleep > $2))
}

# ---- starting and stopping ----

SERVERS=() SERVERS_ERR=() STOPPED=() # STOPPED: those of which nothing is left

# start_server PROGRAM [ARGUMENT...]: starts build/PROGRAM (or an absolute path) on a free port
# of 127.0.0.1 and returns when it has announced itself. Sets SERVER (its pid, which is also its
# process group and session), PORT, ADDRESS, and SERVER_OUT and SERVER_ERR, the files of its output.
# With LISTEN="-p 0 -b ::1" or the like, other options than `-p 0` come first.
start_server() {
    local program=$1 line status=0
    shift
    # TSan does not survive that a thread of glibc's AIO makes another; so none may be left to do it
    [[ $program != */proactor-aio ]] || ! with_tsan || set -- -e "$@"
    [[ $program = /* ]] || program=$BUILD/$program
    SERVER_OUT=$BATS_TEST_TMPDIR/server-$BASHPID-${#SERVERS[@]}.out
    SERVER_ERR=${SERVER_OUT%.out}.err
    : >"$SERVER_OUT" # which is read before the server has begun
    # shellcheck disable=SC2086 # LISTEN holds several words on purpose
    run_apart "$program" ${LISTEN:--p 0} "$@" </dev/null >"$SERVER_OUT" 2>"$SERVER_ERR" &
    SERVER=$!
    SERVERS+=("$SERVER")
    SERVERS_ERR+=("$SERVER_ERR")
    echo "$SERVER" >>"$BATS_TEST_TMPDIR/servers" # also if we are in a subshell, as by `run`
    if ! poll_until 10 announced_or_gone || ! announced; then
        if gone "$SERVER"; then
            wait "$SERVER" || status=$?
            echo "$program ended, with status $status, before it said where it listens"
        fi
        echo "on stdout: $(<"$SERVER_OUT")"
        echo "on stderr: $(<"$SERVER_ERR")"
        return 1
    fi
    read -r line <"$SERVER_OUT"
    line=${line#listening on }
    ADDRESS=${line%:*}
    ADDRESS=${ADDRESS#[} ADDRESS=${ADDRESS%]}
    PORT=${line##*:}
}

# run_apart COMMAND...: in the place of this (sub)shell, in a session of its own, with stdin, stdout
# and stderr only (Bats waits for all who hold its descriptors; a test may hold connections), and
# with every signal as it is by default: a shell ignores some for what it runs in the background.
run_apart() {
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd <= 2)) || exec {fd}>&-
    done
    exec setsid env --default-signal -u BUILD -u BUILD_DIR -u PROGRAM -u SUBMISSION \
        -u EXERCISE "$@"
}

# The whole line must be there, and it must be the first.
announced() {
    local line
    IFS= read -r line <"$SERVER_OUT" && [[ $line = "listening on "*:?* ]]
}

announced_or_gone() {
    announced || gone "$SERVER"
}

# stop_server [SIGNAL]: sends SIGTERM (or SIGNAL) and fails unless the server, which must have run
# until now, ends with status 0 and leaves no process behind.
stop_server() {
    local signal=${1:-TERM} status=0 was_gone=no left
    if gone "$SERVER"; then
        was_gone=yes
    else
        kill -s "$signal" "$SERVER"
        if with_tsan; then # it may keep back a signal that comes right before a call that waits
            poll_until 2 gone "$SERVER" >/dev/null || kill -s "$signal" "$SERVER" || true
        fi
        if ! poll_until 5 gone "$SERVER"; then
            echo "the server does not end on SIG$signal"
            return 1
        fi
    fi
    wait "$SERVER" || status=$?
    if [[ $was_gone = yes ]]; then
        echo "the server had ended by itself, with status $status"
        return 1
    fi
    if ((status != 0)); then
        echo "the server ended with status $status instead of 0 on SIG$signal"
        return 1
    fi
    left=$(session_of "$SERVER")
    if [[ $left ]]; then
        echo "the server left processes behind:"
        echo "$left"
        return 1
    fi
    STOPPED+=("$SERVER")
}

# has_said PATTERN N: for poll_until. Lines like that stand on the server's stderr N times or more.
has_said() {
    (($(grep -c "^$1" "$SERVER_ERR") >= $2))
}

# end_by_themselves PID...: they do, with status 0.
end_by_themselves() {
    local pid status
    for pid; do
        status=0
        poll_until 5 gone "$pid" || return
        wait "$pid" || status=$?
        ((status == 0)) || { echo "it ended with status $status" && return 1; }
    done
}

# session_of PID: the living processes of the session that PID began, a line each: pid, (name), state.
session_of() {
    grep -shoE "^[0-9]+ \(.*\) [^Z] [0-9]+ [0-9]+ $1 " /proc/[0-9]*/stat | cut -d ' ' -f 1-3
}

# end_servers: for teardown. Kills what is left of every server of this test. If the test has
# failed, shows first what they had to say (unless a tell_servers does that in its own way).
end_servers() {
    local i pid server
    for i in "${!SERVERS[@]}"; do
        if [[ ! ${BATS_TEST_COMPLETED:-} && -s ${SERVERS_ERR[i]} ]] &&
            ! declare -F tell_servers >/dev/null; then
            echo "stderr of the server:"
            head -n 50 "${SERVERS_ERR[i]}"
        fi
    done
    [[ -e $BATS_TEST_TMPDIR/servers ]] || return 0
    while read -r server; do
        [[ " ${STOPPED[*]} " != *" $server "* ]] || continue
        for pid in $(session_of "$server" | cut -d ' ' -f 1); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        wait "$server" 2>/dev/null || true
    done <"$BATS_TEST_TMPDIR/servers"
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
    [[ -e /proc/$1/fd ]] || return 1
    echo ${#fds[@]}
}

# descriptors_are PID N: for poll_until.
descriptors_are() {
    [[ $(descriptor_count "$1") = "$2" ]]
}

# thread_count PID
thread_count() {
    local tasks=("/proc/$1/task/"*)
    [[ -e /proc/$1/task ]] || return 1
    echo ${#tasks[@]}
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
    local FIELDS pid ticks=0
    for pid in $(process_tree "$1"); do
        process_fields "$pid" || continue
        # utime, stime, cutime, cstime
        ticks=$((ticks + FIELDS[11] + FIELDS[12] + FIELDS[13] + FIELDS[14]))
    done
    echo $((ticks * 1000 / $(getconf CLK_TCK)))
}
