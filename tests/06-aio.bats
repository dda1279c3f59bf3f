# 06-aio.bats - the half of chapter 06 in which threads play the part of the kernel

load lib/servers
teardown() { end_servers; }

here=06-proactor
workers=4

# ThreadSanitizer does not know glibc's threads, and does not survive that one of them makes another.
# The small programs have no threads but those, so they are left out there; in the server it is
# always a thread of ours that makes one, if it has -e: start_server sees to it.

# meet: opens a connection as descriptor PEER.
meet() {
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
}

# threads_are N: for poll_until. A sanitizer may have started one of its own, before ours.
threads_are() {
    (($(thread_count "$SERVER") - EXTRA == $1))
}

# count_extra: when nobody is connected, there are the main thread and the workers, and who else?
count_extra() {
    EXTRA=$(($(thread_count "$SERVER") - 1 - workers))
}

# ---- what AIO is made of ----

@test "glibc waits with 20 threads: the 21st request is not even begun until another is done" {
    if with_tsan; then return 0; fi
    run -0 "$BUILD/$here/aio-starves"
    [ "${lines[0]}" = "21 requests to read, 21 threads (one of them is ours)" ]
    [ "${lines[1]}" = "the last peer speaks: not heard; aio_error() says EINPROGRESS, poll() says readable" ]
    [ "${lines[2]}" = "the first peer speaks, too: heard, 5 bytes" ]
    [ "${lines[3]}" = "and the last peer is now heard, 5 bytes" ]
    run -0 "$BUILD/$here/aio-starves" -n 19 -d 10000
    [ "${lines[1]}" = "the last peer speaks: heard, 5 bytes" ]
    [ "${#lines[@]}" = 2 ]
}

@test "aio_init() makes it more, and fewer, and each request that waits has a thread" {
    if with_tsan; then return 0; fi
    run -0 "$BUILD/$here/aio-starves" -n 200 -t 300 -d 10000
    [ "${lines[0]}" = "201 requests to read, 202 threads (one of them is ours)" ]
    [ "${lines[1]}" = "the last peer speaks: heard, 5 bytes" ]
    run -0 "$BUILD/$here/aio-starves" -n 1 -t 1
    [ "${lines[0]}" = "2 requests to read, 2 threads (one of them is ours)" ]
    [[ ${lines[1]} = *"not heard"* ]]
}

@test "a write stands in line behind a read that waits, but not one by another descriptor" {
    if with_tsan; then return 0; fi
    run -0 "$BUILD/$here/aio-in-line" -d 500
    diff <(echo "$output") - <<'END'
a read waits, and then a write is handed over, for the same descriptor
  the write is not done
  the peer has got: nothing
the peer speaks
  the read is done
  the write is done
  the peer has got: answer
the same, but the write by another descriptor of the connection, made by dup()
  the write is done
  the peer has got: answer
the peer speaks
  the read is done
  the write is done
  the peer has got: nothing
END
}

# row WAY: notices, named, 5 bytes, EAGAIN, in the buffer.
row() {
    sed -n "s/^$1  *//p" <<<"$output" | tr -s ' '
}

@test "fifty are done: fifty SIGRTMIN tell so, fifty threads, or one SIGUSR1" {
    if with_tsan; then return 0; fi
    run -0 "$BUILD/$here/aio-notices"
    [ "$(row SIGEV_NONE)" = "0 0 50 0 50" ]
    [ "$(row SIGEV_THREAD)" = "50 50 50 0 50" ]
    [ "$(row "SIGEV_SIGNAL, SIGUSR1")" = "1 1 50 0 50" ]
    [ "$(row "SIGEV_SIGNAL, SIGRTMIN")" = "50 50 50 0 50" ]
}

@test "a notice that cannot be queued is lost, and with it what the request has come to" {
    if with_tsan; then return 0; fi
    run -0 "$BUILD/$here/aio-notices"
    [ "$(row "SIGUSR1, no room in the queue")" = "1 0 50 0 50" ]
    [ "$(row "SIGRTMIN, no room in the queue")" = "0 0 0 50 50" ]
}

# ---- the Proactor with AIO ----

