load ../../lib/exercises
load ../../lib/peers
load 4-mine

@test "it echoes, and with -P http it serves files" {
    serve -w 4
    talk <<<'A connect
             A echo "a\0\n" * 1000
             A half-close
             A end'
    dismiss
    serve_files
    talk <<<'A connect
             A send "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.0\r\n\r\n"
             A recv "HTTP/1.1 200 "'
}

# points: 3
@test "-w 7 is seven workers at work at once, -w 1 is one" {
    local n
    hint "so many threads, and three more at most"
    for n in 7 1; do
        serve -w $n
        threads_are $n
        dismiss
    done
    TRACE=$BATS_TEST_TMPDIR/trace.json serve -w 7 -s 300
    hint "all of them wait on the same epoll instance, and the kernel tells one that has time"
    talk <<<'A*7 connect
             A send "a"
             A recv "a"'
    dismiss
    n=$(readers "$BATS_TEST_TMPDIR/trace.json" 1 | wc -l)
    ((n >= 4)) || same "threads that have read, of what seven have said at once" "7, or nearly" "$n"
    takes_one_at_a_time
}

# points: 5
@test "a stream keeps its order, whoever serves it" {
    hint "while somebody is at a connection nobody else may be told of it"
    hint "what is kept for the next worker to serve it has to be in its place before it is armed"
    serve -w 8
    talk <<<'A*5 connect
             A echo "0123456789" * 60000'
    dismiss
    did "(each of its reads took a byte)"
    FAULTS=read:one@1-20000,recv:one@1-20000 serve -w 8
    talk <<<'A*5 connect
             A echo "0123456789" * 400'
    dismiss
    serve -w 8 -s 3
    talk <<<'A*2 connect
             A send-slowly "0123456789" * 4
             A recv "0123456789" * 4'
}

# points: 3
@test "a peer that trickles is heard again, whichever worker it meets" {
    hint "on which way out is the connection not armed again?"
    serve_files
    talk <<<'A*10 connect
             A send-slowly "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r"
             A send-slowly "\n"
             A recv "HTTP/1.1 200 "
             B connect
             B send "GET /a.txt HTT"
             A send-slowly "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"
             B send "P/1.1\r\nHost: a\r\n\r\n"
             B recv "HTTP/1.1 200 "'
}

# points: 3
@test "what is owed is sent when it can be, by whoever has time" {
    hint "as long as something is owed: EPOLLOUT; and when nothing more fits, no EPOLLIN"
    serve -w 4
    talk <<<'A*3 connect
             A send "0123456789" * 100000
             A half-close
             A recv "0123456789" * 100000
             A end'
    dismiss
    did "(every other of its writes said EAGAIN)"
    FAULTS=write:EAGAIN@1-400,send:EAGAIN@1-400 serve -w 4
    talk <<<'A*3 connect
             A echo "0123456789" * 5000
             A half-close
             A end'
}

# points: 2
@test "the end does not overtake the last word" {
    hint "what has come before the end is answered before the end"
    serve -w 8 -s 2
    talk <<<'A*200 connect
             A send "the last word"
             A half-close
             A recv "the last word"
             A end'
}

# points: 2
@test "a peer that is gone leaves nothing to the one that takes its place" {
    hint "close() gives the number of the descriptor back: is nobody at it any more?"
    local before
    serve -w 8
    before=$(descriptor_count "$SERVER")
    talk <<<'A*20 connect
             A send "a" * 100000
             A reset
             B*20 connect
             B send "b" * 100
             B half-close
             B recv "b" * 100
             B end
             C*20 connect
             C send "c" * 100000
             C reset
             D*20 connect
             D send "d"
             D half-close
             D recv "d"
             D end'
    closes_all "$before"
    dismiss
    serve -w 8 -s 20
    did "(twenty are gone while a worker thinks about what they have said)"
    talk <<<'A*20 connect
             A send "aaaa"
             A reset
             B*20 connect
             B send "b"
             B recv "b"
             B half-close
             B end
             C*20 connect
             C send "cccc"
             C reset
             D*20 connect
             D send "d"
             D recv "d"
             D half-close
             D end'
}

# points: 1
@test "while nobody speaks none of them makes a call" {
    COUNT=1 serve -w 8
    did "20 peers connected, said something, and were silent"
    meet 20
    say_and_hear
    hint "waiting is done in epoll_wait(), which returns when there is something to do"
    comes_to_rest
    few_calls
}

# points: 1
@test "SIGTERM ends all of them while twenty peers are silent" {
    serve -w 8
    meet 20
    say_and_hear
    hint "each worker has to be told that it is over, not one of them"
    did "sent SIGTERM"
    stop_server
}
