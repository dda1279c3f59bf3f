# faults.bats - every server and client of the book where each call may be cut short or interrupted
#
# What FAULTS means stands in lib/watch.h. COUNT=1 proves that the faults have hit.

# shellcheck disable=SC2317 # each() calls what it is given
load lib/servers

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} ]] || echo "the server was $PROGRAM, with FAULTS=${PLAN:-}"
    end_servers
}

short=read:short,write:short,recv:short,send:short
reads_one=read:one,recv:one
writes_one=write:one,send:one
interrupted=read:EINTR,write:EINTR,recv:EINTR,send:EINTR,accept:EINTR,poll:EINTR
interrupted+=,select:EINTR,epoll_wait:EINTR

# each CHECK: runs CHECK on every server of the table that echoes or counts.
each() {
    while IFS=$'\t' read -r PROGRAM protocol _ <&7; do
        [[ $PROGRAM != "#"* && $PROGRAM != program && $protocol = @(echo|count) ]] || continue
        concerns_this_build "$PROGRAM" || continue
        "$1"
    done 7<"$TOP/tests/contract.tsv"
}

# others_read: libc reads and writes for it, where no fault of ours can hit, or the kernel, where
# they hit requests to receive and to send: see 06-proactor.bats.
others_read() {
    [[ $PROGRAM = 06-proactor/@(proactor-aio|uring-*) ]]
}

# serves_under PLAN BYTES: what A sends comes back (or is counted) whole, B is served after it and
# C after a reset, and SIGTERM ends the server with status 0.
serves_under() {
    PLAN=$1
    local times=$(($2 / 10))
    COUNT=1 FAULTS=$PLAN start_server "$PROGRAM"
    if [[ $protocol = count ]]; then
        talk <<<"A connect
                 A send \"0123456789\" * $times
                 A half-close
                 A recv \"$((10 * times)) bytes from \"
                 B connect
                 B send \"b\"
                 B half-close
                 B recv \"1 bytes from \""
    else
        talk <<<"A connect
                 A echo \"0123456789\" * $times
                 A half-close
                 A end
                 B connect
                 B echo \"b\"
                 B reset
                 C connect
                 C echo \"c\"
                 C half-close
                 C end"
    fi
    stop_server
}

# calls CALL COLUMN: a number of what COUNT=1 has told: 2 calls, 3 EAGAIN, 4 EINTR, 5 bytes.
calls() {
    awk -v call="$1" -v column="$2" '$1 == call { sum += $column } END { print sum + 0 }' "$SERVER_ERR"
}

@test "no server loses a byte when every read and write is cut to half" {
    check() {
        serves_under "$short" 100000
    }
    each check
}

@test "no server loses a byte when every read, or every write, moves one byte" {
    check() {
        serves_under "$writes_one" 5000 # more than one buffer
        serves_under "$reads_one" 1000
        (($(calls read 2) >= 1000 || $(calls recv 2) >= 1000)) ||
            [[ $PROGRAM = *process-per-connection ]] || # there the children have counted
            others_read
    }
    each check
}

@test "no server loses a byte, or stops, when every other call is interrupted" {
    check() {
        serves_under "$interrupted" 100000
        (($(calls accept 4) + $(calls poll 4) + $(calls select 4) + $(calls epoll_wait 4) > 0))
    }
    each check
}

@test "no server minds that accept() says EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS or EPROTO" {
    check() {
        serves_under accept:EAGAIN@1,accept:ECONNABORTED@2-3,accept:EMFILE@4,accept:ENFILE@5,\
accept:ENOBUFS@6,accept:EPROTO@7-8 1000
        (($(calls accept 2) >= 9))
    }
    each check
}

@test "a server that does not block goes on when every other call says EAGAIN" {
    PROGRAM=01-blocking/ask-in-a-loop protocol=echo
    serves_under read:EAGAIN,write:EAGAIN,accept:EAGAIN 100000
    (($(calls write 3) > 0))
}

