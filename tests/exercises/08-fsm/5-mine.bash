# 5-mine.bash - what the tests of 5-mine.bats are written with
# shellcheck shell=bash

# serve_files [OPTION...]: with -P http, on a directory of its own.
serve_files() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE"
    echo first >"$SITE/a.txt"
    echo second >"$SITE/b.txt"
    serve -P http -d "$SITE" "$@"
}

# ---- a client that cuts as it likes ----

# meet: a new connection, on descriptor PEER.
meet() {
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
}

tell() {
    { printf '%s' "$1" >&"$PEER"; } 2>/dev/null
}

# in_two_pieces TEXT N: its first N bytes, and when they have been read, probably, the others.
in_two_pieces() {
    tell "${1:0:$2}" || return 0
    pause 0.004
    tell "${1:$2}" || return 0
}

# hear: all that comes on PEER until the end, which must come, goes to $HEARD.
hear() {
    local status=0
    hear_for 5 || status=$?
    exec {PEER}>&-
    ((status != 124)) || same "the connection" "ended by it" "still open after 5 s"
}

# hear_for SECONDS: what comes so long; status 124 if there is no end.
hear_for() {
    HEARD=$BATS_TEST_TMPDIR/heard
    timeout "$(($1 * MICROSECONDS / 1000000))" cat <&"$PEER" >"$HEARD" 2>/dev/null
}

ask() {
    did "sent $(printf %q "${1:0:150}")"
    meet
    tell "$1" || true
    hear
}

# answers: the statuses in $HEARD, but for 100, and the files, in order.
answers() {
    grep -aoE 'HTTP/1\.1 [2-5][0-9][0-9] |^(first|second)$' "$HEARD" |
        sed 's|HTTP/1.1 ||; s| $||' | paste -sd ' '
}

# answers_are WORDS: many of them are told by the first that is wrong.
answers_are() {
    local -a want have
    local i
    read -ra want <<<"$1"
    read -ra have <<<"$(answers)"
    for ((i = 0; i < ${#want[@]} || i < ${#have[@]}; i++)); do
        [[ ${want[i]:-} = "${have[i]:-}" ]] || break
    done
    ((i < ${#want[@]} || i < ${#have[@]})) || return 0
    expected "answers (${#want[@]} words), from word $((i + 1)) on: ${want[*]:i:6}"
    got "answers (${#have[@]} words), from word $((i + 1)) on: ${have[*]:i:6}"
    return 1
}

# refused BEFORE REQUEST: it is answered by an error, perhaps with BEFORE before it, and the connection
# ended, before what comes next.
refused() {
    local said
    ask "$2$SECOND"
    said=$(answers)
    [[ ! $said =~ ^($1)?(400|413|431|501)$ ]] || return 0
    expected "400 (or 413, 501), and the end"
    got "${said:-nothing}"
    return 1
}

# swallowed REQUEST: it goes on for gigabytes, or is refused; what comes next is no request.
swallowed() {
    did "sent $(printf %q "$1")"
    meet
    tell "$1$SECOND" || true
    hear_for 1 || true
    exec {PEER}>&-
    [[ $(answers) != *second* ]] || same "a request in the body" "not answered" "answered"
}
