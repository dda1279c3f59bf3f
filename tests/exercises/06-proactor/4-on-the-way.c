/*
 * 4-on-the-way.c - plays the ring, and the kernel behind it, for a peer; at the end a real one
 *
 * usage: on-the-way SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should
 * be, else tells what was asked for and what was expected.
 *
 * ring_prepare() and ring_cancel() are those below. The play says what is done when, and how much
 * of it: so no kernel that has an io_uring is needed. The scenarios "real" and "real-stop" need
 * one, and have lib/ring.c, under other names.
 */
#define ring_open real_open
#define ring_close real_close
#define ring_prepare real_prepare
#define ring_cancel real_cancel
#define ring_turn real_turn
#define ring_run real_run
#include "../../../lib/ring.c"
#undef ring_open
#undef ring_close
#undef ring_prepare
#undef ring_cancel
#undef ring_turn
#undef ring_run

#include <malloc.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct io_uring_sqe *ring_prepare(struct ring *r, uint8_t opcode, int fd, struct operation *who);
void ring_cancel(struct ring *r, struct operation *who);
bool ring_turn(struct ring *r);
void ring_run(struct ring *r);

struct peer;
struct peer *peer_begin(struct ring *ring, int fd);
void peer_stop(struct peer *p);
void peer_over(int fd);

enum { SIZE = 64, PARTS = 2, FD = 1000, ROOM = 64, MOST = 100000, MOST_SHOWN = 200, PEERS = 100 };
enum which { RECEIVE, SEND };

static const char *const names[] = {"a request to receive", "a request to send"};

static struct ring *real; /* NULL: it is played */
static struct peer *peer;
static struct io_uring_sqe prepared[ROOM];
static unsigned count; /* of them; not handed over yet */

static struct request {
    bool is; /* it is on the way */
    bool cancelled;
    struct operation *who;
    char *bytes;
    size_t len;
} on_the_way[2];

static char said[MOST];       /* what has been received, all in all: how many bytes, */
static size_t come, gone;     /* and how many have been sent */
static size_t parts[2], owed; /* bytes owed of each part; how many parts there are */
static bool ended, broken;    /* as it was told */
static bool counted, mute;    /* what is on the way is looked at; calls are not shown */
static int over, shown;
static const char *hint = "what the starter does right must stay right";

