# exercises.bash - what graders are written with
#
# A grader is a Bats file that begins with `load ../../lib/exercises`. Its tests find
#
#   $SUBMISSION   the folder with the files that the manifest names, and no others
#   $PROGRAM      what was built of them (with the driver, if there is one)
#   $BUILD_DIR    where $PROGRAM lies, and what the grader's `# builds:` lines name
#   $STUDENT      whose work it is, or nothing
#
# and all of servers.bash. `# points: 4` above a @test is what it earns; a test without points is
# a condition: when it fails the exercise earns nothing, and the tests after it are not run.
#
# A test that fails tells a story. What it did and the hint can be said as it goes, for Bats
# shows it only if the test fails:
#
#   did       "sent 10 bytes, a byte a segment"
#   hint      "read() may return fewer bytes than were sent at once"
#   same      "the bytes that came back" "$expected" "$got"
# shellcheck shell=bash
# shellcheck source=/dev/null
source "${BASH_SOURCE[0]%/*}/servers.bash"
# shellcheck source=/dev/null
source "${BASH_SOURCE[0]%/*}/choose.bash"

did() { printf 'did: %s\n' "$*"; }
hint() { printf 'hint: %s\n' "$*"; }
expected() { printf 'expected: %s\n' "$*"; }
got() { printf 'got: %s\n' "$*"; }

# same WHAT EXPECTED GOT: fails, and says so, unless they are the same.
same() {
    [[ $2 != "$3" ]] || return 0
    expected "$1: $2"
    got "$1: $3"
    return 1
}

# ended_as OUTCOME REASON: the test fails in another way than by a wrong result.
ended_as() { printf 'outcome: %s: %s\n' "$1" "$2"; }

# ---- running the submission ----

# limited SECONDS COMMAND...: runs COMMAND apart from Bats, with 64 KiB of output at most and for
# at most SECONDS x TIME_SCALE. Sets STATUS, and OUT and ERR, the files of its output.
limited() {
    local seconds=$1
    shift
    RUNS=$((${RUNS:-0} + 1))
    OUT=$BATS_TEST_TMPDIR/run-$BASHPID-$RUNS.out
    ERR=${OUT%.out}.err
    STATUS=0
    (
        ulimit -f 64
        run_apart "$BUILD/tests/cage" -t $((seconds * MICROSECONDS / 1000000)) -n 500 \
            -r "$ERR.cage" "$@"
    ) </dev/null >"$OUT" 2>"$ERR" || STATUS=$?
    if [[ $(<"$ERR.cage") = left-behind* ]]; then
        expected "when it has ended, nothing of it runs"
        got "left behind: $(cut -d ' ' -f 3- "$ERR.cage")"
        return 1
    fi
}

# tell_end STATUS ERR: if a program ended in another way than by exit(), that is the outcome.
tell_end() {
    local summary
    summary=$(grep -aom1 '\(Address\|Thread\|Leak\|UndefinedBehavior\)Sanitizer: .*' "$2" ||
        grep -aom1 'runtime error: .*' "$2") || true
    if [[ $1 = 99 && $summary ]]; then
        ended_as crashed "$summary"
    elif (($1 == 124)); then
        ended_as timed-out "it was still running when the time was up"
    elif (($1 == 128 + $(kill -l XFSZ))); then
        ended_as failed "it printed without end"
    elif (($1 > 128)); then
        ended_as crashed "SIG$(kill -l $(($1 - 128)) 2>/dev/null)"
    else
        return 1
    fi
}

# run_mine [ARGUMENT...]: the server, where it should end by itself.
run_mine() {
    did "ran mine $*"
    limited 5 "$PROGRAM" "$@"
    ! tell_end "$STATUS" "$ERR"
}

# drive SCENARIO: runs one scenario of the driver, which calls the reader's functions. It passes
# only if the driver says so itself, with a word that it is given: whoever calls exit(0) inside a
# function has not passed.
drive() {
    local word=held-$RANDOM$RANDOM
    limited 5 "$PROGRAM" "$1" "$word" || return 1
    [[ $STATUS != 0 || $(tail -n 1 "$OUT") != "$word" ]] || return 0
    if ! tell_end "$STATUS" "$ERR" && [[ $STATUS = 0 ]]; then
        expected "the function returns to its caller"
        got "it ended the whole program, with status 0"
    fi
    grep -avxF "$word" "$OUT" | shortened || true
    # The first lines of a sanitizer's report say what it is, the last ones of any other.
    if ((STATUS == 99)); then head -n 15 "$ERR"; else tail -n 15 "$ERR"; fi
    echo "again: make && ${FAULTS:+FAULTS=$FAULTS }build/${PROGRAM##*/} $1"
    return 1
}