@test "a peer that is silent keeps a thread of glibc; one more than there are is not answered" {
    start_server $here/proactor-aio -t 7
    count_extra
    talk <<<'A*7 connect
             B connect
             B send "hello\n"
             B silent 200ms
             A close
             B recv "hello\n"'
    stop_server
    start_server $here/proactor-aio -t 100
    for _ in {1..30}; do meet; done
    poll_until 5 threads_are $((1 + workers + 30))
    stop_server
}

@test "1,000 clients that stay are served by a thousand threads" {
    start_server $here/proactor-aio -t 1000
    count_extra
    talk <<<'A*1000 connect
             A send "hello\n"
             A recv "hello\n"
             A half-close
             A end'
    stop_server
}

@test "with -e every request has a thread of its own, also under a load, and none is left" {
    start_server $here/proactor-aio -e
    count_extra
    talk <<<'A*20 connect
             A echo "0123456789" * 10000
             A close'
    poll_until 5 threads_are $((1 + workers))
    "$BUILD/10-webbench/load" -q -c 20 -t 0.3 --visits "$ADDRESS" "$PORT"
    stop_server
}

@test "threads of glibc read and write, each time after a call that fails; main and workers never do" {
    command -v strace >/dev/null || skip "strace is not installed"
    [[ $BUILD = */build ]] || return 0 # a sanitizer does not like to be traced
    local traced
    LISTEN=-f start_server "$(command -v strace)" -e trace=pread64,read,pwrite64,write \
        -o "$BATS_TEST_TMPDIR/calls" "$BUILD/$here/proactor-aio" -p 0
    traced=$(<"/proc/$SERVER/task/$SERVER/children")
    printf '%s\n' "/proc/${traced% }/task/"* | sed 's|.*/||' >"$BATS_TEST_TMPDIR/own"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/own")" = $((1 + workers)) ]
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"
             A half-close
             A end'
    kill "${traced% }"
    poll_until 5 gone "$SERVER"
    awk '
        FNR == NR { own[$1]; next }
        { done = /hello|unfinished/ && !/= -1/ }
        /pread64.*ESPIPE|pread64 resumed.*ESPIPE/ { in_vain["read"]++ }
        /pwrite64.*ESPIPE|pwrite64 resumed.*ESPIPE/ { in_vain["write"]++ }
        /(read\(|read resumed).*"hello\\n".*= 6/ { $1 in own ? ours++ : reads++ }
        /(write\(|write resumed).*"hello\\n".*= 6/ { $1 in own ? ours++ : writes++ }
        END {
            print reads + 0, "reads,", writes + 0, "writes,", ours + 0, "by our own threads"
            print in_vain["read"], "pread64() and", in_vain["write"], "pwrite64() in vain"
            exit !(reads == 1 && writes == 1 && ours == 0 && in_vain["read"] == 2 && in_vain["write"] == 1)
        }' "$BATS_TEST_TMPDIR/own" "$BATS_TEST_TMPDIR/calls"
}

@test "where no signal can be queued nobody is answered; SIGTERM ends it all the same" {
    [[ $BUILD != *san* ]] || return 0 # who is left behind is a leak
    local status=0
    LISTEN=--sigpending=0: start_server "$(command -v prlimit)" "$BUILD/$here/proactor-aio" -p 0
    meet
    printf 'hello\n' >&"$PEER"
    read -rt 0.3 -u "$PEER" || status=$?
    ((status > 128)) # the time was up
    stop_server
    exec {PEER}>&-
}

# ---- both Proactors ----

# answers_many PROGRAM: twenty clients speak at once, a hundred times.
answers_many() {
    start_server "$here/$1"
    TIME_SCALE=${2:-$TIME_SCALE} talk <<<"A*20 connect
             $(for _ in {1..100}; do printf 'A send "hello\\n"\nA recv "hello\\n"\n'; done)" || return
    stop_server
}

@test "signals that wait to be taken are no trouble; handlers that hand over wait for themselves" {
    answers_many proactor-aio
    if with_tsan; then return 0; fi # TSan keeps a signal back until it does no harm
    run -1 answers_many bad-aio-in-handler 0.2
    [[ $output = *"A recv "*"FAILED"* ]]
}

@test "as many answers are thought about at once as there are workers" {
    local server
    for server in proactor-aio proactor-simulated; do
        start_server "$here/$server" -v -s 300
        talk <<<'A*4 connect
                 A send "hello\n"
                 A recv "hello\n"'
        stop_server
        cat "$SERVER_ERR"
        [[ $(<"$SERVER_ERR") = *"at most 4 thought about at once" ]]
    done
}

@test "of one peer one request is thought about at a time, so its answers are in order" {
    local server
    for server in proactor-aio proactor-simulated; do
        start_server "$here/$server" -v -s 10
        talk <<<'A connect
                 A send-slowly "0123456789abcdef"
                 A recv "0123456789abcdef"
                 A half-close
                 A end'
        stop_server
        [[ $(<"$SERVER_ERR") = *"at most 1 thought about at once" ]]
    done
}

@test "the main thread reads and writes, the workers do not" {
    local trace=$BATS_TEST_TMPDIR/trace
    TRACE=$trace start_server $here/proactor-simulated -v
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"
             A echo "0123456789" * 10000
             A half-close
             A end'
    stop_server
    [[ $(<"$SERVER_ERR") =~ ^([0-9]+)" reads, "([0-9]+)" writes, " ]]
    [ "$(grep -c '"name":"read"' "$trace")" = "${BASH_REMATCH[1]}" ]
    [ "$(grep -c '"name":"write"' "$trace")" = "${BASH_REMATCH[2]}" ]
    [ "$(grep -E '"name":"(read|write)"' "$trace" | grep -cv "\"tid\":$SERVER,")" = 0 ]
    [ "$(grep '"name":"pthread_cond_wait"' "$trace" | grep -c "\"tid\":$SERVER,")" = 0 ]
}

@test "a message is a read, a thought and a write, whoever reads" {
    local server i
    for server in proactor-aio proactor-simulated; do
        start_server "$here/$server" -v
        meet
        for i in {1..20}; do
            echo "$i" >&"$PEER"
            read -rt 5 -u "$PEER"
            [ "$REPLY" = "$i" ]
        done
        exec {PEER}>&-
        stop_server
        cat "$SERVER_ERR"
        [[ $(<"$SERVER_ERR") =~ ^2[01]" reads, "2[0-2]" writes, "2[01]" requests; at most 1 " ]]
    done
}

memory_kb() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"
}