static void
say(const char *format, ...)
{
    va_list arguments;

    if (mute || ++shown > MOST_SHOWN)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

static _Noreturn void
wrong_because(const char *why, const char *expected, const char *format, ...)
{
    va_list arguments;

    printf("expected: %s\ngot: ", expected);
    va_start(arguments, format);
    vprintf(format, arguments);
    printf("\nhint: %s\n", why);
    va_end(arguments);
    exit(1);
}

/* ---- the ring ---- */

struct io_uring_sqe *
ring_prepare(struct ring *r, uint8_t opcode, int fd, struct operation *who)
{
    struct io_uring_sqe *sqe;

    if (real)
        return real_prepare(r, opcode, fd, who);
    if (count == ROOM)
        wrong_because("each result is an occasion to ask for what is next, and no more than that",
                      "one request to receive and one to send at a time", "%d", ROOM);
    sqe = &prepared[count++];
    *sqe = (struct io_uring_sqe){.opcode = opcode, .fd = fd, .user_data = (uintptr_t)who};
    return sqe;
}

/* What is to be sent is what was received, and is still there. */
static void
look_at_bytes(const struct request *r, size_t len, const char *when)
{
    if (len > come - gone)
        wrong_because("what a result says is how many bytes have come, or were taken",
                      "each byte is sent once", "%zu bytes are to be sent, and %zu are owed", len,
                      come - gone);
    for (size_t i = 0; i < len; i++)
        if (r->bytes[i] != said[gone + i])
            wrong_because(hint, "what was received is sent, in the same order",
                          "'%c' for '%c', which is byte %zu, %s", r->bytes[i], said[gone + i],
                          gone + i, when);
}

static void
hand_over_one(const struct io_uring_sqe *sqe)
{
    enum which which = sqe->opcode == IORING_OP_SEND ? SEND : RECEIVE;
    struct request *r = &on_the_way[which], *other = &on_the_way[!which];

    say("  %s %u bytes", which == SEND ? "asks to send" : "asks to receive", sqe->len);
    if ((sqe->opcode != IORING_OP_SEND && sqe->opcode != IORING_OP_RECV) || sqe->fd != FD ||
        !sqe->addr || !sqe->user_data || sqe->flags)
        wrong_because("see uring-echo.c of the chapter",
                      "IORING_OP_RECV or IORING_OP_SEND, with "
                      "the peer's fd, a buffer, an operation, and no flags of the ring",
                      "other");
    if (over)
        wrong_because("who is over is asked for nothing", "no request after peer_over()", "%s",
                      names[which]);
    if (r->is)
        wrong_because("two that are on the way at the same time may be done in either order",
                      "one request to receive and one to send at a time", "two to %s",
                      which == SEND ? "send" : "receive");
    *r = (struct request){.is = true,
                          .who = (struct operation *)(uintptr_t)sqe->user_data,
                          .bytes = (char *)(uintptr_t)sqe->addr,
                          .len = sqe->len};
    if (r->len == 0 || r->len > SIZE)
        wrong_because("a part is what one result has brought, or what is missing of it",
                      "from 1 to 64 bytes", "%zu", r->len);
    if (other->is && r->bytes < other->bytes + other->len && other->bytes < r->bytes + r->len)
        wrong_because("what is on the way may be read and written by the kernel until it is done",
                      "a buffer that is on the way is left alone",
                      "the same one, to receive into and to send from");
    if (which == SEND)
        look_at_bytes(r, r->len, "when it was asked for");
    else
        memset(r->bytes, '#', r->len);
}

static void
hand_over(void)
{
    for (unsigned i = 0; i < count; i++)
        hand_over_one(&prepared[i]);
    count = 0;
}

void
ring_cancel(struct ring *r, struct operation *who)
{
    if (real) {
        real_cancel(r, who);
        return;
    }
    hand_over();
    for (int i = 0; i < 2; i++)
        if (on_the_way[i].is && on_the_way[i].who == who) {
            say("  cancels %s", names[i]);
            on_the_way[i].cancelled = true;
        }
}

bool
ring_turn(struct ring *r)
{
    (void)r;
    wrong_because("what you give it as `done` is called while it turns",
                  "the ring is turned by whoever has opened it", "ring_turn(), or ring_run()");
}

void
ring_run(struct ring *r)
{
    ring_turn(r);
}

void
peer_over(int fd)
{
    over++;
    if (real) {
        close(fd);
        return;
    }
    hand_over();
    say("  peer_over()");
    if (fd != FD || over > 1)
        wrong_because("it is over once", "peer_over() with its own fd, once", "another call");
    for (int i = 0; i < 2; i++)
        if (on_the_way[i].is)
            wrong_because("the kernel is still at its buffer, and will tell its operation",
                          "peer_over() when nothing is on the way any more", "%s is", names[i]);
    if (!broken && come > gone)
        wrong_because("what has come is still owed, though nothing more will come",
                      "peer_over() when all has been sent", "%zu bytes have not", come - gone);
}

/* ---- what is done ---- */

/* What is asked for now is just what can be: no more, and no less. */
static void
look_around(void)
{
    bool receives = !ended && !broken && owed < PARTS, sends = !broken && owed > 0;

    hand_over();
    if (!over && !on_the_way[RECEIVE].is && !on_the_way[SEND].is)
        wrong_because("nothing is on the way, so nothing will ever be told",
                      receives || sends ? "it asks for something" : "peer_over(): nothing is left",
                      "neither");
    if (!counted || ended || broken)
        return;
    if (on_the_way[RECEIVE].is != receives)
        wrong_because("there is room for two parts: one can come while the other goes",
                      receives ? "a request to receive: there is room for a part"
                               : "no request to receive: there is no room for a part",
                      receives ? "none" : "one");
    if (on_the_way[SEND].is != sends)
        wrong_because("what has come goes out, one part after the other",
                      sends ? "a request to send: a part has come" : "no request to send",
                      sends ? "none" : "one");
}

static void
begin(void)
{
    come = gone = owed = 0;
    ended = broken = false;
    over = 0;
    memset(on_the_way, 0, sizeof on_the_way);
    say("did: peer_begin()");
    peer = peer_begin(NULL, FD);
    look_around();
}

static bool
is_asked_to(enum which which)
{
    hand_over();
    return on_the_way[which].is;
}

/* The request that is to be told as done. */
static struct request
take_request(enum which which)
{
    struct request r;

    if (!is_asked_to(which))
        wrong_because(hint, names[which], "none");
    r = on_the_way[which];
    on_the_way[which].is = false;
    if (on_the_way[RECEIVE].is) /* the kernel may write there, if it likes */
        memset(on_the_way[RECEIVE].bytes, '?', on_the_way[RECEIVE].len);
    return r;
}

static void
tell(const struct request *r, int result)
{
    r->who->done(r->who->owner, result, 0);
    look_around();
}

static void
comes(const char *bytes, size_t len)
{
    struct request r = take_request(RECEIVE);

    if (len > r.len)
        len = r.len;
    say("did: received: %zu bytes, %.*s", len, (int)len, bytes);
    memcpy(r.bytes, bytes, len);
    memcpy(said + come, bytes, len);
    come += len;
    if (!broken)
        parts[owed++] = len;
    tell(&r, (int)len);
}

static void
says(const char *bytes)
{
    comes(bytes, strlen(bytes));
}

/* As many as it was asked for, or `most`. */
static void
goes(size_t most)
{
    struct request r = take_request(SEND);
    size_t len = r.len < most ? r.len : most, left = len;

    say("did: sent: %zu bytes of %zu", len, r.len);
    look_at_bytes(&r, r.len, "when it was sent");
    gone += len;
    while (left > 0 && left >= parts[0]) {
        left -= parts[0];
        parts[0] = parts[1];
        owed--;
    }
    parts[0] -= left;
    tell(&r, (int)len);
}

static void
fails(enum which which, int error)
{
    struct request r = take_request(which);

    say("did: %s: -%s", names[which], errno_name(error));
    if (error != EINTR && error != EAGAIN) {
        broken = broken || error != ECANCELED;
        ended = true;
    }
    tell(&r, -error);
}

static void
the_end(void)
{
    struct request r = take_request(RECEIVE);

    say("did: received: 0, the end");
    ended = true;
    tell(&r, 0);
}

static void
stop(void)
{
    say("did: peer_stop()");
    ended = true;
    peer_stop(peer);
    look_around();
}

static void
is_over(void)
{
    hand_over();
    if (over != 1)
        wrong_because("nothing will come, and nothing can or has to go", "peer_over()", "no call");
}

static void
is_cancelled(void)
{
    if (is_asked_to(RECEIVE) && !on_the_way[RECEIVE].cancelled)
        wrong_because("a peer that says nothing would keep its request on the way for ever",
                      "ring_cancel() of the request to receive", "no call");
}

/* ---- the plays ---- */

static void
play_comes_back(void)
{
    begin();
    for (int i = 0; i < 5; i++) {
        says("hello");
        goes(SIZE);
    }
    says("a part may be as long as 64 bytes, and no longer than that ......");
    goes(SIZE);
    the_end();
    is_over();
}

static size_t
memory(void)
{
    struct mallinfo2 now = mallinfo2(); /* 0 under a sanitizer; but that finds leaks by itself */

    return now.uordblks + now.hblkhd;
}

static void
play_memory(void)
{
    size_t before = 0, after;

    say("did: %d peers, one after the other, each of which says hello, and ends", PEERS);
    mute = true;
    for (int i = -10; i < PEERS; i++) { /* malloc keeps a few of those that were given back */
        if (i == 0)
            before = memory();
        begin();
        says("hello");
        goes(SIZE);
        the_end();
        is_over();
    }
    after = memory();
    if (after > before + PEERS * sizeof(void *))
        wrong_because("who is over needs none", "the memory of those who are over is given back",
                      "%zu bytes more than before", after - before);
}

static void
play_both(void)
{
    hint = "a part that is on the way, or waits for its turn, is no room for the next one";
    begin();
    says("0123456789");
    if (is_asked_to(RECEIVE))
        says("abcdefghij");
    if (is_asked_to(RECEIVE))
        says("ABCDEFGHIJ");
    while (owed > 0)
        goes(SIZE);
    says("klmnop");
    goes(SIZE);
    if (is_asked_to(RECEIVE))
        says("KLMNOP");
    while (owed > 0)
        goes(SIZE);
    the_end();
    is_over();
}

static void
play_window(void)
{
    counted = true;
    begin();
    says("0123456789");
    says("abcdefghij");
    goes(SIZE);
    says("ABCDEFGHIJ");
    goes(SIZE);
    goes(SIZE);
    says("0123456789");
    goes(SIZE);
    the_end();
    is_over();
}

static void
play_short(void)
{
    hint = "the result is how many bytes were taken: the others are still owed";
    begin();
    says("0123456789");
    goes(3);
    goes(4);
    goes(SIZE);
    says("abcdefghij");
    goes(1);
    if (is_asked_to(RECEIVE))
        says("klmnopqrst");
    goes(2);
    while (owed > 0)
        goes(6);
    the_end();
    is_over();
}

static void
play_signal(void)
{
    hint = "EINTR and EAGAIN: nothing was done, and nothing has happened; so ask once more";
    begin();
    fails(RECEIVE, EINTR);
    fails(RECEIVE, EAGAIN);
    says("0123456789");
    fails(SEND, EINTR);
    goes(4);
    fails(SEND, EAGAIN);
    goes(SIZE);
    the_end();
    is_over();
}

static void
play_owed_at_the_end(void)
{
    begin();
    says("0123456789");
    if (is_asked_to(RECEIVE)) {
        the_end();
        goes(4);
        goes(SIZE);
    } else {
        goes(SIZE);
        the_end();
    }
    is_over();
}

static void
play_breaks(void)
{
    say("did: it breaks, and a request to receive may be on the way");
    begin();
    says("0123456789");
    fails(SEND, EPIPE);
    is_cancelled();
    if (is_asked_to(RECEIVE))
        fails(RECEIVE, ECANCELED);
    is_over();
    say("did: once more; something has come before it could be cancelled");
    begin();
    says("0123456789");
    fails(SEND, EPIPE);
    if (is_asked_to(RECEIVE))
        says("too late");
    is_over();
    say("did: it breaks, and a request to send may be on the way");
    begin();
    says("0123456789");
    if (is_asked_to(RECEIVE)) {
        fails(RECEIVE, ECONNRESET);
        fails(SEND, EPIPE);
    } else {
        goes(SIZE);
        fails(RECEIVE, ECONNRESET);
    }
    is_over();
}

static void
play_stop(void)
{
    say("did: a peer that is silent");
    begin();
    stop();
    is_cancelled();
    fails(RECEIVE, ECANCELED);
    is_over();
    say("did: one that is owed something");
    begin();
    says("0123456789");
    goes(4);
    stop();
    is_cancelled();
    if (is_asked_to(RECEIVE))
        fails(RECEIVE, ECANCELED);
    goes(SIZE);
    is_over();
    say("did: one whose word has come before its request could be cancelled");
    begin();
    stop();
    says("0123456789");
    goes(SIZE);
    is_over();
    say("did: one whose request was interrupted before it could be cancelled");
    begin();
    stop();
    fails(RECEIVE, EINTR);
    is_over();
}

static void
play_chance(void)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    say("did: 500 plays by chance");
    mute = counted = true;
    srand(6);
    for (int i = 0; i < 500; i++) {
        begin();
        while (!over) {
            bool receives = is_asked_to(RECEIVE), sends = is_asked_to(SEND);
            enum which which = receives && (!sends || rand() % 2) ? RECEIVE : SEND;
            int what = rand() % 20;

            if (ended || broken)
                is_cancelled();
            if (what == 0 && !ended && !broken)
                stop();
            else if (what < 3)
                fails(which, what == 1 ? EINTR : EAGAIN);
            else if (what == 3 && rand() % 5 == 0)
                fails(which, which == SEND ? EPIPE : ECONNRESET);
            else if (which == SEND)
                goes(1 + (size_t)rand() % SIZE);
            else if (on_the_way[RECEIVE].cancelled && what < 15)
                fails(which, ECANCELED);
            else if (what == 4 && !on_the_way[RECEIVE].cancelled)
                the_end();
            else
                comes(&text[rand() % 10], 1 + (size_t)rand() % 50);
        }
    }
}

