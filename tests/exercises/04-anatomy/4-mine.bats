load ../../lib/exercises
load ../../lib/compile

# The units are linked with a main() that has no socket, 4-mine-units.c; once with the reader's
# storage unit, once with one that holds its documents in memory.

@test "the whole server still echoes" {
    serve
    talk <<<'A connect
             A echo "a\0\n" * 100000
             A half-close
             A end'
}

@test "the whole server still serves the files of a directory" {
    make_site
    serve -P http -d "$SITE"
    talk <<<'A connect
             A send "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 200 "
             B connect
             B send "GET /sub/../%69ndex.html HTTP/1.0\r\n\r\nx"
             A close
             B recv "HTTP/1.1 200 "'
}

@test "its units are there, and can be linked without the rest" {
    hint "units.h says which files they are; no other file may be needed to link them"
    units
    play with-storage begins
}

# points: 2
@test "the logic unit touches no descriptor" {
    hint "sockets are the I/O unit's affair, files the storage unit's"
    calls_none_of 'logic*' \
        "(buffer_(read|write)|docroot.*|open(at)?(64)?|fopen(64)?|close|f?stat(at)?|access)" \
        "$SOCKETS"
}

# points: 1
@test "the storage unit knows neither peers nor protocols" {
    hint "it finds documents and reads them; whose they are, and why, is not its affair"
    calls_none_of 'storage*' "(buffer_.*|talk_.*|http_(reason|date|parse_date|path|encode|type))" \
        "$SOCKETS"
}

# points: 2
@test "echo: bytes go through the two buffers, whatever has room" {
    hint "as much as there is room for in out; the rest stays in in"
    play with-storage echo
}

# points: 2
@test "http: requests in one piece are answered in order, into a buffer" {
    hint "what is left over behind a request stays in in, and is the next one"
    play with-storage requests
}

# points: 2
@test "http: a request in two pieces is one request, wherever it is cut" {
    hint "as long as the blank line is missing, leave in as it is"
    play with-storage pieces
}

# points: 2
@test "http: a document larger than out goes on when there is room" {
    hint "remember, in the talk, which document is on its way, and how much of it"
    play with-storage large
}

# points: 2
@test "two conversations at the same time do not know of each other" {
    hint "a static variable is one for all of them: it belongs into struct talk"
    play with-storage two
}

# points: 1
@test "when the peer has ended, it is over as soon as all is answered" {
    hint "ended says that nothing will come; what has come is still to be answered"
    play with-storage ended
}

# points: 2
@test "the storage unit finds, reads and refuses by itself" {
    hint "it cannot know who has looked at the path before"
    play with-storage storage
}

# points: 3
@test "with another storage unit, the logic unit serves other documents" {
    hint "all it knows of a document it has from storage_open() and storage_read()"
    play alone memory
    hint "whoever leaves in the middle of a document: talk_end() closes it"
    play alone leaves
}

# points: 1
@test "the whole server goes on by itself when its peer has read" {
    make_site
    serve -P http -d "$SITE"
    hint "talk_on() again when bytes of out are gone, and not only when bytes have come"
    talk <<<'A connect
             A send "GET /large HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.0\r\n\r\n"
             A recv "HTTP/1.1 200 "
             A half-close
             B connect
             B send "GET /large HTTP/1.0\r\n\r\n"
             A close
             B recv "HTTP/1.1 200 "'
    read_all_of /large >"$BATS_TEST_TMPDIR/read"
    tail -c 300000 "$BATS_TEST_TMPDIR/read" | cmp -s - "$SITE/large" ||
        same "the body of GET /large" "the file" "something else"
}

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

# compiled OUTPUT ARGUMENT...: the compiler as for the book; its first error is the story.
compiled() {
    local output=$1
    shift
    # shellcheck disable=SC2086 # COMPILE is a command with its options
    (cd "$TOP" && $COMPILE -Wno-error -o "$output" "$@" >"$BATS_TEST_TMPDIR/compiler" 2>&1) ||
        same "the compiler" "content" "$(grep -m 1 -aE 'error|undefined|multiple' \
            "$BATS_TEST_TMPDIR/compiler" | sed 's|.*/||')"
}

# units: the objects of the two units, in unit/, linked in both ways; once for all tests.
units() {
    [[ ! -e $BATS_FILE_TMPDIR/alone ]] || return 0
    build_units
    did "linked the two units with a main() of the tester"
    link_units with-storage "$BATS_FILE_TMPDIR"/unit/*.o
    did "linked the logic unit with a main() and a storage unit of the tester"
    link_units alone "$BATS_FILE_TMPDIR"/unit/logic*.o
}

build_units() {
    local source unit=$BATS_FILE_TMPDIR/unit
    [[ -e $SUBMISSION/logic.c ]] || same "the logic unit" "in logic.c" "there is none"
    [[ -e $SUBMISSION/storage.c ]] || same "the storage unit" "in storage.c" "there is none"
    mkdir -p "$unit"
    for source in "$SUBMISSION"/{logic,logic-*,storage,storage-*}.c; do
        [[ -e $source ]] || continue
        compiled "$unit/$(basename "$source" .c).o" -c "$source"
    done
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
    units
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
