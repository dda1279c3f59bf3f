# builds: chapters/04-anatomy/bounded-queue.c
load ../../lib/exercises

# Milliseconds that a prediction may be off: of the whole run, of the longest wait. The wrong ideas
# are off by 500, and by 160 and more.
TOLERANCE=250
TOLERANCE_OF_WAIT=90

@test "each key has an answer, and there is a why" {
    all_filled producers_asleep workers_asleep done_ms longest_wait_ms done_twice_ms \
        longest_wait_twice_ms
    as_given room
}

# points: 1
@test "who sleeps while the queue is full" {
    hint "whoever finds no room sleeps; whoever finds something to take does not"
    hold producers_asleep 0 workers_asleep 0
}

# points: 1
@test "how long all 100 requests take" {
    hint "how many requests leave the queue in a second, at most?"
    hold done_ms $TOLERANCE
}

# points: 1
@test "how long a request lies in the queue, at most" {
    hint "how many are before it, and how often does one of them leave?"
    hold longest_wait_ms $TOLERANCE_OF_WAIT
}

# points: 1
@test "what changes with twice the room" {
    hint "who is as slow as before: the producers, the workers, or the queue?"
    hold done_twice_ms $TOLERANCE longest_wait_twice_ms $TOLERANCE_OF_WAIT
}

# hold KEY TOLERANCE...: the predictions are what is measured. On a busy machine a measurement may
# be off, and is made again; an idle one takes DONE_BY milliseconds, and then there is no other.
DONE_BY=1250
hold() {
    local try
    did "ran bounded-queue with room for $(given room) requests, and for twice as many"
    for try in 1 2 3 4 5 6; do
        [[ -e $BATS_FILE_TMPDIR/$try ]] || measure >"$BATS_FILE_TMPDIR/$try"
        ! are_near "$BATS_FILE_TMPDIR/$try" "$@" >/dev/null || return 0
        (($(sed -n 's/^done_twice_ms = //p' "$BATS_FILE_TMPDIR/$try") > DONE_BY)) || break
    done
    are_near "$BATS_FILE_TMPDIR/$try" "$@"
}

are_near() { # MEASURED KEY TOLERANCE...
    local measured=$1 value
    shift
    while (($#)); do
        value=$(sed -n "s/^$1 = //p" "$measured")
        near "$1" "${value:--1000000}" "$2" || return 1
        shift 2
    done
}

# measure: runs it with both rooms at the same time, and prints "key = value" for each key.
measure() {
    local room
    room=$(given room)
    run_with $((2 * room)) >"$BATS_TEST_TMPDIR/twice" &
    run_with "$room" >"$BATS_TEST_TMPDIR/once"
    wait $!
    awk -v room="$room" '
        $5 == "queue" && $6 == room { # who sleeps is drawn as a "."; anything else is at work
            full = 1
            sleepers = gsub(/\./, "", $4)
            producers = sleepers > producers ? sleepers : producers
            sleepers = gsub(/\./, "", $9)
            workers = workers == "" || sleepers < workers ? sleepers : workers
        }
        END {
            if (full) {
                print "producers_asleep = " producers + 0
                print "workers_asleep = " workers
            }
        }' "$BATS_TEST_TMPDIR/once"
    sed -n 's/^took \(.*\)/done_ms = \1/p; s/.*longest wait \(.*\) ms/longest_wait_ms = \1/p' \
        "$BATS_TEST_TMPDIR/once"
    sed -n 's/^took \(.*\)/done_twice_ms = \1/p
        s/.*longest wait \(.*\) ms/longest_wait_twice_ms = \1/p' "$BATS_TEST_TMPDIR/twice"
}

run_with() {
    local start=${EPOCHREALTIME/[.,]/}
    "$BUILD_DIR/bounded-queue" -q "$1"
    echo "took $(((${EPOCHREALTIME/[.,]/} - start) / 1000))"
}