/* ---- a real ring ---- */

/* The other end, in a process of its own: sends a million bytes, and looks at what comes. */
static _Noreturn void
speak(int fd)
{
    enum { MANY = 1000000 };
    size_t to = 0, from = 0;
    char bytes[1000];

    check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
    while (from < MANY) {
        struct pollfd ready = {.fd = fd, .events = (short)(to < MANY ? POLLIN | POLLOUT : POLLIN)};
        ssize_t n;

        poll(&ready, 1, -1);
        if (ready.revents & POLLOUT) {
            for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (char)((to + i) * 31 >> 3);
            n = write(fd, bytes, to + sizeof bytes < MANY ? sizeof bytes : MANY - to);
            to += n > 0 ? (size_t)n : 0;
            if (to == MANY)
                shutdown(fd, SHUT_WR);
        }
        if (!(ready.revents & ~POLLOUT))
            continue;
        n = read(fd, bytes, sizeof bytes);
        if (n == 0 || (n == -1 && errno != EAGAIN))
            _exit(1);
        for (ssize_t i = 0; i < n; i++, from++)
            if (bytes[i] != (char)(from * 31 >> 3))
                _exit(1);
    }
    _exit(read(fd, bytes, 1) == 1); /* 0 or, as its receiver has not looked yet, EAGAIN */
}

