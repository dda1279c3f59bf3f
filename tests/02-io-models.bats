# shellcheck disable=SC2034 # row() sets all that a row has; a test reads what it needs
load lib/servers
teardown() { end_servers; }

# ---- the row of a model ----

# row MODEL [OPTION...]: runs build/02-io-models/model-MODEL, once in this file, and sets what its
# row says: work one two late calls vain wakes cpu own order.
row() {
    local file=$BATS_FILE_TMPDIR/"$*"
    if [[ ! -e $file ]]; then
        run -0 --separate-stderr "$BUILD/02-io-models/model-$1" -d "$patience" -r "${@:2}"
        echo "${output:11}" >"$file"
    fi
    read -r work one two late calls vain wakes cpu own order <"$file"
}

# unhindered CONDITION MODEL [OPTION...]: a row for which CONDITION, a function, holds. A model that a
# busy machine holds back finds two messages at once, or a part of one: so it runs three times at most.
unhindered() {
    for _ in 1 2 3; do
        row "${@:2}"
        ! "$1" || return 0
        rm "$BATS_FILE_TMPDIR/${*:2}"
    done
    echo "$2, three times not $1: $work $one $two $late $calls $vain $wakes $cpu $own $order"
    return 1
}

patience=$((MICROSECONDS * 8 / 1000000)) # seconds
without_tsan() { if with_tsan; then skip "SIGEV_THREAD ends a program built with TSan"; fi; }

# ---- five models ----

@test "blocking: no other work, a call a message, and the peers are heard in the program's order" {
    row blocking
    ((work == 0 && calls == 9 && own == 1728 && wakes > 0))
    [[ $order = ABCABCABC ]]
    ((${late%.*} >= 39)) # C spoke two pauses before A
}

@test "nonblocking: other work all the time, and far more questions in vain than messages" {
    row nonblocking
    ((work > 100 && vain > 100 && calls - vain >= 9 && own == 1728))
}

@test "nonblocking: it does not sleep" {
    row nonblocking
    slept=$wakes
    row poll
    ((slept < wakes))
}

@test "select, poll, epoll: no other work, at most two calls a message, and none of them in vain" {
    for model in select poll epoll; do
        most=18
        [[ $model != epoll ]] || most=21 # its three epoll_ctl()
        unhindered few_calls $model
        ((work == 0 && calls > 9 && vain == 0 && wakes > 0 && own == 1728))
    done
}
few_calls() { ((calls <= most)); }

@test "select, poll and epoll hear first the peer that speaks first" {
    unhindered in_order select -t 40
    unhindered in_order poll -t 40
    unhindered in_order epoll -t 40
}
in_order() { [[ $order = CBACBACBA ]]; }

@test "SIGIO: other work meanwhile, hardly a question in vain, and the copying is its own" {
    unhindered hardly_in_vain sigio
    ((work > 100 && own == 1728 && calls - vain >= 9))
    mine=$vain
    row nonblocking
    ((mine * 5 < vain))
}
hardly_in_vain() { ((vain <= calls / 2 + 3)); }

@test "AIO: others copy; the thread works meanwhile when a signal tells it" {
    row aio -n signal
    ((work > 100 && own == 0))
}

@test "AIO: others copy; the thread works meanwhile when a new thread is told" {
    without_tsan
    row aio -n thread
    ((work > 100 && own == 0))
}

@test "AIO: others copy, and in aio_suspend() the thread sleeps all the same" {
    row aio -n suspend
    ((work == 0 && own == 0 && wakes > 0))
}

