load ../../lib/exercises
load ../../lib/peers
load 5-mine

@test "it echoes, and with -P http it serves files" {
    serve -w 2
    talk <<<'A connect
             A echo "a\0\n" * 1000
             A half-close
             A end'
    dismiss
    mkdir -p "$BATS_TEST_TMPDIR/site"
    echo first >"$BATS_TEST_TMPDIR/site/a.txt"
    serve -w 2 -P http -d "$BATS_TEST_TMPDIR/site"
    talk <<<'A connect
             A send "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.0\r\n\r\n"
             A recv "HTTP/1.1 200 "'
}

# points: 4
@test "four workers think at the same time, and one thinks alone" {
    local took=0
    serve -w 4 -s 500
    did "(-w 4 -s 500) four peers said a word at the same time"
    meet 4
    for _ in 1 2 3; do
        took=$(ms_of say_and_hear)
        ((took >= 1500)) || break
    done
    hint "thinking is a worker's part; the loop hands over and goes on, and so do the other workers"
    ((took < 1500)) || same "the last answer comes after" "500 ms, and a bit" "$took ms"
    dismiss
    leave
    serve -w 1 -s 150
    did "(-w 1 -s 150) four peers said a word at the same time"
    meet 4
    took=$(ms_of say_and_hear)
    hint "one worker does one thing at a time: no more at once than -w says"
    ((took >= 595)) || same "the last answer comes after" "600 ms" "$took ms"
}

# points: 3
@test "a peer that never reads keeps no worker" {
    serve -w 2
    hint "a worker writes what the kernel takes; for the rest it is watched again"
    TIME_SCALE=$(less_time) talk <<<'A*3 connect
             A fill
             B connect
             B send "b"
             B recv "b"'
}

# points: 3
@test "what one peer says comes back in its order" {
    serve -w 8 -s 5
    hint "while a worker has a peer, nobody else may: in the loop or in the pool, never in both"
    talk <<<'A connect
             B connect
             A send-slowly "0123456789abcdefghijklmnopqrstuvwxyz" * 12
             B send-slowly "zyxwvutsrqponmlkjihgfedcba9876543210" * 12
             A recv "0123456789abcdefghijklmnopqrstuvwxyz" * 12
             B recv "zyxwvutsrqponmlkjihgfedcba9876543210" * 12
             A echo "0123456789abcdefghijklmnopqrstuvwxyz" * 6000
             A half-close
             A end'
}

# points: 3
@test "two hundred at once are all answered by two workers" {
    local before
    serve -w 2 -s 2
    before=$(descriptor_count "$SERVER")
    hint "a queue has room for so many: what becomes of a task for which there is none?"
    TIME_SCALE=$(less_time) talk <<<'A*200 connect
             A send "a"
             A recv "a"'
    closes_all "$before"
}

# points: 4
@test "on SIGTERM what has come is still answered, and it ends" {
    serve -w 2 -s 150
    did "(-w 2 -s 150) four peers said a word; sent SIGTERM while two of them wait for a worker"
    meet 4
    say
    pause 0.1
    hint "the listener goes first; each peer is done when it has been answered, then the pool ends"
    stop_server
    hear
}

# points: 1
@test "while nobody speaks it makes no calls" {
    COUNT=1 serve -w 4
    did "20 peers said something, and were silent"
    meet 20
    say_and_hear
    hint "workers sleep until there is a task, the loop until somebody is ready"
    comes_to_rest
    few_calls
}

# points: 2
@test "there are as many workers as -w says, and hardly more threads" {
    local threads
    serve -w 7
    meet 30
    say
    hear
    threads=$(thread_count "$SERVER")
    hint "workers are made once, at the beginning, and not for each peer"
    ((threads >= 7 && threads <= 10)) || same "threads, with -w 7" "7 to 10" "$threads"
}
