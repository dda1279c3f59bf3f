# 4-mine.bash - what the tests of 4-mine.bats are written with
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests look at what it sets

VISITS=8000
MOST_KB=4096 # that these may leave behind: half a KB each; those who lose nothing leave a tenth

# visits HOW-MANY: each on a connection of its own, and all are served.
visits() {
    measure -c 20 -n "$1" --visits "$URL/a.txt"
    is failures 0
}

# HEAD, refusals, what is half there, and who does not wait for the answer.
visits_of_all_kinds() {
    measure -c 20 -n 200 --visits -m HEAD "$URL/a.txt"
    is failures 0
    measure -c 20 -n 200 --visits -e 404 "$URL/none"
    is failures 0
    measure -c 20 -n 200 --visits -m POST -e 405 "$URL/a.txt"
    is failures 0
    did "50 each: nonsense, a conditional GET, half a request, a reset before the answer"
    talk <<<'A*50 connect
             A send "nonsense\r\n\r\n"
             A recv "HTTP/1.1 400 "
             A close
             B*50 connect
             B send "GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n"
             B recv "HTTP/1.1 "
             B close
             C*50 connect
             C send "GET /a.txt HTTP/1.1\r\nHo"
             C close
             D*50 connect
             D send "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"
             D reset'
}

serve_files() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE"
    echo first >"$SITE/a.txt"
    [[ -e $SITE/b.txt ]] || head -c 5000 /dev/urandom >"$SITE/b.txt"
    serve -P http -d "$SITE" "$@"
    URL=http://$ADDRESS:$PORT
}

# measure OPTION...: the book's load; what it has found is in VALUES.
measure() {
    local load=$BUILD/10-webbench/load report=$BATS_TEST_TMPDIR/report status=0
    VALUES=$BATS_TEST_TMPDIR/values
    if [[ ! -x $load ]]; then
        ended_as grader-error "build/10-webbench/load is missing: make all"
        return 1
    fi
    did "load $*"
    rm -f "$VALUES"
    (run_apart "$load" -w 30 -o "$VALUES" "$@") </dev/null >"$report" 2>&1 || status=$?
    if ((status > 1)); then
        cat "$report"
        ended_as grader-error "load ended with status $status"
        return 1
    fi
    ((status == 0)) || sed -n 's/^ *failures /got: failures: /p' "$report"
}

# value KEY: of what load has found.
value() {
    sed -n "s/^$1=//p" "$VALUES"
}

# is KEY VALUE
is() {
    same "$1, as load counts them" "$2" "$(value "$1")"
}

has_lines() {
    (($(wc -l <"$1") >= $2))
}

resident_kb() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$SERVER/status"
}

# same_lines WHAT EXPECTED GOT: of several lines; what differs is shown as diff -u does.
same_lines() {
    [[ $2 != "$3" ]] || return 0
    expected "$1: with a - or a blank above"
    got "$1: with a + or a blank above"
    diff -u --label expected --label got <(printf '%s\n' "$2") <(printf '%s\n' "$3") |
        grep -v "^@@"
    return 1
}