@test "a peer that sends and never reads is not read from any more, and takes no memory" {
    local server before
    for server in proactor-aio proactor-simulated; do
        start_server "$here/$server"
        meet
        before=$(memory_kb "$SERVER")
        head -c 50000000 /dev/zero >&"$PEER" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
        poll_until 10 is_asleep "$SERVER"
        poll_until 5 is_asleep $!
        [[ $BUILD = *san* ]] || (($(memory_kb "$SERVER") - before < 1000))
        kill $!
        wait $! || true
        exec {PEER}>&-
        stop_server
    done
}

@test "both speak http as well as echo: long answers, several requests at once, the last word" {
    local server files=$BATS_TEST_TMPDIR/files
    mkdir "$files"
    printf 'hello\n' >"$files/a.txt"
    seq 50000 >"$files/b.txt"
    for server in proactor-aio proactor-simulated; do
        start_server "$here/$server" -P http -d "$files"
        timeout $((10 * MICROSECONDS / 1000000)) "$BUILD/03-http/get" "http://$ADDRESS:$PORT/b.txt" >"$files/got"
        cmp "$files/got" "$files/b.txt"
        talk <<<'A connect
                 A send "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\nGET /a.txt HTTP/1.0\r\n\r\n"
                 A recv "HTTP/1.1 200 OK\r\n"
                 B connect
                 B send "what?\r\n\r\n"
                 B recv "HTTP/1.1 400 "'
        stop_server
        rm "$files/got"
    done
}

@test "of one peer one question is under way, or a fast answer overtakes a slow one: bad-all-in-flight" {
    answers_in_turn() {
        local said
        said=$("$BUILD/$here/$1" -s 400)
        echo "$said"
        [[ $said = "asked:    slow fast"$'\n'"answered: slow fast" ]]
    }
    answers_in_turn one-in-flight
    run -1 answers_in_turn bad-all-in-flight
    [[ $output = *"answered: fast slow" ]]
}