# shortened: of much the beginning and the end, where the driver says what it expected.
shortened() {
    LC_ALL=C awk -v most=4000 '
        { line[NR] = $0 }
        END {
            for (first = 1; first <= NR && begun + length(line[first]) < most; first++)
                begun += length(line[first]) + 1
            for (last = NR; last >= first && ended + length(line[last]) < most; last--)
                ended += length(line[last]) + 1
            for (i = 1; i <= NR; i++)
                if (i < first || i > last)
                    print line[i]
                else if (i == first)
                    print "... (there is more)"
        }'
}

# build_for_tsan [LIB...]: from now on drive runs the driver and the submission as clang builds them
# for its ThreadSanitizer, with these files of lib/ (with all of them, where more is used). Where
# there is no such thing the test is skipped, and its points are out of the account.
build_for_tsan() {
    local driver=$TOP/tests/${EXERCISE#"$TOP/"}.c program=$BATS_TEST_TMPDIR/with-tsan
    local name=${PROGRAM##*/} status=0
    did "built it with clang -fsanitize=thread"
    tsan -o "$program" "$driver" "$SUBMISSION"/*.c "$@" ||
        tsan -o "$program" "$driver" "$SUBMISSION"/*.c lib/*.c || status=$?
    if ((status != 0)) || ! tells_usage "$program"; then
        has_tsan || skip "this machine has no ThreadSanitizer"
    fi
    ((status == 0))
    PROGRAM=$BATS_TEST_TMPDIR/$name
    cat >"$PROGRAM" <<END
#!/bin/sh
TSAN_OPTIONS=\$TSAN_OPTIONS:report_thread_leaks=0 exec setarch -R $(printf %q "$program") "\$@"
END
    chmod +x "$PROGRAM"
}

# Called without arguments a driver tells its usage; but not if TSan cannot start.
tells_usage() {
    local status=0
    setarch -R "$1" >/dev/null 2>&1 || status=$?
    ((status == 2))
}

has_tsan() {
    echo "int main(void) { return 0; }" >"$BATS_TEST_TMPDIR/empty.c"
    tsan -o "$BATS_TEST_TMPDIR/empty" "$BATS_TEST_TMPDIR/empty.c" &&
        setarch -R "$BATS_TEST_TMPDIR/empty" 2>/dev/null
}

tsan() {
    (cd "$TOP" && clang -std=c11 -D_GNU_SOURCE -O1 -g -w -fsanitize=thread -Ilib -pthread "$@") \
        2>/dev/null
}

# serve [ARGUMENT...]: starts the submission as a server; see start_server.
serve() {
    local status=0
    did "started ${PROGRAM##*/} ${LISTEN:--p 0} $*"
    if start_server "$PROGRAM" "$@" && [[ $PORT != 0 ]]; then
        return
    fi
    expected "'listening on ADDRESS:PORT' on stdout, when it can be connected to"
    if gone "$SERVER"; then
        wait "$SERVER" || status=$?
        tell_end "$status" "$SERVER_ERR" || got "it has ended, with status $status"
    elif [[ ${PORT:-} = 0 ]]; then
        got "listening on $ADDRESS:0, and nobody listens on port 0"
    else
        ended_as timed-out "it has not announced itself"
    fi
    return 1
}

# talk [SCRIPT]: a script of the grader's own; if it is wrong, the grader is.
talk() {
    local status=0
    "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$@" || status=$?
    ((status < 2)) || ended_as grader-error "the grader's script is wrong"
    if ((status == 1)); then
        pause 0.1 # who is on his way out closes his descriptors first
        ! gone "$SERVER" || got "the server has ended"
    fi
    return $status
}

# less_time: a TIME_SCALE with which talk waits 1.5 s for what should come at once.
less_time() {
    LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.3 }"
}

# dismiss: ends the server however it can be ended, in a test that is not about its end. But what a
# sanitizer has to say then is said.
dismiss() {
    local status=0
    kill "$SERVER" 2>/dev/null || true
    poll_until 1 gone "$SERVER" >/dev/null || kill -KILL "$SERVER"
    poll_until 5 gone "$SERVER"
    DISMISSED+=("$SERVER")
    wait "$SERVER" 2>/dev/null || status=$?
    if ((status == 99)) && tell_end 99 "$SERVER_ERR"; then
        head -n 15 "$SERVER_ERR"
        return 1
    fi
}

# ---- looking at a server ----

# pause SECONDS: for so long nothing is said. To wait for something: poll_until.
pause() {
    [[ ${QUIET:-} ]] || exec {QUIET}<> <(:)
    read -rt "$1" -u "$QUIET" || true
}

# switches: how often its threads have given up the CPU so far, or lost it.
switches() {
    local pid
    for pid in $(process_tree "$SERVER"); do
        cat "/proc/$pid/task/"*/status 2>/dev/null || true
    done | awk '/_ctxt_switches/ { sum += $2 } END { print sum + 0 }'
}

# still: for 0.2 s none of its threads has had the CPU, or hardly one; MOVES is how often.
still() {
    local before
    before=$(switches)
    pause 0.2
    MOVES=$(($(switches) - before))
    ((MOVES <= 5))
}