@test "the calls in a row are those that COUNT sees, and for AIO there is no figure" {
    for model in blocking nonblocking select poll epoll sigio; do
        COUNT=1 run -0 --separate-stderr "$BUILD/02-io-models/model-$model" -d "$patience" -r
        # shellcheck disable=SC2154 # run sets stderr
        counted=$(awk '/^model/ { ours = 1 } /^peers/ { ours = 0 }
            ours && /^  (recvmsg|select|poll|epoll_wait|epoll_ctl) / { n += $2 } END { print n }' <<<"$stderr")
        read -r _ _ _ _ calls _ <<<"${output:11}"
        echo "$model: $calls in the row, $counted by COUNT"
        ((calls == counted))
    done
    row aio -n suspend
    [[ $calls = – ]]
}

@test "select, poll and epoll stand with blocking: they sleep, and then copy by themselves" {
    without_tsan
    run -0 "$BUILD/02-io-models/four-combinations"
    [[ $output =~ "sleeps: blocking "+" blocking, select, poll, epoll "+" AIO suspend"$'\n' ]]
    [[ $output =~ "works:  nonblocking "+" nonblocking, SIGIO "+" AIO signal, AIO thread"$'\n' ]]
}

# ---- SIGIO ----

# queue HOW SIGIO SIGRTMIN NAMED: sigio-queue says so, and poll() found all eight (extended
# regular expressions).
queue() {
    grep -Eq "^$1 +$2 +$3 +$4 +8\$" <<<"$output" && return
    echo "no line says '$*' in:"
    echo "$output"
    return 1
}

@test "eight descriptors leave one SIGIO, and it names none of them" {
    run -0 "$BUILD/02-io-models/sigio-queue"
    queue "SIGIO as it is \(F_SETSIG 0\)" 1 0 0
}

@test "F_SETSIG puts the descriptor into the signal, but of a standard signal only one is kept" {
    run -0 "$BUILD/02-io-models/sigio-queue"
    queue "F_SETSIG SIGIO" 1 0 1
}

@test "of a real-time signal each is kept, and names its descriptor" {
    run -0 "$BUILD/02-io-models/sigio-queue"
    queue "F_SETSIG SIGRTMIN" 0 8 8
}

@test "when the queue is full a SIGIO that names nobody comes instead, and poll() finds them all" {
    run -0 "$BUILD/02-io-models/sigio-queue"
    queue "F_SETSIG SIGRTMIN, room for 4" 1 "[0-7]" "[0-7]"
}

@test "model-sigio receives everything when no signal finds room in the queue" {
    ulimit -i 0
    run -0 "$BUILD/02-io-models/model-sigio" -d "$patience"
}

# ---- AIO ----

# says CALL SITUATION ANSWER: $output has a line that says so.
says() {
    grep -Eq "^ *$2 +$1 = $3\$" <<<"$output" && return
    echo "no line says '$2' and '$1 = $3' in:"
    echo "$output"
    return 1
}

@test "aio_read() returns at once, and EINPROGRESS is its state until the bytes are there" {
    run -0 "$BUILD/02-io-models/aio-calls"
    says aio_read "a read from a peer that is silent" 0
    [[ $output =~ "= 0"$'\n'[0-9]+" threads"$'\n'"  meanwhile "+"aio_error = EINPROGRESS" ]]
    says aio_suspend "the peer speaks, and we sleep" 0
    says aio_error "now" 0
    says aio_return "3 bytes are in our buffer" 3
}

@test "a program has a thread more after its first aio_read()" {
    run -0 "$BUILD/02-io-models/aio-calls"
    [[ $output =~ ^([0-9]+)" thread" ]]
    before=${BASH_REMATCH[1]}
    [[ $output =~ $'\n'([0-9]+)" threads" ]]
    ((BASH_REMATCH[1] == before + 1))
}

@test "aio_write() tells by aio_return() how much was written" {
    run -0 "$BUILD/02-io-models/aio-calls"
    says aio_write "a write" 0
    says aio_return "all is written" 5
}

@test "aio_fsync() is done when what was handed over before it is done" {
    run -0 "$BUILD/02-io-models/aio-calls"
    says aio_fsync "and on to the disk" 0
    says aio_error "the second is done, so the first is" 0
}

@test "lio_listio() hands over a list, and waits for all of it or not" {
    run -0 "$BUILD/02-io-models/aio-calls"
    [[ $output =~ "LIO_WAIT "+"lio_listio = 0"$'\n'"  the read "+"aio_return = 3"$'\n'"  the write "+"aio_return = 5" ]]
    [[ $output =~ "LIO_NOWAIT "+"lio_listio = 0"$'\n'"  meanwhile "+"aio_error = EINPROGRESS" ]]
}

@test "aio_cancel() comes in time for a request in line, not for one that is being served, or done" {
    run -0 "$BUILD/02-io-models/aio-calls"
    says aio_cancel "the second has not begun" AIO_CANCELED
    says aio_error "its state" ECANCELED
    says aio_cancel "the first sleeps in a thread's write\(\)" AIO_NOTCANCELED
    says aio_cancel "the peer has read" AIO_ALLDONE
}

@test "glibc reads a socket for aio_read() in another thread, by a pread64() that fails and a read()" {
    command -v strace >/dev/null || skip "strace is not installed"
    [[ $BUILD = */build ]] || skip "a sanitizer does not like to be traced"
    run -0 strace -f -o "$BATS_TEST_TMPDIR/calls" "$BUILD/02-io-models/model-aio" -d "$patience" -r
    awk '
        NR == 1 { program = $1 }
        { sub(/<unfinished.*/, "") }
        /pread64\([0-9]+, .*196607/ && $1 != program { asked++ }
        /pread64.*ESPIPE/ && $1 != program { in_vain++ }
        /(read\([0-9]+, .*, 196607|read resumed.*, 196607)\) = 196607/ && $1 != program { done++ }
        /^[0-9]+ +(pread64|read)\([0-9]+, .*196607/ && $1 == program { own++ }
        END {
            print in_vain + 0, "pread64 in vain,", done + 0, "reads,", own + 0, "by the thread itself"
            exit !(in_vain == 9 && done == 9 && own == 0)
        }' "$BATS_TEST_TMPDIR/calls"
}

# ---- exhibits: the same command, on the twin and on the exhibit ----

@test "what one read leaves is never mentioned again: bad-sigio-one-read waits for ever" {
    run -0 "$BUILD/02-io-models/model-sigio" -d "$patience"
    run -1 "$BUILD/02-io-models/bad-sigio-one-read" -d 1
    [[ $output =~ "gave up: "[0-8]" of 9 messages have come" ]]
}

@test "a handler that prints spoils what is being printed; one that takes a note does not" {
    if with_tsan; then skip "TSan keeps a signal back until printf() is over"; fi
    run -0 "$BUILD/02-io-models/says-it-later"
    [[ $output = *"20000 of 20000 lines in order, news told 1 times, 0 lines that should not"* ]]
    run -1 "$BUILD/02-io-models/bad-printf-in-handler"
    [[ $output != *" 0 lines that should not be there" ]]
}

@test "a buffer that is used again before AIO is done with it arrives with the wrong bytes" {
    run -0 "$BUILD/02-io-models/two-messages"
    [[ $output = *"has got: 4000000 A and 4000000 B" ]]
    run -1 "$BUILD/02-io-models/bad-aio-buffer-reuse"
}

@test "descriptor 1024 in an fd_set overwrites what lies behind it; poll() has room for it" {
    run -0 "$BUILD/02-io-models/waits-for-1024"
    [[ $output = "descriptor 1024: 1 ready; what lay beside it is as it was" ]]
    run "$BUILD/02-io-models/bad-fdset-overflow"
    if [[ $BUILD = *asan* ]]; then
        [[ $status -ne 0 && $output = *"index 16 out of bounds for type '__fd_mask"* ]]
    else
        [[ $status -eq 1 && $output = "descriptor 1024: 1 ready; what lay beside it is overwritten" ]]
    fi
}

@test "descriptor 1023 is the last that fits in an fd_set" {
    run -0 "$BUILD/02-io-models/bad-fdset-overflow" -n 1023
    [[ $output = "descriptor 1023: 1 ready; what lay beside it is as it was" ]]
}
