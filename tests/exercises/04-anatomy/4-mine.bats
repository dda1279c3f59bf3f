load ../../lib/exercises
load ../../lib/compile
load 4-mine

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
    linked alone
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
