# 4-mine.bash - what the tests of 4-mine.bats are written with
# shellcheck shell=bash

# ---- the site ----

make_site() {
    SITE=$BATS_FILE_TMPDIR/www/site
    [[ ! -d $SITE ]] || return 0
    mkdir -p "$SITE/sub/deep"
    echo start >"$SITE/index.html"
    echo below >"$SITE/sub/index.html"
    echo text >"$SITE/sub/a b.txt"
    : >"$SITE/empty.html"
    head -c 300000 /dev/urandom >"$SITE/large"
    mkfifo "$SITE/fifo"
    echo secret >"$SITE/../secret.txt"
    ln -s ../secret.txt "$SITE/link"
    ln -s .. "$SITE/up"
}

# read_all_of TARGET: what the server sends, until it ends.
read_all_of() {
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&8
    timeout $((5 * MICROSECONDS / 1000000 + 1)) cat <&8 3>&- 4>&-
    exec 8>&-
}

# ---- building ----

SOCKETS='(socket|socketpair|connect|accept4?|bind|listen|shutdown|[gs]etsockopt|getpeername'
SOCKETS+='|(recv|send)(from|to|m?msg)?|sendfile(64)?|splice|p?poll|p?select|epoll_.*|eventfd.*'
SOCKETS+='|tcp_.*|accept_peer|next_peer|announce|write_all|read_exactly|set_nonblocking'
SOCKETS+='|stop_on_signals|dup[23]?|writev?|pwritev?|syscall)'

# compiled OUTPUT ARGUMENT...: the compiler as for the book, but quickly; its first error is the story.
compiled() {
    local output=$1
    shift
    # shellcheck disable=SC2086 # COMPILE is a command with its options
    (cd "$TOP" && $COMPILE -O0 -Wno-error -o "$output" "$@" >"$BATS_TEST_TMPDIR/compiler" 2>&1) ||
        same "the compiler" "content" "$(grep -m 1 -aE 'error|undefined|multiple' \
            "$BATS_TEST_TMPDIR/compiler" | sed 's|.*/||')"
}

# units: the objects of the two units, in unit/; once for all tests.
units() {
    [[ -e $BATS_FILE_TMPDIR/unit ]] || build_units
}

# linked NAME: the units, or the logic unit alone, as a program; once for all tests.
linked() {
    units
    [[ ! -e $BATS_FILE_TMPDIR/$1 ]] || return 0
    if [[ $1 = alone ]]; then
        did "linked the logic unit with a main() and a storage unit of the tester"
        link_units alone "$BATS_FILE_TMPDIR"/unit/logic*.o
    else
        did "linked the two units with a main() of the tester"
        link_units "$1" "$BATS_FILE_TMPDIR"/unit/*.o
    fi
}

build_units() {
    local source unit=$BATS_FILE_TMPDIR/unfinished
    [[ -e $SUBMISSION/logic.c ]] || same "the logic unit" "in logic.c" "there is none"
    [[ -e $SUBMISSION/storage.c ]] || same "the storage unit" "in storage.c" "there is none"
    mkdir -p "$unit"
    for source in "$SUBMISSION"/{logic,logic-*,storage,storage-*}.c; do
        [[ -e $source ]] || continue
        compiled "$unit/$(basename "$source" .c).o" -c "$source"
    done
    mv "$unit" "$BATS_FILE_TMPDIR/unit"
}

# link_units NAME OBJECT...: with the tester's main(), which has a storage unit of its own if no
# other is linked.
link_units() {
    # shellcheck disable=SC2086 # WATCH holds several words, perhaps
    compiled "$BATS_FILE_TMPDIR/$1" "$BUILD/tests/exercises/04-anatomy/4-mine-units.o" "${@:2}" \
        "$LIBREADY" ${WATCH:-}
}

# calls_none_of UNIT PATTERN...: none of its objects needs a function with such a name.
calls_none_of() {
    local unit=$1 found
    shift
    units
    # shellcheck disable=SC2086 # a pattern
    found=$(cd "$BATS_FILE_TMPDIR/unit" && nm -u $unit.o |
        sed -n 's/^ *U \([a-z][a-z0-9_]*\)$/\1/p' |
        grep -xE "$(IFS='|' && echo "$*")" | sort -u | paste -sd ' ')
    [[ ! $found ]] || same "functions of other units that $unit.c calls" none "$found"
}

# play PROGRAM SCENARIO: as drive does it.
play() {
    local word=held-$RANDOM$RANDOM
    linked "$1"
    make_site
    limited 5 "$BATS_FILE_TMPDIR/$1" "$2" "$word" "$SITE" || return 1
    [[ $STATUS != 0 || $(tail -n 1 "$OUT") != "$word" ]] || return 0
    if ! tell_end "$STATUS" "$ERR" && [[ $STATUS = 0 ]]; then
        expected "the function returns to its caller"
        got "it ended the whole program, with status 0"
    fi
    head -c 8000 "$OUT"
    tail -n 15 "$ERR"
    return 1
}
