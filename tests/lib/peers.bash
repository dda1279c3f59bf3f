# peers.bash - connections that a grader holds itself, without talk
#
# A grader that needs them loads it after exercises.bash.
# shellcheck shell=bash

MOST_CALLS=3000 # of the system, where a few hundred are needed; who spins makes as many in 10 ms

PEERS=() # their descriptors

# meet N: so many more connections.
meet() {
    local i fd
    for ((i = 0; i < $1; i++)); do
        exec {fd}<>"/dev/tcp/$ADDRESS/$PORT"
        PEERS+=("$fd")
    done
}

# leave: all of them.
leave() {
    local fd
    for fd in "${PEERS[@]}"; do
        exec {fd}>&-
    done
    PEERS=()
}

# say [FD...]: each of these peers, or of all, says a line of its own.
say() {
    local fd
    (($# > 0)) || set -- "${PEERS[@]}"
    for fd; do
        echo "hello $fd" >&"$fd"
    done
}

# hear [FD...]: each has got its line back.
hear() {
    local fd line
    (($# > 0)) || set -- "${PEERS[@]}"
    for fd; do
        line=
        read -rt $((5 * MICROSECONDS / 1000000 + 1)) -u "$fd" line || true
        same "what a peer gets back" "hello $fd" "${line:-nothing}" || return
    done
}

say_and_hear() {
    say "$@" && hear "$@"
}

# few_calls: all leave, it is ended, and has made no more calls of the system than it needs.
few_calls() {
    local calls
    leave
    dismiss || return
    if ! grep -q 'calls  *EAGAIN' "$SERVER_ERR"; then
        same "on SIGTERM" "it ends" "it has to be killed" || return
    fi
    calls=$(calls_of '')
    ((calls <= MOST_CALLS)) || same "its calls of the system" "$MOST_CALLS at most" "$calls"
}

# calls_of PREFIX: how many calls it has made, started with COUNT=1, whose names begin so.
calls_of() {
    awk -v prefix="$1" 'index($1, prefix) == 1 && $2 ~ /^[0-9]+$/ { sum += $2 }
        END { print sum + 0 }' "$SERVER_ERR"
}