@test "a connection that fails in a read or a write is closed, and the next one is served" {
    check() {
        if others_read || [[ $protocol = count ]]; then return 0; fi
        for PLAN in read:ECONNRESET@2 write:EPIPE@2 write:ECONNRESET@2; do
            # Nobody knows how often this one has asked before A has spoken.
            [[ $PROGRAM/$PLAN != */ask-in-a-loop/read* ]] || continue
            again='A send "b"'
            [[ $PLAN != read* ]] || again='A half-close' # then the read does not find it
            FAULTS=$PLAN start_server "$PROGRAM"
            talk <<<"A connect
                     A echo \"a\"
                     $again
                     A end
                     C connect
                     C echo \"c\"
                     C close"
            stop_server
        done
    }
    each check
}

@test "udp-echo answers when calls are interrupted or find nothing" {
    PROGRAM=00-sockets/udp-echo
    for PLAN in recvfrom:EINTR,poll:EINTR recvfrom:EAGAIN,poll:EINTR; do
        COUNT=1 FAULTS=$PLAN start_server "$PROGRAM"
        for word in one two three; do
            run -0 "$BUILD/00-sockets/udp-ask" "$ADDRESS" "$PORT" "$word"
            [[ $output = *"$word"* ]]
        done
        stop_server
        (($(calls poll 4) > 0))
    done
}

@test "tcp-client brings all there and back under every fault" {
    PROGRAM=01-blocking/ask-in-a-loop
    start_server "$PROGRAM"
    seq 20000 >"$BATS_TEST_TMPDIR/sent"
    for PLAN in "$short" "$interrupted" read:EAGAIN,send:EAGAIN,poll:EINTR; do
        FAULTS=$PLAN "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" <"$BATS_TEST_TMPDIR/sent" \
            >"$BATS_TEST_TMPDIR/back"
        cmp "$BATS_TEST_TMPDIR/back" "$BATS_TEST_TMPDIR/sent"
    done
    seq 2000 >"$BATS_TEST_TMPDIR/sent"
    for PLAN in "$writes_one" "$reads_one"; do
        FAULTS=$PLAN "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" <"$BATS_TEST_TMPDIR/sent" \
            >"$BATS_TEST_TMPDIR/back"
        cmp "$BATS_TEST_TMPDIR/back" "$BATS_TEST_TMPDIR/sent"
    done
}

@test "talk plays the same under every fault" {
    PROGRAM=11-models/epoll
    start_server "$PROGRAM"
    for PLAN in "$short" "$reads_one" "$writes_one" "$interrupted,connect:EINTR" read:EAGAIN,write:EAGAIN; do
        run -0 env FAULTS="$PLAN" "$BUILD/tests/talk" -p "$PORT" <<'END'
            A*3 connect
            A echo "0123456789" * 1000
            B connect
            B silent 20ms
            B send-slowly "hello\n"
            B recv "hello\n"
            A half-close
            A end
            B close
END
    done
}

@test "load loses no answer when its calls are cut short or interrupted" {
    local key mode
    all_answered() { # on a busy machine not always within 0.1 s
        run env FAULTS="$PLAN" "$BUILD/10-webbench/load" -q "$mode" -c 10 -t 0.1 \
            -o "$BATS_TEST_TMPDIR/result" "$ADDRESS" "$PORT"
        grep -qx answered=10 "$BATS_TEST_TMPDIR/result"
    }
    PROGRAM=11-models/epoll
    start_server "$PROGRAM"
    for PLAN in "$short" "$interrupted" "$reads_one" "$writes_one" recv:EAGAIN,send:EAGAIN; do
        for mode in -q --visits; do
            poll_until 20 all_answered
            [ "$status" -eq 0 ]
            for key in failures=0 wrong_bytes=0; do
                grep -qx $key "$BATS_TEST_TMPDIR/result"
            done
        done
    done
}
