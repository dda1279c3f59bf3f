# 5-mine.bash - what the tests of 5-mine.bats are written with
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests look at what it sets

# ten_turns: the first says a line and gets it back, ten times; TURN is how long the middle one of
# them took, in microseconds. (A sleep is in every turn; a machine that stumbles, in one or two.)
ten_turns() {
    local i start turns=()
    for ((i = 0; i < 10; i++)); do
        start=${EPOCHREALTIME/[.,]/}
        say_and_hear "${PEERS[0]}" || return
        turns+=($((${EPOCHREALTIME/[.,]/} - start)))
    done
    TURN=$(printf '%s\n' "${turns[@]}" | sort -n | sed -n 5p)
}

# sends_and_never_reads: the first of them, in the background; WRITER is its process.
sends_and_never_reads() {
    did "sent it 100 MB, and read nothing"
    head -c 100000000 /dev/zero >&"${PEERS[0]}" 2>/dev/null 3>&- 4>&- &
    WRITER=$!
    HELPERS+=("$WRITER")
}

serve_files() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE"
    echo first >"$SITE/a.txt"
    truncate -s 30000000 "$SITE/large"
    serve -P http -d "$SITE"
}

# ---- looking at the server ----

# lives: how many threads it has, all processes taken together.
lives() {
    local pid n=0
    for pid in $(process_tree "$SERVER"); do
        n=$((n + $(thread_count "$pid")))
    done
    echo "$n"
}

memory_kb() {
    local pid
    for pid in $(process_tree "$SERVER"); do
        cat "/proc/$pid/status"
    done | awk '$1 == "VmRSS:" { sum += $2 } END { print sum + 0 }'
}

# it_rests: it sleeps and so does the writer, and that ten times in a row; or the writer is done.
it_rests() {
    RESTED=$((${RESTED:-0} + 1))
    is_asleep "$SERVER" && is_asleep "$WRITER" || RESTED=0
    ((RESTED >= 10)) || gone "$WRITER"
}

# few_calls_or_why: as few_calls, with a hint at what the many may be.
few_calls_or_why() {
    few_calls && return
    if ((5 * $(calls_of accept) > $(calls_of ''))); then
        hint "whom you cannot accept waits on, and you are told of it: look away for a while"
    else
        hint "a socket is nearly always writable: ask for that only while something is owed"
    fi
    return 1
}
