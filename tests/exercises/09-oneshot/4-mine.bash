# 4-mine.bash - what the tests of 4-mine.bats are written with
# shellcheck shell=bash

# takes_one_at_a_time: of two workers each gets as much as the other. While both think, two more
# words come: one for each. But he who takes all he is told of takes both. Three tries, for a busy
# machine.
takes_one_at_a_time() {
    local i words heard
    hint "a worker that takes several events at once keeps several peers waiting, while others sleep"
    did "(-w 2 -s 100) two words, one after the other; two more while both workers were thinking"
    for i in 1 2 3; do
        TRACE=$BATS_TEST_TMPDIR/words-$i.json serve -w 2 -s $((100 * MICROSECONDS / 1000000))
        heard=yes
        talk <<<'A connect
                 B connect
                 C*2 connect
                 A send "a"
                 A silent 20ms
                 B send "b"
                 B silent 20ms
                 C send "c"
                 A recv "a"
                 B recv "b"
                 C recv "c"' || heard=''
        dismiss
        words=$(readers "$BATS_TEST_TMPDIR/words-$i.json" 1 | paste -sd ' ')
        [[ ! $heard || $words != "2 2" ]] || return 0
    done
    [[ ! $heard ]] || same "words that each of the two workers has read" "2 2" "$words"
    return 1
}

# readers TRACE BYTES: how often each thread has read so many, a line for each.
readers() {
    grep -a '"name":"\(read\|recv\|readv\|recvfrom\|recvmsg\)".*"result":'"$2," "$1" |
        grep -ao '"tid":[0-9]*' | sort | uniq -c | awk '{ print $1 }'
}

# threads_are N: it has N threads, or up to three more.
threads_are() {
    local n
    n=$(thread_count "$SERVER")
    ((n >= $1 && n <= $1 + 3)) || same "threads with -w $1" "$1, or 3 more at most" "$n"
}

serve_files() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE"
    echo first >"$SITE/a.txt"
    echo second >"$SITE/b.txt"
    serve -P http -d "$SITE" -w 4
}