# comes_to_rest: who looks now and then whether there is something to do does not.
comes_to_rest() {
    local i
    for ((i = 0; i <= 2 * MICROSECONDS / 1000000; i++)); do
        still && return
    done
    same "how often its threads had the CPU in 0.2 s of silence" "hardly ever" "$MOVES times"
}

# closes_all BEFORE: when all peers have gone it has no more descriptors than BEFORE they came. Who
# has slept for 0.6 s closes nothing any more.
closes_all() {
    local i n slept=0
    hint "who ends a connection closes its descriptor, and frees what was kept of its peer"
    for ((i = 0; i < 50 && slept < 3; i++)); do
        if gone "$SERVER"; then
            got "the server has ended"
            return 1
        fi
        n=$(descriptor_count "$SERVER")
        ((n > $1)) || return 0
        if still && is_asleep "$SERVER"; then slept=$((slept + 1)); else slept=0; fi
    done
    same "its descriptors, when all have gone" "$1, as before they came" "$n"
}

# ---- predictions ----

# prediction KEY: what predict.txt says about KEY; nothing if the key, or its value, is not there.
prediction() {
    tr -d '\r\357\273\277' <"$SUBMISSION/predict.txt" | # a byte order mark is no part of it
        sed -n "s/^[ \t]*$1[ \t]*=[ \t]*//p" | sed 's|[ \t]*$||; s|^?$||; q'
}

# number KEY: the prediction as a number; one that is far from all others if it is none.
number() {
    local said
    said=$(prediction "$1")
    [[ $said =~ ^[0-9]{1,6}$ ]] || said=999999
    echo $((10#$said))
}

# near KEY MEASURED TOLERANCE: the prediction is not further off than that.
near() {
    local said
    said=$(number "$1")
    ((said < $2 - $3 || said > $2 + $3)) || return 0
    expected "$1 = $2, as measured"
    said=$(prediction "$1")
    got "$1 = ${said:-nothing}, as predicted"
    return 1
}

# given KEY: the value that this student was given: of the choices {…} behind KEY in the exercise.
given() {
    local student=${STUDENT:-$(prediction student)} choices
    choices=$(sed -n "s/^$1 = {\(.*\)}.*/\1/p" "$EXERCISE/predict.txt")
    choose "$student $EX $1" "$choices"
}

# all_filled KEY...: nothing is measured before the reader has committed himself.
all_filled() {
    local key value
    for key in "$@"; do
        value=$(prediction "$key")
        if [[ ! $value =~ ^[0-9]+$ ]]; then
            expected "a whole number for each key, before anything is run"
            if grep -q "^[[:space:]]*${key}[[:space:]]*=" "$SUBMISSION/predict.txt"; then
                got "$key = ${value:-?}"
            else
                got "$key is missing"
            fi
            return 1
        fi
    done
    value=$(prediction why)
    if [[ $value != *' '* ]]; then
        expected "a sentence of several words that says why, before anything is run"
        got "why = ${value:-?}"
        return 1
    fi
}

# as_given KEY...: what was given has not been changed, and was given to this student.
as_given() {
    local key
    if [[ ${STUDENT:-} ]]; then
        same "student" "$STUDENT" "$(prediction student)"
    fi
    for key in "$@"; do
        same "$key, as given to $(prediction student)" "$(given "$key")" "$(prediction "$key")"
    done
}

# ---- before and after each test ----

HELPERS=() DISMISSED=() # what a test runs besides servers; servers whose end says nothing

setup() {
    note_own_lines
    export -n "${!BATS_@}" # nobody else's business
    if [[ -e $BATS_FILE_TMPDIR/hopeless && ! ${KEEP_GOING:-} ]]; then
        ended_as not-run "a condition before it does not hold"
        return 1
    fi
}

teardown() {
    if [[ ! ${BATS_TEST_COMPLETED:-} ]]; then
        tell_servers
        is_condition && touch "$BATS_FILE_TMPDIR/hopeless"
    fi
    end_servers
    ((${#HELPERS[@]} == 0)) || kill "${HELPERS[@]}" 2>/dev/null || true
    ((${#HELPERS[@]} == 0)) || wait "${HELPERS[@]}" 2>/dev/null || true
}

is_condition() {
    local points=$'\n# points: [0-9]+\n@test '
    [[ ! $(<"$BATS_TEST_FILENAME") =~ $points"\"$BATS_TEST_DESCRIPTION\" {" ]]
}

# What end_servers has to say of a server that failed.
tell_servers() {
    local i status
    for i in "${!SERVERS[@]}"; do
        [[ " ${DISMISSED[*]} " != *" ${SERVERS[i]} "* ]] || continue
        gone "${SERVERS[i]}" || continue
        status=0
        wait "${SERVERS[i]}" 2>/dev/null || status=$?
        if ((status != 0)); then
            tell_end "$status" "${SERVERS_ERR[i]}" || got "the server ended with status $status"
        fi
        head -c 2000 "${SERVERS_ERR[i]}"
    done
}