static void
play_real(void)
{
    int ends[2], status = 0, little = 4096;
    pid_t child;

    say("did: a million bytes, through a socket with little room");
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    check(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little), "setsockopt");
    child = check(fork(), "fork");
    if (child == 0) {
        close(ends[0]);
        speak(ends[1]);
    }
    close(ends[1]);
    real = real_open(8);
    peer = peer_begin(real, ends[0]);
    real_run(real);
    if (over != 1)
        wrong_because("nothing is on the way, and it is not over", "peer_over(), once", "%d calls",
                      over);
    real_close(real);
    check(waitpid(child, &status, 0), "waitpid");
    if (status != 0)
        wrong_because("make the others pass first", "every byte comes back, once and in order",
                      "others, or an end before");
}

static void
play_real_stop(void)
{
    int ends[2];

    say("did: peer_stop() of a peer that is silent");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    real = real_open(8);
    peer = peer_begin(real, ends[0]);
    peer_stop(peer);
    real_run(real);
    if (over != 1)
        wrong_because("nothing is on the way, and it is not over", "peer_over(), once", "%d calls",
                      over);
    real_close(real);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"comes-back", play_comes_back},
    {"memory", play_memory},
    {"both", play_both},
    {"window", play_window},
    {"short", play_short},
    {"signal", play_signal},
    {"owed-at-the-end", play_owed_at_the_end},
    {"breaks", play_breaks},
    {"stop", play_stop},
    {"chance", play_chance},
    {"real", play_real},
    {"real-stop", play_real_stop},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: on-the-way SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
