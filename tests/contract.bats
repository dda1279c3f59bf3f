# contract.bats - what every server of the book keeps to, whatever its model
#
# tests/contract.tsv says what each cannot do by its nature; here that is asserted, too.
# ONLY=11-models/poll runs all of it on one server.

# shellcheck disable=SC2317 # each() calls what it is given
# shellcheck disable=SC2034 # `reader` is used by its name
load lib/servers

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} ]] || echo "the server was $PROGRAM"
    end_servers
}

# ---- for each server ----

# each CHECK [COLUMN=VALUE...]: runs CHECK on every server whose columns (protocol, at_once, reader,
# idle) are so; `protocol=tcp` is both protocols that have connections. In CHECK, PROGRAM is the
# server's name and NAME that of its file.
each() {
    local check=$1 protocol at_once reader idle wanted
    shift
    while IFS=$'\t' read -r PROGRAM protocol at_once reader idle <&7; do
        [[ $PROGRAM != "#"* && $PROGRAM != program && ${ONLY:-$PROGRAM} = "$PROGRAM" ]] || continue
        concerns_this_build "$PROGRAM" || continue
        for wanted; do
            [[ $wanted != protocol=tcp ]] || wanted=protocol=${protocol/udp/}
            local -n column=${wanted%%=*}
            [[ $column = "${wanted#*=}" ]] || continue 2
        done
        NAME=${PROGRAM##*/}
        "$check"
    done 7<"$TOP/tests/contract.tsv"
}

# served X: the steps of a play in which X connects and gets what this server has for it.
served() {
    if [[ $protocol = store ]]; then
        printf '%s connect\n%s send "get hello\\n"\n%s recv "none\\n"\n' "$1" "$1" "$1"
        return
    fi
    if [[ $protocol = http ]]; then
        printf '%s connect\n%s send "GET / HTTP/1.0\\r\\n\\r\\n"\n%s recv "HTTP/1.1 "\n' "$1" "$1" "$1"
        return
    fi
    printf '%s connect\n%s send "hello\\n"\n' "$1" "$1"
    if [[ $protocol = count ]]; then
        printf '%s half-close\n%s recv "6 bytes from "\n' "$1" "$1"
    else
        printf '%s recv "hello\\n"\n' "$1"
    fi
}

# stop_quietly [SIGNAL]: as stop_server, and in all that time the server said where it listens, and
# nothing else.
stop_quietly() {
    stop_server "$@"
    [ "$(<"$SERVER_OUT")" = "listening on ${ON:-127.0.0.1}:$PORT" ]
    [ ! -s "$SERVER_ERR" ]
}

# meet: opens a connection as descriptor PEER.
meet() {
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
}

# nothing_comes SECONDS: PEER hears nothing for so long, and no end.
nothing_comes() {
    local status=0
    read -rt "$1" -u "$PEER" || status=$?
    ((status > 128)) # the time was up
}

# ---- the table ----

@test "every program that announces itself stands in the table, and nothing else does" {
    local found
    cd "$TOP/chapters"
    found=$(find . -name '*.c' ! -name 'bad-*' -exec grep -l 'announce(' {} + |
        sed 's|^\./\([^/]*/[^/.]*\).*|\1|' | sort -u)
    diff <(echo "$found") <(grep -Ev '^(#|program	)' "$TOP/tests/contract.tsv" | cut -f1 | sort)
}

# ---- starting ----

@test "-h prints what the program takes, on stdout, with status 0" {
    check() {
        run -0 --separate-stderr "$BUILD/$PROGRAM" -h
        [[ ${lines[0]} = "usage: $NAME [-p PORT] [-b ADDRESS]"*" [-h]" ]]
        [[ $output = *"  -p PORT "*"  -b ADDRESS "* ]]
        [ "$stderr" = "" ]
    }
    each check
}

@test "a wrong option is one line on stderr, status 2" {
    local words status said
    check() {
        for words in "-x" "-p" "-p 65536" "-p http" "-p 0 more"; do
            status=0
            # shellcheck disable=SC2086 # words
            said=$("$BUILD/$PROGRAM" $words 2>&1 >"$BATS_TEST_TMPDIR/out") || status=$?
            [ "$status" -eq 2 ]
            [ ! -s "$BATS_TEST_TMPDIR/out" ]
            [[ $said && $said != *$'\n'* ]]
        done
    }
    each check
}

@test "it listens on an IPv6 address, too, and announces it in brackets" {
    check() {
        LISTEN="-p 0 -b ::1" start_server "$PROGRAM"
        [[ $protocol = udp ]] || talk <<<"$(served A)"
        ON="[::1]" stop_quietly
    }
    each check
}

@test "a busy port is refused in one line: the call, the text, the errno and the address" {
    check() {
        start_server "$PROGRAM"
        run -1 --separate-stderr "$BUILD/$PROGRAM" -p "$PORT"
        [ "$output" = "" ]
        [ "$stderr" = "$NAME: bind: Address already in use (EADDRINUSE): 127.0.0.1:$PORT" ]
        stop_quietly
    }
    each check
}

@test "it can be started again at once on the port it had" {
    check() {
        start_server "$PROGRAM"
        meet
        printf 'hello\n' >&"$PEER"
        read -rt 5 -u "$PEER"
        stop_quietly # it was the first to end that connection, so its port is in TIME_WAIT
        exec {PEER}>&-
        LISTEN="-p $PORT" start_server "$PROGRAM"
        stop_quietly
    }
    each check protocol=echo
}

# ---- bytes ----

@test "bytes come back whole and in order: one at a time, and 10 MB at once" {
    check() {
        start_server "$PROGRAM"
        talk <<<'A connect
                 A send-slowly "a byte at a time\n"
                 A recv "a byte at a time\n"
                 A echo "0123456789" * 1000000'
        stop_quietly
    }
    each check protocol=echo
}

@test "a peer that half-closes still gets what is owed to it, and then the end" {
    check() {
        start_server "$PROGRAM"
        talk <<<'A connect
                 A send "0123456789" * 10000
                 A half-close
                 A recv "0123456789" * 10000
                 A end'
        stop_quietly
    }
    each check protocol=echo
    check() {
        start_server "$PROGRAM"
        talk <<<"$(served A)"
        stop_quietly
    }
    each check protocol=count
}

# ---- many ----

@test "1,000 clients that stay are all served" {
    check() {
        start_server "$PROGRAM"
        talk <<<'A*1000 connect
                 A send "hello\n"
                 A recv "hello\n"
                 A half-close
                 A end'
        stop_quietly
    }
    each check at_once=many protocol=echo
}

@test "a server of only so many at a time serves one more when they have left" {
    check() {
        [[ $at_once = +([0-9]) ]] || return 0
        start_server "$PROGRAM"
        talk <<<"A*$at_once connect
                 $(served B | sed '/recv/i B silent 200ms\nA close')"
        stop_quietly
    }
    each check
}

# ---- connections that fail ----

@test "a connection that is reset, in the middle or before it was accepted, harms nobody" {
    check() {
        start_server "$PROGRAM"
        talk <<<"A connect
                 A send \"0123456789\" * 10000
                 B connect
                 B reset
                 A reset
                 $(served C)"
        stop_quietly
    }
    each check protocol=tcp
}

@test "a peer that leaves without reading what it asked for harms nobody" {
    check() {
        start_server "$PROGRAM"
        talk <<<"A*50 connect
                 A send \"0123456789\" * 10000
                 A half-close
                 A close
                 $(served B)"
        stop_quietly
    }
    each check protocol=echo
}

@test "a peer that never reads: others go on" {
    check() {
        start_server "$PROGRAM"
        talk <<<"B connect
                 A connect
                 A fill
                 B echo \"hello\" * 1000
                 $(served C)"
        stop_quietly
    }
    each check reader=go-on protocol=echo
}

@test "a peer that never reads: where the model has no remedy, others wait until it leaves" {
    check() {
        start_server "$PROGRAM"
        talk <<<'A connect
                 A fill
                 B connect
                 B send "hello\n"
                 B silent 200ms
                 A close
                 B recv "hello\n"'
        stop_quietly
    }
    each check reader=wait protocol=echo
}

@test "without a descriptor left it does not spin, and goes on when there is one again" {
    local before highest
    check() {
        # uring-multishot has asked once, with the limit of then: see 06-proactor.bats
        [[ $PROGRAM != 06-proactor/uring-multishot ]] || return 0
        start_server "$PROGRAM"
        highest=$(printf '%s\n' "/proc/$SERVER/fd/"* | sed 's|.*/||' | sort -n | tail -1)
        prlimit --pid "$SERVER" --nofile=$((highest + 1)):
        meet # a blocked accept() has its descriptor already, and takes this one with it
        exec {PEER}>&-
        meet
        printf 'hello\n' >&"$PEER"
        before=$(cpu_ms "$SERVER")
        nothing_comes 0.3
        [[ $idle = spins ]] || (($(cpu_ms "$SERVER") - before <= 100))
        prlimit --pid "$SERVER" --nofile=1024:
        if [[ $protocol = echo ]]; then
            read -rt 10 -u "$PEER"
            [ "$REPLY" = hello ]
        fi
        exec {PEER}>&-
        talk <<<"$(served A)"
        stop_quietly
    }
    each check protocol=tcp
}

# ---- at rest ----

# Starts them all, each with three clients that say nothing, and sets PIDS and NAMES.
start_idle() {
    start_server "$PROGRAM"
    PIDS+=("$SERVER") NAMES+=("$PROGRAM")
    [[ $protocol != udp ]] || return 0
    meet
    meet
    meet
}

# Sets USED[i] to the CPU time in ms that PIDS[i] takes while half a second passes.
watch_cpu() {
    local i before=()
    poll_until 5 all_asleep
    for i in "${!PIDS[@]}"; do before[i]=$(cpu_ms "${PIDS[i]}"); done
    nothing_comes 0.5
    for i in "${!PIDS[@]}"; do USED[i]=$(($(cpu_ms "${PIDS[i]}") - before[i])); done
}

all_asleep() {
    local pid
    [[ ! ${ASLEEP:-} ]] || for pid in "${PIDS[@]}"; do is_asleep "$pid" || return 1; done
}

@test "where nothing happens, no CPU is used" {
    local PIDS=() NAMES=() USED=() ASLEEP=yes i
    each start_idle idle=sleeps
    ((${#PIDS[@]} > 0)) || return 0
    watch_cpu
    for i in "${!PIDS[@]}"; do
        echo "${NAMES[i]}: ${USED[i]} ms"
        ((USED[i] <= 20))
    done
}

@test "a server that asks in a loop spins, even where nothing happens" {
    local PIDS=() NAMES=() USED=() i
    each start_idle idle=spins
    ((${#PIDS[@]} > 0)) || return 0
    watch_cpu
    for i in "${!PIDS[@]}"; do
        echo "${NAMES[i]}: ${USED[i]} ms"
        ((USED[i] >= 100))
    done
}

@test "descriptors, processes and threads are as many as at the start when all clients have left" {
    local descriptors threads
    one_process() { [[ $(process_tree "$SERVER") = "$SERVER" ]]; }
    few_threads() { (($(thread_count "$SERVER") <= threads + 1)); } # a sanitizer may start one
    check() {
        start_server "$PROGRAM"
        poll_until 5 settled
        descriptors=$(descriptor_count "$SERVER") threads=$(thread_count "$SERVER")
        talk <<<"$(served A)
                 A close
                 B*20 connect
                 B send \"hello\"
                 B reset
                 $(served C)
                 C close"
        poll_until 5 descriptors_are "$SERVER" "$descriptors"
        poll_until 5 one_process
        poll_until 5 few_threads
        stop_quietly
    }
    settled() { [[ $idle = spins ]] || is_asleep "$SERVER"; }
    each check protocol=tcp
}

# ---- stopping ----

@test "SIGINT ends it as SIGTERM does in all other tests: with status 0, at any moment" {
    check() {
        start_server "$PROGRAM"
        stop_quietly INT
    }
    each check
}

@test "clients that stay and say nothing do not keep it from stopping, and are told the end" {
    local peers status
    check() {
        start_server "$PROGRAM"
        peers=()
        for _ in 1 2 3; do
            meet
            peers+=("$PEER")
        done
        if [[ $protocol = echo ]]; then
            printf 'hello\n' >&"${peers[0]}"
            read -rt 5 -u "${peers[0]}"
        fi
        stop_quietly
        status=0
        read -rt 5 -u "${peers[0]}" || status=$?
        ((status <= 128)) # the last answer or the end; else the time was up
    }
    each check protocol=tcp
}

@test "it stops in the middle of a load, whether clients stay or visit" {
    local mode loader
    local -A signals=([-q]=TERM [--visits]=INT)
    check() {
        for mode in -q --visits; do
            start_server "$PROGRAM"
            "$BUILD/10-webbench/load" -q -c 20 -t 5 "$mode" "$ADDRESS" "$PORT" 3>&- 4>&- &
            loader=$!
            poll_until 5 busy
            stop_quietly "${signals[$mode]}"
            kill "$loader" 2>/dev/null || true # one whose connections stayed has ended already
            wait "$loader" || true
        done
    }
    busy() { # the client has used 10 ms of CPU: hundreds of answers
        local FIELDS
        process_fields "$loader" && ((FIELDS[11] + FIELDS[12] > 0))
    }
    each check protocol=echo
}

@test "a peer that never reads does not keep it from stopping: after a second it is cut off" {
    local PIDS=() ERRS=() i writers=()
    check() {
        start_server "$PROGRAM"
        PIDS+=("$SERVER") ERRS+=("$SERVER_ERR")
        meet
        head -c 30000000 /dev/zero >&"$PEER" 2>/dev/null 3>&- 4>&- &
        writers+=($!)
        poll_until 10 is_asleep $!
    }
    each check protocol=echo idle=sleeps
    each check protocol=echo idle=spins # last, so that it does not spin for longer than it must
    ((${#PIDS[@]} > 0)) || return 0
    kill "${PIDS[@]}"
    for i in "${!PIDS[@]}"; do
        poll_until 5 gone "${PIDS[i]}"
        wait "${PIDS[i]}"
        [ ! -s "${ERRS[i]}" ]
        [ "$(session_of "${PIDS[i]}")" = "" ]
    done
    wait "${writers[@]}" || true # they had nobody to write to any more
}
