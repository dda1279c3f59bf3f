# site.bash - what the tests of serve are written with
# shellcheck shell=bash

# start_serve [OPTION...]: on a site of its own.
start_serve() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE/sub"
    printf 'start\n' >"$SITE/index.html"
    printf 'below\n' >"$SITE/sub/index.html"
    printf 'secret\n' >"$BATS_TEST_TMPDIR/secret"
    start_server 08-fsm/serve -d "$SITE" "$@"
}

# big_file NAME BYTES: of lines of 9 bytes, no two of them the same.
big_file() {
    seq 10000000 99999999 | head -c "$2" >"$SITE/$1"
}

# meet: opens a connection as descriptor PEER.
meet() {
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
}

# hear: all that comes on PEER goes to the file $HEARD, until the server ends the connection.
hear() {
    HEARD=$BATS_TEST_TMPDIR/heard
    timeout "$((10 * MICROSECONDS / 1000000))" cat <&"$PEER" >"$HEARD" || {
        echo "the server did not end the connection; it said:"
        head -c 1000 "$HEARD"
        return 1
    }
    exec {PEER}>&-
}

# statuses: of the answers in $HEARD, on one line.
statuses() {
    grep -ao '^HTTP/1\.1 [0-9]*' "$HEARD" | sed 's/.* //' | paste -sd ' '
}

# said REQUEST STATUSES: sends it, as printf '%b' reads it and "…" standing for " HTTP/1.1", CR LF
# and a Host field, and hears these answers, and the end.
said() {
    local request=${1//…/ HTTP/1.1\\r\\nHost: a\\r\\n} heard
    meet
    printf '%b' "$request" >&"$PEER"
    hear || return
    heard=$(statuses)
    [ "$heard" = "$2" ] && return
    printf 'asked: %s\nheard: %s, not %s\n' "$request" "$heard" "$2"
    return 1
}
