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

# hear: all that comes on PEER until the end goes to $HEARD.
hear() {
    HEARD=$BATS_TEST_TMPDIR/heard
    timeout "$((5 * MICROSECONDS / 1000000))" cat <&"$PEER" >"$HEARD" 2>/dev/null || {
        (($? != 124)) || got "it has not ended the connection after 5 s"
    }
    exec {PEER}>&-
}

ask() {
    did "sent $(printf %q "${1:0:150}")"
    meet
    tell "$1" || true
    hear
}

# answers: the statuses in $HEARD, but for 100, and the files, in order.
answers() {
    grep -aoE 'HTTP/1\.1 [2-5][0-9][0-9] |first|second' "$HEARD" |
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

# refused REQUEST: it is answered by an error, and the connection ended, before what comes next.
refused() {
    local said
    ask "$1$SECOND"
    said=$(answers)
    [[ ! $said =~ ^(405 )?(400|413|431|501)$ ]] || return 0
    expected "400 (or 413, 501), and the end"
    got "${said:-nothing}"
    return 1
}
