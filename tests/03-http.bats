load lib/servers
load lib/compile
teardown() { end_servers; }

# ---- a site to serve ----

# Sets SITE to a folder with some files, and with some that nobody may have.
make_site() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE/sub/deep" "$SITE/with space" "$SITE-of-another"
    printf 'start\n' >"$SITE/index.html"
    printf 'below\n' >"$SITE/sub/index.html"
    printf 'spaced\n' >"$SITE/with space/a+b.txt"
    printf 'secret\n' >"$BATS_TEST_TMPDIR/secret"
    printf 'secret\n' >"$SITE/.hidden"
    printf 'secret\n' >"$SITE-of-another/secret"
    : >"$SITE/empty.css"
    touch -d '1994-11-06 08:49:37 UTC' "$SITE/index.html"
    ln -s ../secret "$SITE/link"
    ln -s .. "$SITE/up"
    ln -s index.html "$SITE/inside"
    mkfifo "$SITE/fifo"
}

start_serve() {
    make_site
    start_server 03-http/serve -d "$SITE"
}

# page TARGET [FIELD...]: a request as the string of a play.
page() {
    printf 'GET %s HTTP/1.1\\r\\nHost: a\\r\\n' "$1"
    shift
    (($# == 0)) || printf '%s\\r\\n' "$@"
    printf '\\r\\n'
}

# each_answered: of every line "STATUS REQUEST" plays the request (a string of a play, where "…" is
# a Host field and the blank line) on a connection of its own: the answer has that status.
each_answered() {
    local status request i=0 play=''
    while read -r status request; do
        request=${request//…/' HTTP/1.1\r\nHost: a\r\n\r\n'}
        i=$((i + 1))
        play+="A$i connect"$'\n'"A$i send \"$request\""$'\n'
        play+="A$i recv \"HTTP/1.1 $status \""$'\n'"A$i close"$'\n'
    done
    talk <<<"$play"
}

# hear STRING: sends it, and the end, and sets HEARD to all that comes until the end.
hear() {
    HEARD=$(printf '%b' "$1" | "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT")
}

# hears PATTERN N: so many lines of what was heard match.
hears() {
    local lines
    lines=$(grep -ac "$1" <<<"$HEARD") || true
    ((lines == $2)) || {
        echo "$lines lines instead of $2 match '$1' in:"
        echo "$HEARD"
        return 1
    }
}

# needs PROGRAM: skips the test where it is not installed.
needs() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# shows OPTION...: what exchange shows of the server's answer.
shows() {
    run -0 "$BUILD/03-http/exchange" "$@"
}

# ---- lib/http and lib/docroot ----

# asked: of every line "QUESTION = ANSWER" tests/http answers the question so.
asked() {
    local lines
    lines=$(cat)
    diff <(awk -F ' = ' '{ print $1 }' <<<"$lines" | "$BUILD/tests/http" "$@") \
        <(awk -F ' = ' '{ print $2 }' <<<"$lines")
}

@test "a path is decoded once, without its query, and its dot segments are resolved" {
    asked <<'END'
path / = 200 ''
path /a/b.html = 200 'a/b.html'
path /a/ = 200 'a/'
path //a///b = 200 'a/b'
path /a/./b/../c = 200 'a/c'
path /a/.. = 200 ''
path /a/b/.. = 200 'a/'
path /a/. = 200 'a/'
path /... = 200 '...'
path /..a/.b. = 200 '..a/.b.'
path /a%20b+c%2B = 200 'a b+c+'
path /%61%2Fb = 200 'a/b'
path /%252e%252e/x = 200 '%2e%2e/x'
path /a?b/../../c%00 = 200 'a'
path http://host/a/b?c = 200 'a/b'
path HTTP://host = 200 ''
path http://host?x = 200 ''
END
}

@test "a path that climbs above the root, is cut in a triplet or holds a NUL is none" {
    asked <<'END'
path /.. = 400
path /../a = 400
path /a/../../b = 400
path /%2e%2e/a = 400
path /.%2E/a = 400
path /a%2f..%2f..%2fb = 400
path http://host/../a = 400
path /% = 400
path /%4 = 400
path /%4g = 400
path /a%00b = 400
path /a b = 400
path /a#b = 400
path a = 400
path * = 400
path http:// = 400
path http:///a = 400
path ftp://host/a = 400
END
    printf 'path \npath /a\1b\npath /\177\npath /a\0b\n' >"$BATS_TEST_TMPDIR/asked"
    run -0 "$BUILD/tests/http" <"$BATS_TEST_TMPDIR/asked"
    [ "$output" = $'400\n400\n400\n400' ]
}

@test "a path that has no room is refused, and never written past its end" {
    local room
    for room in 2 3 4 5 6; do
        asked <<<"room $room /ab/../defg = 414"
    done
    asked <<<"room 7 /ab/../defg = 200 'defg'"
}

@test "a date is read in all three formats, and written in the one of today" {
    asked <<'END'
date Sun, 06 Nov 1994 08:49:37 GMT = 784111777
date Sunday, 06-Nov-94 08:49:37 GMT = 784111777
date Sun Nov  6 08:49:37 1994 = 784111777
date Thu, 29 Feb 2024 00:00:00 GMT = 1709164800
date Sat, 30 Jun 2012 23:59:60 GMT = 1341100799
date Wednesday, 01-Jan-20 00:00:00 GMT = 1577836800
write 784111777 = Sun, 06 Nov 1994 08:49:37 GMT
write 0 = Thu, 01 Jan 1970 00:00:00 GMT
write 99999999999999 = Fri, 31 Dec 9999 23:59:59 GMT
END
}

@test "what is no date, or no day of the calendar, is not read as one" {
    asked <<'END'
date Sun, 06 Nov 1994 08:49:37 = no date
date Sun, 06 Nov 1994 08:49:37 GMT  x = no date
date Sun, 6 Nov 1994 08:49:37 GMT = no date
date Sun, 31 Feb 1994 08:49:37 GMT = no date
date Wed, 29 Feb 2023 00:00:00 GMT = no date
date Sun, 00 Nov 1994 08:49:37 GMT = no date
date Sun, 06 Nov 1994 24:00:00 GMT = no date
date Sun, 06 Nov 1994 08:60:37 GMT = no date
date Sun, 06 Nov 1994 08:49:61 GMT = no date
date sun, 06 nov 1994 08:49:37 gmt = no date
date Sun, 06 Nov -994 08:49:37 GMT = no date
date 784111777 = no date
date S = no date
END
}

@test "a type is known by the extension, in capitals too; what is not known is octet-stream" {
    asked <<'END'
type index.html = text/html; charset=utf-8
type A.HTML = text/html; charset=utf-8
type a/b.tar.gz = application/gzip
type photo.JpG = image/jpeg
type html = application/octet-stream
type a.html/b = application/octet-stream
type a. = application/octet-stream
type a.htmlx = application/octet-stream
reason 200 = OK
reason 431 = Request Header Fields Too Large
reason 299 = Unknown
END
}

@test "what is encoded begins with one slash, and nothing in it is strange" {
    asked <<'END'
encode a b/c = /a%20b/c
encode //evil/ = /evil/
encode a?b#c%d"<> = /a%3Fb%23c%25d%22%3C%3E
encode é = /%C3%A9
path /a%3Fb%23c%25d = 200 'a?b#c%d'
END
}

# The same rules hold with openat2() and, where the kernel has none, part by part.
files_beneath() {
    local long
    make_site
    asked -d "$SITE" <<'END'
open index.html = 200 6 bytes, text/html; charset=utf-8
open sub/ = 200 6 bytes, text/html; charset=utf-8
open with space/a+b.txt = 200 7 bytes, text/plain; charset=utf-8
open sub = 301
open sub/deep = 301
open sub/deep/ = 404
open index.html/ = 404
open nothing = 404
open nothing/at/all = 404
open .hidden = 404
open sub/.hidden = 404
open fifo = 404
open link = 404
open inside = 404
open up/secret = 404
open up/site/index.html = 404
open ../secret = 404
open sub/../../secret = 404
open /etc/passwd = 404
open ../site-of-another/secret = 404
END
    printf -v long '%300s' ''
    asked -d "$SITE" <<<"open ${long// /x} = 404"
    printf -v long '%3000s' ''
    asked -d "$SITE" <<<"open ${long// /x/} = 404"
}

@test "what may be opened lies beneath the root, is a file, and has no link or dot on its way" {
    files_beneath
}

@test "the same may be opened where the kernel has no openat2()" {
    export FAULTS=syscall:ENOSYS
    files_beneath
}

@test "a file that may not be read is forbidden; without a descriptor or a disk it is our fault" {
    make_site
    FAULTS=syscall:EACCES asked -d "$SITE" <<<"open index.html = 403"
    FAULTS=syscall:EMFILE asked -d "$SITE" <<<"open index.html = 503"
    FAULTS=syscall:EAGAIN asked -d "$SITE" <<<"open index.html = 503" # somebody has a lease on it
    FAULTS=syscall:EIO asked -d "$SITE" <<<"open index.html = 500"
}

@test "a file of which the disk says nothing is opened in vain, and closed again" {
    make_site
    compile no-status <<'END'
#include "docroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int
fstat(int fd, struct stat *status)
{
    memset(status, 0x44, sizeof *status); /* as of a directory, if somebody looks */
    errno = fd >= 0 ? EIO : EBADF;
    return -1;
}

int
main(int argc, char **argv)
{
    struct docroot_file file = {.fd = 7};
    int root = docroot(argv[argc - 1]), status = docroot_open(root, "index.html", &file);

    printf("%d, %d, %s\n", status, file.fd, fcntl(root + 1, F_GETFD) == -1 ? "closed" : "open");
    return 0;
}
END
    run -0 "$BATS_TEST_TMPDIR/no-status" "$SITE"
    [ "$output" = "500, -1, closed" ]
}

# ---- serve: what is answered ----

@test "serve sends a file with its type, its length and its dates" {
    start_serve
    hear 'GET / HTTP/1.0\r\n\r\n'
    hears $'^HTTP/1.1 200 OK\r$' 1
    hears $'^Date: ..., [0-3][0-9] ... 20[0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT\r$' 1
    hears $'^Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r$' 1
    hears $'^Content-Type: text/html; charset=utf-8\r$' 1
    hears $'^Content-Length: 6\r$' 1
    hears '^start$' 1
    stop_server
}

@test "each target gets its status, and none leads out of the root" {
    start_serve
    each_answered <<'END'
200 GET /…
200 GET /sub/…
200 GET /sub/../index.html?x=/../…
200 GET /with%20space/a+b.txt…
200 GET http://a/index.html…
200 HEAD /index.html…
301 GET /sub…
404 GET /nothing…
404 GET /fifo…
404 GET /.hidden…
404 GET /index.html/…
404 GET /..%5c..%5csecret…
404 GET /%252e%252e/secret…
404 GET /%c0%ae%c0%ae/secret…
404 GET /....//secret…
404 GET /..;/secret…
404 GET /link…
404 GET /up/secret…
404 GET //etc/passwd…
400 GET /../secret…
400 GET /%2e%2e/secret…
400 GET /sub%2f..%2f..%2fsecret…
400 GET /../site-of-another/secret…
400 GET http://a/../secret…
400 GET /a%00.html…
400 GET /a%…
400 GET index.html…
400 GET *…
END
    stop_server
}

@test "each method gets its status, and 405 says what is allowed" {
    start_serve
    each_answered <<'END'
405 POST /…
405 PUT /new…
405 DELETE /index.html…
405 OPTIONS *…
405 TRACE /…
405 CONNECT a:80…
501 get /…
501 PROPFIND /…
END
    hear 'DELETE /index.html HTTP/1.0\r\n\r\n'
    hears $'^Allow: GET, HEAD\r$' 1
    [ -e "$SITE/index.html" ]
    [ ! -e "$SITE/new" ]
    stop_server
}

@test "what is no request is refused: its line, its fields, its host, its length" {
    start_serve
    each_answered <<'END'
200 \r\nGET /…
200 GET / HTTP/1.0\r\n\r\n
200 GET / HTTP/1.9\r\nHost: a\r\n\r\n
200 GET / HTTP/1.1\r\nHost:[::1]:80\r\nX:\r\nY: \xff\t \r\n\r\n
200 GET / HTTP/1.1\r\nhOsT: a:80 \r\nContent-Length: 003\r\n\r\nabc
505 GET / HTTP/2.0\r\n\r\n
505 GET / HTTP/0.9\r\n\r\n
400 GET /\r\n
400 GET / HTTP/1.1\r\n\r\n
400 GET / http/1.1\r\nHost: a\r\n\r\n
400 GET / HTTP/1.10\r\nHost: a\r\n\r\n
400 GET  / HTTP/1.1\r\nHost: a\r\n\r\n
400 GET / HTTP/1.1 \r\nHost: a\r\n\r\n
400 G(T / HTTP/1.1\r\nHost: a\r\n\r\n
400 GET / HTTP/1.1\nHost: a\n\n
400 GET / HTTP/1.1\r\nHost: a\r \r\n\r\n
400 GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a b\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a/b\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a:b\r\n\r\n
400 GET / HTTP/1.1\r\nHost: [::1\r\n\r\n
400 GET / HTTP/1.1\r\nHost : a\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nX\xe9: a\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n
400 GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n
400 GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n
413 GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n
501 GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n
END
    stop_server
}

@test "a head that does not fit is refused by 414 or 431, and the refusal is not lost" {
    local long
    start_serve
    talk <<'END'
        A connect
        A send "GET /"
        A send "x" * 8000
        A send " HTTP/1.1\r\nHost: a\r\n\r\n"
        A recv "HTTP/1.1 404 "
        A close
        B connect
        B send "GET /"
        B send "x" * 1000000
        B recv "HTTP/1.1 414 "
        B close
        C connect
        C send "GET / HTTP/1.1\r\nHost: a\r\nX: "
        C send "x" * 1000000
        C recv "HTTP/1.1 431 "
        C close
        D connect
        D send "GET / HTTP/1.1\r\nHost: a\r\n"
        D send "X: x\r\n" * 100
        D send "\r\n"
        D recv "HTTP/1.1 431 "
        D close
        E connect
        E send "\r\n" * 5
        E recv "HTTP/1.1 400 "
        E close
END
    # The end comes, and no reset, though the server has not wanted to know the rest.
    long=$(head -c 200000 /dev/zero | tr '\0' x)
    hear "GET /$long"
    hears '^414 ' 1
    stop_server
}

@test "HEAD has the fields of GET, and no body" {
    local fields
    start_serve
    hear 'GET / HTTP/1.0\r\n\r\n'
    fields=$(sed '/^Date:/d; /^\r$/,$d' <<<"$HEARD")
    hear 'HEAD / HTTP/1.0\r\n\r\n'
    [ "$(sed '/^Date:/d; /^\r$/d' <<<"$HEARD")" = "$fields" ]
    hear 'HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\nHEAD /sub HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 404 ' 1
    hears '^HTTP/1.1 301 ' 1
    hears '^Content-Length: [1-9]' 2
    hears '^[0-9]' 0
    stop_server
}

@test "a client that has the file of that date, or a younger one, gets 304 and no body" {
    local field
    start_serve
    for field in "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT" \
        "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT" \
        "if-modified-since: Sun Nov  6 08:49:38 1994" "If-None-Match: *"; do
        hear "GET / HTTP/1.0\r\n$field\r\n\r\n"
        hears '^HTTP/1.1 304 ' 1
        hears '^Content-Length\|^start' 0
    done
    for field in "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT" \
        "If-Modified-Since: yesterday" 'If-None-Match: "x"' \
        'If-None-Match: "x"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT'; do
        hear "GET / HTTP/1.0\r\n$field\r\n\r\n"
        hears '^HTTP/1.1 200 ' 1
        hears '^start' 1
    done
    hear 'GET /nothing HTTP/1.0\r\nIf-None-Match: *\r\n\r\n'
    hears '^HTTP/1.1 404 ' 1
    stop_server
}

@test "no file is younger than its answer" {
    start_serve
    touch -d '2100-01-01' "$SITE/empty.css"
    hear 'GET /empty.css HTTP/1.0\r\n\r\n'
    hears '^Last-Modified: .* 2100' 0
    hears '^Last-Modified: ' 1
    hears $'^Content-Length: 0\r$' 1
}

@test "a folder without its slash: the new place keeps the query, and lies on this server" {
    start_serve
    mkdir "$SITE/example.org"
    hear 'GET /with%20space?a=b HTTP/1.0\r\n\r\n'
    hears $'^Location: /with%20space/?a=b\r$' 1
    hear 'GET //example.org HTTP/1.0\r\n\r\n'
    hears $'^Location: /example.org/\r$' 1
}

@test "a file of 5 MB arrives whole, however the calls are cut or interrupted" {
    make_site
    head -c 5000000 /dev/urandom >"$SITE/large"
    FAULTS=write:short,writev:short,read:EINTR,write:EINTR,writev:EINTR,accept:EINTR,poll:EINTR \
        start_server 03-http/serve -d "$SITE"
    "$BUILD/03-http/get" "http://$ADDRESS:$PORT/large" >"$BATS_TEST_TMPDIR/copy"
    cmp "$BATS_TEST_TMPDIR/copy" "$SITE/large"
    stop_server
    FAULTS=read:one,writev:one,write:one start_server 03-http/serve -d "$SITE"
    [ "$("$BUILD/03-http/get" "http://$ADDRESS:$PORT/")" = start ]
    stop_server
}

# ---- serve: connections ----

@test "1,000 requests in one write are answered one by one, in order" {
    local play both
    start_serve
    both=$(page /nothing)$(page /empty.css)
    printf -v play '%500s' ''
    play=${play// /$both}
    hear "$play$(page / 'Connection: close')"
    hears '^HTTP/1.1 ' 1001
    hears '^HTTP/1.1 404 ' 500
    [ "$(grep -a '^HTTP' <<<"$HEARD" | head -n 4 | cut -d ' ' -f 2 | tr '\n' ' ')" = "404 200 404 200 " ]
    [ "${HEARD##*$'\n'}" = start ]
    stop_server
}

@test "a request that comes a byte a segment gets one answer, and so does half of a second" {
    start_serve
    talk <<<"A connect
             A send-slowly \"$(page /)\"
             A recv \"HTTP/1.1 200 OK\r\n\"
             A close
             B connect
             B send \"$(page /)GET /no\"
             B recv \"HTTP/1.1 200 OK\r\n\"
             B send \"thing HTTP/1.0\r\n\r\n\"
             B close"
    stop_server
}

@test "HTTP/1.1 goes on unless one says close, HTTP/1.0 ends unless one says keep-alive" {
    start_serve
    hear 'GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 200' 1
    hears $'^Connection: close\r$' 1
    hear 'GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 200' 1
    hear 'GET / HTTP/1.0\r\nConnection: x\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'
    hears '^HTTP/1.1 200\|^startHTTP/1.1 200' 2
    hears $'^Connection: keep-alive\r$' 1
    hears $'^Connection: close\r$' 0
    stop_server
}

@test "a body is skipped and never taken for a request" {
    start_serve
    hear 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.0\r\n\r\nGET /nothing HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 200' 1
    hears 'HTTP/1.1 404' 1
    hear 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 405' 1
    hears $'^Connection: close\r$' 1
    hears 'HTTP/1.1 200' 0
    hear 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\nExpect: 100-continue\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears 'HTTP/1.1 ' 1
    hears $'^Connection: close\r$' 1
    hear 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears 'HTTP/1.1 ' 1
    hears $'^Connection: close\r$' 1
    hear 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of it'
    hears 'HTTP/1.1 ' 1
    stop_server
}

@test "after what was refused nothing is answered" {
    start_serve
    hear 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 400' 1
    hears 'HTTP/1.1 ' 1
    hear 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 400' 1
    hears 'HTTP/1.1 ' 1
    hears $'^Connection: close\r$' 1
}

@test "a second peer waits while the first is in the middle of a request" {
    start_serve
    talk <<<"A connect
             A send \"GET / HT\"
             B connect
             B send \"$(page /)\"
             B silent 200ms
             A send \"TP/1.0\r\n\r\n\"
             A recv \"HTTP/1.1 200 OK\r\n\"
             A close
             B recv \"HTTP/1.1 200 OK\r\n\""
    stop_server
}

@test "a peer that has nothing to ask gives way to one that waits" {
    start_serve
    talk <<<"A connect
             B connect
             B send \"$(page /)\"
             B recv \"HTTP/1.1 200 OK\r\n\"
             A end"
    stop_server
}

@test "a kept connection is told that it ends when others wait" {
    local request='GET / HTTP/1.1\r\nHost: a\r\n\r\n' line
    start_serve
    # A is in the middle of a request, B comes behind it, and C waits when B is answered.
    exec 6<>"/dev/tcp/$ADDRESS/$PORT" && printf 'GET / HT' >&6
    exec 7<>"/dev/tcp/$ADDRESS/$PORT" && printf '%b' "$request" >&7
    exec 8<>"/dev/tcp/$ADDRESS/$PORT" && printf '%b' "$request" >&8
    printf 'TP/1.0\r\n\r\n' >&6
    exec 6>&-
    for line in "HTTP/1.1 200 OK" "Date: *" "Connection: close"; do
        read -rt 10 -u 7
        # shellcheck disable=SC2053 # a pattern
        [[ ${REPLY%$'\r'} = $line ]]
    done
    exec 7>&-
    for line in "HTTP/1.1 200 OK" "Date: *" "Last-Modified: *"; do
        read -rt 10 -u 8
        # shellcheck disable=SC2053 # a pattern
        [[ ${REPLY%$'\r'} = $line ]]
    done
    stop_server
}

@test "as many descriptors are open after errors and resets as before" {
    local before
    start_serve
    poll_until 5 is_asleep "$SERVER"
    before=$(descriptor_count "$SERVER")
    talk <<<"A*20 connect
             A send \"$(page /)$(page /nothing)GET /\"
             A reset
             B connect
             B send \"$(page /sub)\"
             B recv \"HTTP/1.1 301 \"
             B close"
    poll_until 5 descriptors_are "$SERVER" "$before"
    stop_server
}

# ---- the clients that others have written ----

@test "curl keeps its connection for three pages, and gets the same by HEAD and by its own date" {
    needs curl
    start_serve
    run -0 curl -sv --max-time 20 "http://$ADDRESS:$PORT/" "http://$ADDRESS:$PORT/sub/" \
        "http://$ADDRESS:$PORT/nothing"
    [ "$(grep -c 'Re-using existing connection' <<<"$output")" -eq 2 ]
    [ "$(grep -c 'HTTP/1.1 200 OK' <<<"$output")" -eq 2 ]
    run -0 curl -sI --max-time 20 "http://$ADDRESS:$PORT/"
    [[ ${lines[0]} = "HTTP/1.1 200 OK"* ]]
    run -0 curl -s --max-time 20 -z "$SITE/index.html" -w '%{http_code}' "http://$ADDRESS:$PORT/"
    [ "$output" = 304 ]
    run -0 curl -s --max-time 20 -L -w '%{http_code}' "http://$ADDRESS:$PORT/sub"
    [ "$output" = $'below\n200' ]
    run -0 curl -s --max-time 20 --path-as-is -o /dev/null -w '%{http_code}' \
        "http://$ADDRESS:$PORT/../secret"
    [ "$output" = 400 ]
    stop_server
}

@test "curl is told 405 when it uploads 10 MB, and does not have to send it" {
    needs curl
    start_serve
    head -c 10000000 /dev/zero >"$BATS_TEST_TMPDIR/large"
    run -0 curl -s --max-time 20 -o /dev/null -w '%{http_code}' -T "$BATS_TEST_TMPDIR/large" \
        "http://$ADDRESS:$PORT/new"
    [ "$output" = 405 ]
    run -0 curl -s --max-time 20 -o /dev/null -w '%{http_code}' -H 'Expect:' \
        -X PUT --data-binary "@$BATS_TEST_TMPDIR/large" "http://$ADDRESS:$PORT/new"
    [ "$output" = 405 ]
    stop_server
}

@test "wget gets a page and what it mentions, and only what is younger" {
    needs wget
    start_serve
    printf '<a href="sub/">below</a>\n' >"$SITE/index.html"
    cd "$BATS_TEST_TMPDIR"
    run -0 env -u http_proxy wget -q -nH -r -l 1 --tries=1 --timeout=20 -P copy -e robots=off \
        "http://$ADDRESS:$PORT/"
    cmp copy/index.html "$SITE/index.html"
    cmp copy/sub/index.html "$SITE/sub/index.html"
    run -0 env -u http_proxy wget -N -nH --tries=1 --timeout=20 -P copy "http://$ADDRESS:$PORT/index.html"
    [[ $output = *"304 Not Modified"* ]]
    stop_server
}

@test "a browser gets a page with its style and its script, and the script has run" {
    local browser
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
        skip "chromium is not installed"
    start_serve
    cat >"$SITE/index.html" <<'END'
<!doctype html>
<link rel="stylesheet" href="empty.css">
<p id="told">nothing</p>
<script src="tell.js"></script>
END
    echo 'document.getElementById("told").textContent = "the script " + "has run";' >"$SITE/tell.js"
    run -0 env HOME="$BATS_TEST_TMPDIR" timeout 60 "$browser" --headless --no-sandbox --disable-gpu \
        --user-data-dir="$BATS_TEST_TMPDIR/profile" --no-first-run --disable-extensions \
        --disable-background-networking --dump-dom "http://$ADDRESS:$PORT/"
    [[ $output = *"the script has run"* ]]
    stop_server
}

# ---- serve-one, hello, and the exhibits ----

@test "serve-one answers one GET and ends the connection" {
    make_site
    start_server 03-http/serve-one -d "$SITE"
    hear "$(page /sub/)$(page /)"
    hears '^HTTP/1.1 200 OK' 1
    hears $'^Connection: close\r$' 1
    hears '^below$' 1
    hears 'start' 0
    each_answered <<'END'
404 GET /nothing…
404 GET /sub…
501 HEAD /…
505 GET / HTTP/2.0\r\n\r\n
END
    stop_server
}

refused='A connect
         A send "GET /../secret HTTP/1.0\r\n\r\n"
         A recv "HTTP/1.1 4"'

@test "a target that climbs out of the root is refused, but not by bad-strcat-path" {
    make_site
    start_server 03-http/serve-one -d "$SITE"
    talk <<<"$refused"
    stop_server
    start_server 03-http/bad-strcat-path -d "$SITE"
    run -1 talk <<<"$refused"
    hear 'GET /../secret HTTP/1.0\r\n\r\n'
    hears '^secret$' 1
}

# The answer of hello to a request, as the string of a play; to HEAD it is half of it.
hello='<!doctype html>\n<title>hello</title>\n<p>Hello, you.\n'
hello_head="HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: 52\\r\\n\\r\\n"

in_two_parts="A connect
              A send \"GET / HTTP/1.1\r\n\"
              A silent 100ms
              A send \"Host: a\r\n\r\n\"
              A recv \"$hello_head$hello\"
              A half-close
              A end"
two_at_once="A connect
             A send \"$(printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n%.0s' 1 2)\"
             A half-close
             A recv \"$hello_head$hello$hello_head$hello\"
             A end"
one_by_one="A connect
            A send \"GET / HTTP/1.1\r\nHost: a\r\n\r\n\"
            A recv \"$hello_head$hello\"
            A send \"GET / HTTP/1.1\r\nHost: a\r\n\r\n\"
            A recv \"$hello_head$hello\""
head_then_get="A connect
               A send \"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n\"
               A recv \"$hello_head\"
               A send \"GET / HTTP/1.1\r\nHost: a\r\n\r\n\"
               A recv \"$hello_head$hello\""

@test "hello answers each request once, but bad-one-read-one-request each read" {
    start_server 03-http/hello
    talk <<<"$in_two_parts"
    talk <<<"$two_at_once"
    stop_server
    start_server 03-http/bad-one-read-one-request
    talk <<<"$one_by_one"
    run -1 talk <<<"$in_two_parts"
    run -1 talk <<<"$two_at_once"
}

@test "a second answer begins where the first has ended, but with bad-content-length a byte later" {
    start_server 03-http/hello
    talk <<<"$one_by_one"
    stop_server
    start_server 03-http/bad-content-length
    run -1 talk <<<"$one_by_one"
    [[ $output = *'came     "\0'* ]]
    [[ $("$BUILD/03-http/get" "http://$ADDRESS:$PORT/") = *"Hello, you."* ]] # one page is no test
}

@test "what follows the answer to HEAD is the next answer, but with bad-head-with-body a page" {
    start_server 03-http/hello
    talk <<<"$head_then_get"
    stop_server
    start_server 03-http/bad-head-with-body
    talk <<<"$one_by_one"
    run -1 talk <<<"$head_then_get"
}

# at_once: the middle one of 20 exchanges takes less than 30 ms.
at_once() {
    run -0 "$BUILD/03-http/two-writes" "$ADDRESS" "$PORT"
    awk '{ exit !($3 < 30) }' <<<"$output"
}

@test "an answer in one write comes at once, that of bad-two-small-writes waits for 40 ms" {
    start_server 03-http/hello
    poll_until 5 at_once # a busy machine may be late, but not for ever
    stop_server
    start_server 03-http/bad-two-small-writes
    talk <<<"$one_by_one"
    run -1 at_once
    run -1 at_once
}

# two_of_three: the first way takes 30 ms or more, the other two less.
two_of_three() {
    run -0 "$BUILD/03-http/two-writes"
    [[ $output = "two writes  "*"one writev "*"two writes, TCP_NODELAY "* ]] || return 1
    awk -F " ms" '{ words = split($1, word, " "); slow[NR] = word[words] >= 30 }
        END { exit !(slow[1] && !slow[2] && !slow[3]) }' <<<"$output"
}

@test "two writes wait for 40 ms; one writev() does not, and neither do two with TCP_NODELAY" {
    poll_until 10 two_of_three
}

# ---- get and exchange ----

@test "get takes as many bytes as were announced, and says when they were fewer" {
    start_serve
    run -0 --separate-stderr "$BUILD/03-http/get" -v "http://$ADDRESS:$PORT/sub/"
    [ "$output" = below ]
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr = "HTTP/1.1 200 OK"* ]]
    run -1 "$BUILD/03-http/get" "http://$ADDRESS:$PORT/nothing"
    [ "$output" = "404 Not Found" ]
    stop_server
    head -c 1000000 /dev/zero >"$SITE/large"
    FAULTS=write:EPIPE@3 start_server 03-http/serve -d "$SITE"
    run -1 --separate-stderr "$BUILD/03-http/get" "http://$ADDRESS:$PORT/large"
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr = "get: the end came after "*" of 1000000 bytes" ]]
    FAULTS=read:one,write:one run -0 "$BUILD/03-http/get" "http://$ADDRESS:$PORT/sub/"
    [ "$output" = below ]
    FAULTS=read:EINTR,write:EINTR run -0 "$BUILD/03-http/get" "http://$ADDRESS:$PORT/sub/"
    [ "$output" = below ]
}

@test "get and exchange refuse what is no URL, and an IPv6 address is one" {
    local url long
    printf -v long '%9000s' ''
    for url in ftp://a/ a http:// "http://a/b c" "http://${long// /a}/" http://127.0.0.1:800000/; do
        run -2 "$BUILD/03-http/get" "$url"
        run -2 "$BUILD/03-http/exchange" "$url"
    done
    make_site
    LISTEN="-p 0 -b ::1" start_server 03-http/serve -d "$SITE"
    run -2 "$BUILD/03-http/get" "http://[::1]:$PORT/${long// /b}"
    run -2 "$BUILD/03-http/exchange" "http://[::1]:$PORT/${long// /b}"
    [ "$("$BUILD/03-http/get" "http://[::1]:$PORT/sub/#part")" = below ]
    [ "$("$BUILD/03-http/get" "http://[::1]:$PORT?a=b")" = start ]
}

@test "exchange shows the request on the left and the answer on the right, each part with its name" {
    start_serve
    shows "http://$ADDRESS:$PORT/sub/"
    [ "${lines[0]}" = 'request line GET /sub/ HTTP/1.1\r\n   (method, target, version)' ]
    [[ ${lines[1]} = 'field        Host: '*'\r\n' ]]
    [ "${lines[3]}" = 'blank line   \r\n' ]
    [[ ${lines[4]} = '             HTTP/1.1 200 OK\r\n   (version, status, reason)  '*'status line' ]]
    [[ ${lines[5]} = '             Date: '*'\r\n '*' field' ]]
    [[ ${lines[-2]} = '             \r\n '*' blank line' ]]
    [[ ${lines[-1]} = '             below\n '*' body' ]]
    for line in "${lines[@]}"; do ((${#line} <= 78)); done
    shows "http://$ADDRESS:$PORT/" "http://$ADDRESS:$PORT/nothing"
    [ "$(grep -c '^request line' <<<"$output")" -eq 2 ]
    [[ $output = *"HTTP/1.1 404 Not Found"* ]]
    [ "$(grep -c 'Connection: close' <<<"$output")" -eq 2 ] # the last request, and its answer
}

@test "exchange tells the way from the URL to the page, in order, with the time of each step" {
    start_serve
    shows -t "http://localhost:$PORT/sub/"
    [ "$(awk '{ print $3 }' <<<"$output" | uniq | tr '\n' ' ')" = "URL name TCP from request answer close " ]
    awk '{ fine += $1 >= last; last = $1 } END { exit fine != NR }' <<<"$output"
    [[ $output = *"answer        ends: "*" bytes of head, 6 of body"* ]]
    [[ ${lines[-1]} = *"the server has ended the connection" ]]
}

# ---- methods ----

@test "methods: PUT creates and replaces, GET brings it back, DELETE removes it" {
    start_server 03-http/methods
    hear 'PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Type: text/x\r\n\r\nhelloPUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nyou'
    hears $'^HTTP/1.1 201 Created\r$' 1
    hears $'^Location: /a\r$' 1
    hears 'HTTP/1.1 204 No Content' 1
    hear 'GET /a HTTP/1.0\r\n\r\n'
    [ "${HEARD##*$'\n'}" = you ]
    hear 'HEAD /a HTTP/1.0\r\n\r\n'
    hears $'^Content-Length: 3\r$' 1
    hears you 0
    each_answered <<'END'
200 GET /…
204 DELETE /a…
404 DELETE /a…
404 GET /a…
404 HEAD /a…
END
    stop_server
}

@test "methods: POST adds each time, PUT twice is PUT once" {
    start_server 03-http/methods
    hear 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirstPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirstPUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxPUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.0\r\n\r\n'
    hears $'^Location: /[12]\r$' 2
    [ "${HEARD##*$'\r\n\r\n'}" = $'/1\n/2\n/p' ]
    hear 'GET /2 HTTP/1.0\r\n\r\n'
    [ "${HEARD##*$'\n'}" = first ]
    stop_server
}

@test "methods: each refusal has its status" {
    start_server 03-http/methods
    each_answered <<'END'
201 PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx
409 PUT /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx
201 PUT /c/d HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n
409 PUT /c HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx
400 PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Range: bytes 0-0/9\r\n\r\nx
405 PUT /…
405 POST /a…
405 DELETE /…
405 CONNECT a:80…
501 PATCH /a…
501 put /a…
411 PUT /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n
413 PUT /e HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n
417 PUT /e HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\nx
100 PUT /e HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n
400 GET *…
400 TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx
400 GET /../a…
END
    hear 'PUT / HTTP/1.0\r\n\r\n'
    hears $'^Allow: GET, HEAD, POST, OPTIONS, TRACE\r$' 1
    stop_server
}

@test "methods: OPTIONS says what the server can, the list, and a resource" {
    start_server 03-http/methods
    hear 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS / HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS /a HTTP/1.0\r\n\r\n'
    hears '^HTTP/1.1 204' 3
    hears $'^Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE\r$' 1
    hears $'^Allow: GET, HEAD, POST, OPTIONS, TRACE\r$' 1
    hears $'^Allow: GET, HEAD, PUT, DELETE, OPTIONS, TRACE\r$' 1
}

@test "methods: TRACE brings back the request as message/http, without its secrets" {
    start_server 03-http/methods
    hear 'TRACE /x?y HTTP/1.0\r\nX:  seen \r\nCookie: a=b\r\nauthorization: Basic x\r\nProxy-Authorization: x\r\n\r\n'
    hears $'^Content-Type: message/http\r$' 1
    hears $'^TRACE /x?y HTTP/1.0\r$' 1
    hears $'^X: seen\r$' 1
    hears '[Cc]ookie\|uthorization' 0
}

@test "methods: a store that is full says so, and goes on" {
    local play='' i
    start_server 03-http/methods
    for i in {1..65}; do play+="PUT /n$i HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"; done
    hear "${play}DELETE /n1 HTTP/1.1\r\nHost: a\r\n\r\nPUT /again HTTP/1.0\r\n\r\n"
    hears 'HTTP/1.1 201 ' 65
    hears 'HTTP/1.1 507 ' 1
    stop_server
}

@test "methods: curl puts a file and gets the same back" {
    needs curl
    start_server 03-http/methods
    head -c 65536 /dev/urandom >"$BATS_TEST_TMPDIR/file"
    run -0 curl -s --max-time 20 -o /dev/null -w '%{http_code}' -T "$BATS_TEST_TMPDIR/file" \
        "http://$ADDRESS:$PORT/file"
    [ "$output" = 201 ]
    curl -s --max-time 20 -o "$BATS_TEST_TMPDIR/back" "http://$ADDRESS:$PORT/file"
    cmp "$BATS_TEST_TMPDIR/back" "$BATS_TEST_TMPDIR/file"
    head -c 10000000 /dev/zero >"$BATS_TEST_TMPDIR/file"
    run -0 curl -s --max-time 20 -o /dev/null -w '%{http_code}' -T "$BATS_TEST_TMPDIR/file" \
        "http://$ADDRESS:$PORT/file"
    [ "$output" = 413 ]
    stop_server
}

@test "methods: the table tells which are safe, idempotent, and have a body" {
    run -0 "$BUILD/03-http/methods" -t
    [ "${#lines[@]}" -eq 9 ]
    [[ ${lines[1]} =~ ^GET\ +yes\ +yes\ +no$ ]]
    [[ ${lines[3]} =~ ^POST\ +no\ +no\ +yes$ ]]
    [[ ${lines[4]} =~ ^PUT\ +no\ +yes\ +yes$ ]]
}

# ---- tunnel ----

# through_tunnel: starts an echo server (its port is ECHO) and a tunnel.
through_tunnel() {
    start_server 01-blocking/one-at-a-time
    ECHO=$PORT
    start_server 03-http/tunnel
}

@test "a tunnel passes bytes both ways, from the first one after the head, and each end by itself" {
    through_tunnel
    talk <<<"A connect
             A send \"CONNECT 127.0.0.1:$ECHO HTTP/1.1\r\nHost: a\r\n\r\nfirst\"
             A recv \"HTTP/1.1 200 OK\r\n\""
    hear "CONNECT 127.0.0.1:$ECHO HTTP/1.1\r\nHost: a\r\n\r\nbytes\n"
    hears '^HTTP/1.1 200 OK' 1
    hears $'^Content-Length\|^Connection: close' 0
    [ "${HEARD##*$'\n'}" = bytes ]
    stop_server
}

@test "a tunnel carries 10 MB there and back, though nobody waits for anybody" {
    local date='Date: Xxx, 00 Xxx 0000 00:00:00 GMT'
    through_tunnel
    { printf 'CONNECT localhost:%s HTTP/1.1\r\nHost: a\r\n\r\n' "$ECHO"; head -c 10000000 /dev/urandom |
        tee "$BATS_TEST_TMPDIR/sent"; } | "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" \
        >"$BATS_TEST_TMPDIR/heard"
    tail -c 10000000 "$BATS_TEST_TMPDIR/heard" | cmp - "$BATS_TEST_TMPDIR/sent"
    (($(stat -c %s "$BATS_TEST_TMPDIR/heard") == 10000000 + ${#date} + 2 + 17 + 2))
    stop_server
}

@test "a tunnel leads to loopback addresses only, unless another host was named" {
    through_tunnel
    each_answered <<END
403 CONNECT 192.0.2.1:80…
403 CONNECT [2001:db8::1]:80…
403 CONNECT 0.0.0.0:$ECHO…
502 CONNECT 127.0.0.1:1…
400 CONNECT /…
400 CONNECT 127.0.0.1…
400 CONNECT :80…
400 CONNECT 127.0.0.1:$((ECHO + 65536))…
405 GET http://127.0.0.1/…
505 CONNECT a:80 HTTP/2.0\r\n\r\n
200 CONNECT localhost:$ECHO…
502 CONNECT 127.1.2.3:$ECHO…
END
    stop_server
    start_server 03-http/tunnel -a 0.0.0.0
    each_answered <<<"200 CONNECT 0.0.0.0:$ECHO…"
}

@test "a tunnel sleeps while the peer does not read, though the target has gone" {
    compile relayed <<END
#include "$TOP/chapters/03-http/tunnel/relay.c"
#include "clock.h"
#include <pthread.h>
static int peer[2], target[2];
static void *
tunnel(void *unused)
{
    relay(peer[1], target[1], "", 0);
    shutdown(peer[1], SHUT_WR);
    return unused;
}
int
main(void)
{
    static char bytes[1000000], got[1000000];
    size_t len = 0, tries = 0;
    pthread_t thread;
    ssize_t n;

    socketpair(AF_UNIX, SOCK_STREAM, 0, peer);
    socketpair(AF_UNIX, SOCK_STREAM, 0, target);
    pthread_create(&thread, NULL, tunnel, NULL);
    for (; tries < 20; sleep_ms(5)) /* until the tunnel, too, is full */
        if ((n = send(target[0], bytes, 10000, MSG_DONTWAIT)) > 0)
            len += (size_t)n, tries = 0;
        else
            tries++;
    close(target[0]);
    sleep_ms(300);
    shutdown(peer[0], SHUT_WR);
    return read_exactly(peer[0], got, len, &tries) != IO_DATA || read(peer[0], got, 1) != 0 ||
           pthread_join(thread, NULL) != 0;
}
END
    COUNT=1 run -0 "$BATS_TEST_TMPDIR/relayed"
    [[ $output =~ poll\ +([0-9]+) ]]
    ((BASH_REMATCH[1] < 1000))
}

@test "a tunnel ends when it is told to stop, though both sides are silent" {
    through_tunnel
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    printf 'CONNECT 127.0.0.1:%s HTTP/1.0\r\n\r\n' "$ECHO" >&8
    read -r line <&8
    [[ $line = "HTTP/1.1 200 "* ]]
    poll_until 5 is_asleep "$SERVER"
    stop_server
}

@test "curl gets a page from serve through a tunnel" {
    local page
    needs curl
    start_serve
    page=http://$ADDRESS:$PORT/sub/
    start_server 03-http/tunnel
    run -0 curl -s --max-time 20 --proxytunnel --proxy "http://$ADDRESS:$PORT" --noproxy '' "$page"
    [ "$output" = below ]
    stop_server
}

# ---- calls that are cut or interrupted ----

@test "no server of the chapter minds when its calls are cut short or interrupted" {
    local plan program
    make_site
    start_server 01-blocking/one-at-a-time
    ECHO=$PORT
    for plan in read:short,write:short,writev:short read:one,write:one,writev:one \
        read:EINTR,write:EINTR,writev:EINTR,accept:EINTR,poll:EINTR,syscall:EINTR; do
        for program in hello methods serve serve-one; do
            set --
            [[ $program != serve* ]] || set -- -d "$SITE"
            FAULTS=$plan start_server "03-http/$program" "$@"
            hear 'GET / HTTP/1.0\r\n\r\n'
            hears '^HTTP/1.1 200 OK' 1
            [[ $program != serve* ]] || hears '^start$' 1
            stop_server
        done
        FAULTS=$plan start_server 03-http/tunnel
        hear "CONNECT 127.0.0.1:$ECHO HTTP/1.1\r\nHost: a\r\n\r\none\ntwo\n"
        hears '^one$\|^two$' 2
        stop_server
    done
}
