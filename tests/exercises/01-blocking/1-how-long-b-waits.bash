# 1-how-long-b-waits.bash - what the tests of 1-how-long-b-waits.bats are written with
# shellcheck shell=bash

# Milliseconds that a prediction may be off. The wrong ideas are off by 300 and more.
TOLERANCE=120

# holds KEY: the prediction is what is measured. On a busy machine a measurement may be off: there
# are three.
holds() {
    local measured try
    did "played it with one-at-a-time: A stays for $(given a_stays_ms) ms, B for $(given b_stays_ms)"
    for try in 1 2 3; do
        [[ -e $BATS_FILE_TMPDIR/$try ]] || measure >"$BATS_FILE_TMPDIR/$try"
        measured=$(sed -n "s/^$1 = //p" "$BATS_FILE_TMPDIR/$try")
        ! near "$1" "$measured" $TOLERANCE >/dev/null || return 0
    done
    near "$1" "$measured" $TOLERANCE
}

# measure: plays it, and prints "key = value" for each key.
measure() {
    local start cpu connected answered sent c a_stays b_stays
    a_stays=$(given a_stays_ms)
    b_stays=$(given b_stays_ms)
    start_server "$BUILD_DIR/one-at-a-time" >&2
    exec 7<>"/dev/tcp/$ADDRESS/$PORT"
    say_and_hear a 7
    cpu=$(cpu_ms "$SERVER")
    leave_after "$a_stays" 7
    exec 7>&-

    start=$(now_ms)
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    connected=$(now_ms)
    echo b >&8
    {
        exec 8>&-
        exec 9<>"/dev/tcp/$ADDRESS/$PORT"
        sent=$(now_ms)
        say_and_hear c 9
        echo "c_answer_ms = $(($(now_ms) - sent))"
    } &
    c=$!
    read -r -u 8
    answered=$(now_ms)
    leave_after "$b_stays" 8
    exec 8>&-
    echo "b_connected_ms = $((connected - start))"
    echo "b_answer_ms = $((answered - connected))"
    echo "server_cpu_ms = $(($(cpu_ms "$SERVER") - cpu))"
    wait $c
    kill "$SERVER"
}

say_and_hear() {
    echo "$1" >&"$2"
    read -r -u "$2"
}

# leave_after MS FD: a process of its own holds the connection FD for so long.
leave_after() {
    local seconds
    printf -v seconds %d.%03d $(($1 / 1000)) $(($1 % 1000))
    { read -rt "$seconds" <> <(:) || true; } 6<&"$2" >/dev/null &
}

now_ms() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}
