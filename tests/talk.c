/*
 * talk.c - plays a script of several connections against a port
 *
 * Shows:  a test of concurrency can read like a play: who speaks, who waits, who leaves.
 * Run:    build/01-blocking/one-at-a-time -p 8000 &
 *         build/tests/talk -v -p 8000 <<'END'
 *             A connect
 *             B connect
 *             B send "hello\n"
 *             B silent 200ms        # the server is blocked, reading from A
 *             A close
 *             B recv "hello\n"
 *         END
 * Watch:  the same script against a server that serves both: step 4 fails.
 * Book:   01-blocking, "Run it"
 *
 * The language: a step a line, `#` begins a comment.
 *
 *     A connect                  to the address of the command line
 *     A connect 127.0.0.1:9000   or another; also [::1]:9000, unix:/path
 *     A connect-refused          nobody listens there
 *     A*1000 connect             1,000 connections at once; later steps on A are played on each
 *     A send "hello\n"           the escapes are \n \r \t \0 \\ \" \xHH
 *     A send "x" * 100000        that many times; also in the other steps with bytes
 *     A send-slowly "hello\n"    a byte at a time
 *     A fill                     sends until the kernel has taken no more for 200 ms
 *     A recv "hello\n"           exactly these bytes come next; more may follow
 *     A echo "x" * 10000000      sends and receives at once: the same bytes come back
 *     A end                      the end of the connection comes next
 *     A broken                   the connection is reset
 *     A silent 200ms             all that A sent is delivered, and nothing comes for 200 ms
 *     A half-close               sends no more: shutdown(SHUT_WR)
 *     A reset                    closes with RST: SO_LINGER of 0 s
 *     A close
 *     all silent 200ms           every open connection at once; also with the other steps
 *
 * A step that has not held after 5 s has failed. With TIME_SCALE=3 in the environment that,
 * and every duration of the script, is three times as long.
 *
 * Status: 0 all steps held, 1 one failed, 2 the script or an option is wrong.
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "watch.h"

#include <ctype.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 5000, /* what has not happened by then will not */
    QUIET_MS = 200,     /* `fill`: the kernel is full when it took nothing for so long */
    PAUSE_MS = 1,       /* `send-slowly`: between two bytes */
    LOOK_AGAIN_MS = 5,  /* how often to look for what poll() does not report */
    CHUNK = 65536,      /* bytes in one call, at most */
    EXCERPT = 32,       /* bytes shown of what was expected and of what came */
    STEP_COLUMNS = 59,  /* columns that a step has in the story */
    SPARE_DESCRIPTORS = 64,
    MOST_LANES = 16, /* connections that are drawn, with TRACE=file.json: see watch.h */
    MOST_ROLES = 100,
    MOST_CONNECTIONS = 1000000,
    MOST_BYTES = 100000000,
    MOST_MS = 60000,
};
static const int64_t NEVER = INT64_MAX;

/* ---- what a play is made of ---- */

/* One connection, and how far it has come in the step that is played. */
struct connection {
    int fd; /* -1: closed */
    size_t sent, got;
    int64_t since;       /* the beginning of the step, or of the quiet that is measured */
    short events;        /* it goes on when poll() reports one of these */
    int64_t wake_at;     /* or at this moment */
    const char *lacking; /* what to call it if neither comes in time */
    int lane;            /* of the trace; 0: none */
};

/* A name in the script, and the connections it stands for. */
struct role {
    char name[32];
    bool is_connected, has_spoken, has_half_closed; /* at this point of the script */
    int left_on_line;
    const struct step *unproved; /* the last `silent`, until what it waited for is heard */
    struct connection *connections;
    int count;
};

struct address {
    struct sockaddr_storage addr;
    socklen_t len;
};

struct step {
    int line;
    char *text;        /* as in the script */
    struct role *role; /* NULL: all that are connected */
    int count;         /* connections to make */
    const struct verb *verb;
    char *bytes;
    size_t len;
    int64_t takes_ms; /* how long it lasts even when all is well */
    struct address address;
};

enum outcome { HELD, WAITING, FAILED };
enum argument { NOTHING, BYTES, DURATION, ADDRESS };
/* What a step means for those after it, and how it is played: see rehearse(). */
enum effect {
    CONNECTS = 1, /* becomes connected */
    KNOCKS = 2,   /* begins like CONNECTS, but stays outside */
    SPEAKS = 4,
    SLOWLY = 8,
    HALF_CLOSES = 16,
    AWAITS = 32, /* proves nothing unless one that PROVES follows */
    PROVES = 64,
    LEAVES = 128,
};

struct verb {
    const char *name;
    enum argument argument;
    unsigned effects; /* of enum effect */
    enum outcome (*play)(const struct step *step, struct connection *c);
    const char *expected; /* NULL: the bytes of the step */
};

static struct step *steps;
static size_t step_count;
static struct role roles[MOST_ROLES];
static size_t role_count;
static double time_scale = 1;

/* Written in strings as a backslash and the letter in the same place. */
static const char escaped[] = "\n\r\t\0\\\"", escape_letters[] = "nrt0\\\"";

static int64_t
scaled_ns(int64_t ms)
{
    return (int64_t)((double)(ms * NS_PER_MS) * time_scale);
}

static void *
must_have(void *memory)
{
    if (!memory)
        fail("malloc", NULL);
    return memory;
}

/* ---- the steps: each function takes one connection as far as it gets without waiting ---- */

/* What came instead of what was expected: some bytes, and then something else, or only one. */
static struct {
    char bytes[EXCERPT]; /* no more than these are shown */
    size_t len;
    char then[100];
} came;

static enum outcome
wait_for(struct connection *c, short events, int64_t wake_at, const char *lacking)
{
    c->events |= events;
    c->wake_at = wake_at;
    c->lacking = lacking;
    return WAITING;
}

static enum outcome
failed_with(const char *what)
{
    snprintf(came.then, sizeof came.then, "%s", what);
    return FAILED;
}

/* `n` is what read() has returned, and not what was expected. */
static enum outcome
failed_by_read(const char *bytes, ssize_t n)
{
    if (n < 0)
        return failed_with(errno_name(errno));
    if (n == 0)
        return failed_with("the end of the connection");
    came.len = (size_t)n;
    memcpy(came.bytes, bytes, came.len < EXCERPT ? came.len : EXCERPT);
    return FAILED;
}

static enum outcome
play_close(const struct step *step, struct connection *c)
{
    (void)step;
    close(c->fd);
    c->fd = -1;
    return HELD;
}

static enum outcome
play_reset(const struct step *step, struct connection *c)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    check(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "setsockopt");
    return play_close(step, c);
}

static enum outcome
play_half_close(const struct step *step, struct connection *c)
{
    (void)step;
    return shutdown(c->fd, SHUT_WR) == 0 ? HELD : failed_with(errno_name(errno));
}

/* The call has done nothing, and may be tried again. */
static bool
may_be_tried_again(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Asked again, connect() tells how the first call ended: see connect(2). */
static enum outcome
play_connect(const struct step *step, struct connection *c)
{
    const struct sockaddr *addr = (const struct sockaddr *)&step->address.addr;
    int wanted = step->verb->effects & CONNECTS ? 0 : ECONNREFUSED;
    int error, on = 1;

    if (c->fd < 0) {
        c->fd = check(socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
        if (addr->sa_family != AF_UNIX) /* what is sent leaves at once */
            check(setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    }
    error = connect(c->fd, addr, step->address.len) == 0 ? 0 : errno;
    if (error == EINPROGRESS || error == EALREADY || error == EINTR)
        return wait_for(c, POLLOUT, NEVER, "no answer");
    if (error == EAGAIN) /* the backlog of a Unix socket is full */
        return wait_for(c, 0, now_ns() + LOOK_AGAIN_MS * NS_PER_MS, "a full backlog");
    if (error != wanted)
        return failed_with(error ? errno_name(error) : "a connection");
    return wanted ? play_close(step, c) : HELD;
}

static enum outcome
play_send(const struct step *step, struct connection *c)
{
    bool slowly = step->verb->effects & SLOWLY;
    ssize_t n = write(c->fd, step->bytes + c->sent, slowly ? 1 : step->len - c->sent);

    if (n < 0 && !may_be_tried_again(n))
        return failed_with(errno_name(errno));
    c->sent += n > 0 ? (size_t)n : 0;
    if (c->sent == step->len)
        return HELD;
    if (slowly)
        return wait_for(c, 0, now_ns() + PAUSE_MS * NS_PER_MS, "no more taken");
    return wait_for(c, POLLOUT, NEVER, "no more taken");
}

static enum outcome
play_recv(const struct step *step, struct connection *c)
{
    char buf[CHUNK];
    size_t left = step->len - c->got, same = 0;
    ssize_t n = read(c->fd, buf, left < sizeof buf ? left : sizeof buf);

    if (n == 0 || (n < 0 && !may_be_tried_again(n)))
        return failed_by_read(buf, n);
    for (; n > 0 && same < (size_t)n; same++, c->got++)
        if (buf[same] != step->bytes[c->got])
            return failed_by_read(buf + same, n - (ssize_t)same);
    return c->got == step->len ? HELD : wait_for(c, POLLIN, NEVER, "nothing");
}

static enum outcome
play_echo(const struct step *step, struct connection *c)
{
    enum outcome spoken = c->sent < step->len ? play_send(step, c) : HELD;
    enum outcome heard = c->got < step->len ? play_recv(step, c) : HELD;

    return spoken > heard ? spoken : heard;
}

/* poll() is of no help: it reports a socket as writable only when a third of its buffer is free. */
static enum outcome
play_fill(const struct step *step, struct connection *c)
{
    static const char nonsense[CHUNK];
    ssize_t n = write(c->fd, nonsense, sizeof nonsense);
    int64_t now = now_ns();

    (void)step;
    if (n < 0 && !may_be_tried_again(n))
        return failed_with(errno_name(errno));
    if (n > 0) {
        c->sent += (size_t)n;
        c->since = now;
        return wait_for(c, 0, now, "more and more taken");
    }
    if (now >= c->since + scaled_ns(QUIET_MS))
        return HELD;
    return wait_for(c, 0, now + LOOK_AGAIN_MS * NS_PER_MS, "more and more taken");
}

static enum outcome
play_end(const struct step *step, struct connection *c)
{
    char buf[EXCERPT + 1];
    ssize_t n = read(c->fd, buf, sizeof buf);

    (void)step;
    if (may_be_tried_again(n))
        return wait_for(c, POLLIN, NEVER, "nothing");
    return n == 0 ? HELD : failed_by_read(buf, n);
}

/* A reset that comes after the peer's end is not reported by read(), only as SO_ERROR. */
static enum outcome
play_broken(const struct step *step, struct connection *c)
{
    char buf[EXCERPT + 1];
    int error;
    socklen_t len = sizeof error;
    ssize_t n = read(c->fd, buf, sizeof buf);

    (void)step;
    if (n > 0)
        return failed_by_read(buf, n);
    if (may_be_tried_again(n))
        return wait_for(c, POLLIN, NEVER, "nothing");
    if (n == 0)
        check(getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len), "getsockopt");
    else
        error = errno;
    if (error == 0) /* for poll() the end is an event, again and again */
        return wait_for(c, 0, now_ns() + LOOK_AGAIN_MS * NS_PER_MS, "its end, but no reset");
    return error == ECONNRESET || error == EPIPE ? HELD : failed_with(errno_name(error));
}

/* Has the peer's kernel not acknowledged all that was sent? See SIOCOUTQ in tcp(7). */
static bool
is_undelivered(const struct connection *c)
{
    int family, unsent;
    socklen_t len = sizeof family;

    check(getsockopt(c->fd, SOL_SOCKET, SO_DOMAIN, &family, &len), "getsockopt");
    check(ioctl(c->fd, SIOCOUTQ, &unsent), "ioctl");
    return family != AF_UNIX && unsent > 0; /* AF_UNIX delivers at once, and counts the unread */
}

static enum outcome
play_silent(const struct step *step, struct connection *c)
{
    char buf[EXCERPT + 1];
    ssize_t n = read(c->fd, buf, sizeof buf);
    int64_t silence = scaled_ns(step->takes_ms);

    if (!may_be_tried_again(n))
        return failed_by_read(buf, n);
    if (is_undelivered(c)) {
        c->since = now_ns();
        return wait_for(c, POLLIN, c->since + LOOK_AGAIN_MS * NS_PER_MS, "bytes undelivered");
    }
    if (now_ns() >= c->since + silence)
        return HELD;
    return wait_for(c, POLLIN, c->since + silence, "silence");
}

static const struct verb verbs[] = {
    {"connect", ADDRESS, CONNECTS, play_connect, "a connection"},
    {"connect-refused", ADDRESS, KNOCKS, play_connect, "ECONNREFUSED"},
    {"send", BYTES, SPEAKS, play_send, "to send them all"},
    {"send-slowly", BYTES, SPEAKS | SLOWLY, play_send, "to send them all"},
    {"fill", NOTHING, SPEAKS, play_fill, "that at last no more is taken"},
    {"recv", BYTES, PROVES, play_recv, NULL},
    {"echo", BYTES, SPEAKS, play_echo, NULL},
    {"end", NOTHING, PROVES, play_end, "the end of the connection"},
    {"broken", NOTHING, PROVES, play_broken, "ECONNRESET or EPIPE"},
    {"silent", DURATION, AWAITS, play_silent, "silence"},
    {"half-close", NOTHING, SPEAKS | HALF_CLOSES, play_half_close, "to send the end"},
    {"reset", NOTHING, LEAVES, play_reset, NULL},
    {"close", NOTHING, LEAVES, play_close, NULL},
};

/* ---- reading the script ---- */

static int line_number;
static const char *line_text;
static const char *cursor; /* what has not been read of the line */

_Noreturn static void
wrong(const char *format, ...)
{
    va_list values;

    fprintf(stderr, "talk: line %d: ", line_number);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fprintf(stderr, "\n    %s\n", line_text);
    exit(2);
}

static bool
at_end_of_step(void)
{
    cursor += strspn(cursor, " \t");
    return *cursor == '\0' || *cursor == '#';
}

/* The next word, up to one of `ends`; the next call overwrites it. "" at the end of the step. */
static char *
read_word(const char *ends)
{
    static char word[200];
    size_t len;

    cursor += strspn(cursor, " \t");
    len = strcspn(cursor, ends);
    if (len >= sizeof word)
        wrong("a word of %zu characters", len);
    memcpy(word, cursor, len);
    word[len] = '\0';
    cursor += len;
    return word;
}

static long
read_number(const char *what, long most, const char *unit)
{
    const char *word = read_word(" \t#");
    char *end;
    long number;

    errno = 0;
    number = strtol(word, &end, 10);
    if (!isdigit((unsigned char)*word) || strcmp(end, unit) != 0 || errno != 0 || number < 1 ||
        number > most)
        wrong("%s is a number from 1%s to %ld%s, not '%s'", what, unit, most, unit, word);
    return number;
}

/* `cursor` stands behind a backslash. */
static char
read_escape(void)
{
    const char *letter = *cursor ? strchr(escape_letters, *cursor) : NULL;
    char hex[3] = "";

    if (letter) {
        cursor++;
        return escaped[letter - escape_letters];
    }
    if (*cursor == 'x')
        strncat(hex, cursor + 1, 2);
    if (!isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1]))
        wrong("'\\%.1s' is no escape; there are \\n \\r \\t \\0 \\\\ \\\" \\xHH", cursor);
    cursor += 3;
    return (char)strtol(hex, NULL, 16);
}

/* "abc" or "abc" * 1000 */
static void
read_bytes(struct step *step)
{
    char *bytes = must_have(malloc(strlen(cursor) + 1)); /* an escape only gets shorter */
    size_t len = 0, times = 1;

    if (*cursor++ != '"')
        wrong("the bytes are missing, in double quotes");
    for (; *cursor != '"'; len++) {
        if (*cursor == '\0')
            wrong("the string does not end");
        bytes[len] = *cursor++;
        if (bytes[len] == '\\')
            bytes[len] = read_escape();
    }
    cursor++;
    if (len == 0)
        wrong("the string is empty");
    if (!at_end_of_step() && *cursor == '*') {
        cursor++;
        times = (size_t)read_number("how many times", MOST_BYTES / (long)len, "");
    }
    step->bytes = must_have(reallocarray(bytes, times, len));
    for (step->len = len; step->len < len * times; step->len += len)
        memcpy(step->bytes + step->len, step->bytes, len);
}

/* Numbers, as servers announce them, and no names: a name may stand for several addresses. */
static bool
parse_address(const char *host, const char *port, struct address *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found;
    char *end;
    long number = strtol(port, &end, 10);

    if (!isdigit((unsigned char)*port) || *end || number < 1 || number > 65535 ||
        getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    memcpy(&address->addr, found->ai_addr, found->ai_addrlen);
    address->len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static void
read_address(struct address *address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    char *host = read_word(" \t#"), *port = strrchr(host, ':');

    if (strncmp(host, "unix:", 5) == 0) {
        if (host[5] == '\0' || strlen(host + 5) >= sizeof local.sun_path)
            wrong("the path of a Unix socket has 1 to %zu bytes", sizeof local.sun_path - 1);
        strcpy(local.sun_path, host + 5);
        memcpy(&address->addr, &local, sizeof local);
        address->len = sizeof local;
        return;
    }
    if (port)
        *port++ = '\0';
    if (*host == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        host++;
    }
    if (!port || !parse_address(host, port, address))
        wrong("an address is written 127.0.0.1:9000, [::1]:9000 or unix:/path");
}

static struct role *
role_named(const char *name)
{
    size_t i = 0;

    if (!isalpha((unsigned char)*name) || strlen(name) >= sizeof roles->name)
        wrong("a step begins with the short name of a connection, or with 'all'");
    while (i < role_count && strcmp(name, roles[i].name) != 0)
        i++;
    if (i == MOST_ROLES)
        wrong("more than %d names", MOST_ROLES);
    if (i == role_count)
        strcpy(roles[role_count++].name, name);
    return &roles[i];
}

static const struct verb *
verb_named(const char *name)
{
    char names[200] = "";

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
        strcat(strcat(names, " "), verbs[i].name);
    }
    wrong("unknown step '%s'; there are%s", name, names);
}

static struct step
read_step(const struct address *default_address)
{
    struct step step = {.line = line_number, .address = *default_address};
    const char *start = cursor, *end, *name = read_word(" \t*#\"");

    step.role = strcmp(name, "all") == 0 ? NULL : role_named(name);
    if (*cursor == '*') {
        cursor++;
        step.count = (int)read_number("how many connections", MOST_CONNECTIONS, "");
    }
    step.verb = verb_named(read_word(" \t#"));
    if (!at_end_of_step() && step.verb->argument == ADDRESS)
        read_address(&step.address);
    if (step.verb->argument == BYTES)
        read_bytes(&step);
    if (step.verb->argument == DURATION)
        step.takes_ms = read_number("a duration", MOST_MS, "ms");
    if (step.verb->effects & SLOWLY)
        step.takes_ms = 10 * PAUSE_MS * (int64_t)step.len; /* a pause may last longer */
    for (end = cursor; isblank((unsigned char)end[-1]);)
        end--;
    step.text = must_have(strndup(start, (size_t)(end - start)));
    if (!at_end_of_step())
        wrong("the step should have ended before '%s'", cursor);
    return step;
}

static void
read_script(const struct address *default_address)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        line_number++;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        line_text = cursor = line + strspn(line, " \t");
        for (ssize_t i = 0; i < len; i++)
            if (iscntrl((unsigned char)line[i]) && line[i] != '\t')
                wrong("a control character; in a string it is written \\x%02x", line[i]);
        if (at_end_of_step())
            continue;
        steps = must_have(reallocarray(steps, step_count + 1, sizeof *steps));
        steps[step_count++] = read_step(default_address);
    }
    if (ferror(stdin)) {
        complain("read", "the script");
        exit(2);
    }
    free(line);
    line_text = "";
    if (line_number == 0)
        line_number = 1;
    if (step_count == 0)
        wrong("the script has no steps, and would prove nothing");
}

/* ---- does the script make sense? ---- */

static bool
takes_part(const struct step *step, const struct role *role)
{
    return step->role ? step->role == role : role->is_connected;
}

/* Silence proves something only if it ends: what was waited for must still be heard. */
static void
check_silence(const struct role *role)
{
    if (!role->unproved)
        return;
    line_number = role->unproved->line;
    line_text = role->unproved->text;
    wrong("no later 'recv' or 'end' shows what %s has waited for", role->name);
}

/* May `role` play `step` here? And what does that mean for the steps that follow? */
static void
rehearse(const struct step *step, struct role *role)
{
    unsigned effects = step->verb->effects;

    if (effects & (CONNECTS | KNOCKS)) {
        if (role->is_connected)
            wrong("%s is connected already", role->name);
        role->has_spoken = role->has_half_closed = false;
        role->count = step->count ? step->count : 1;
    } else if (step->count) {
        wrong("the number belongs to the step that connects %s", role->name);
    } else if (!role->is_connected && role->left_on_line) {
        wrong("%s has left on line %d", role->name, role->left_on_line);
    } else if (!role->is_connected) {
        wrong("nobody has connected %s", role->name);
    }
    if (effects & SPEAKS && role->has_half_closed)
        wrong("%s has half-closed and can send no more", role->name);

    if (effects & CONNECTS)
        role->is_connected = true;
    if (effects & SPEAKS)
        role->has_spoken = true;
    if (effects & HALF_CLOSES)
        role->has_half_closed = true;
    if (effects & AWAITS && (step->role || role->has_spoken))
        role->unproved = step;
    if (effects & PROVES)
        role->unproved = NULL;
    if (effects & LEAVES) {
        check_silence(role);
        role->is_connected = false;
        role->left_on_line = step->line;
    }
}

/* Returns how many connections are open at once, at most. */
static int
rehearse_all(void)
{
    int most = 0;

    for (const struct step *step = steps; step < steps + step_count; step++) {
        int open = 0, taking_part = 0;

        line_number = step->line;
        line_text = step->text;
        for (struct role *role = roles; role < roles + role_count; role++) {
            bool takes = takes_part(step, role);

            if (takes)
                rehearse(step, role);
            taking_part += takes;
            open += takes || role->is_connected ? role->count : 0;
        }
        if (taking_part == 0)
            wrong("nobody is connected");
        most = open > most ? open : most;
    }
    for (struct role *role = roles; role < roles + role_count; role++) {
        check_silence(role);
        role->is_connected = false; /* now for the play itself */
    }
    return most;
}

/* ---- playing it ---- */

static struct connection **players; /* those that the step concerns; NULL: has done its part */
static struct pollfd *watched;      /* the same, for poll() */

static void
make_room(int connections)
{
    rlim_t needed = (rlim_t)connections + SPARE_DESCRIPTORS;
    struct rlimit limit;

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    if (limit.rlim_cur < needed)
        limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) {
        fprintf(stderr,
                "talk: %d connections at once are too many for %ju descriptors (ulimit -Hn)\n",
                connections, (uintmax_t)limit.rlim_max);
        exit(2);
    }
    players = must_have(calloc((size_t)connections, sizeof *players));
    watched = must_have(calloc((size_t)connections, sizeof *watched));
}

/* "A"; or "A1", "A2" and so on. (Of 0, "%.0d" prints nothing.) 0: there are enough lanes. */
static int
next_lane(const struct role *role, int number)
{
    static int lanes;
    char name[64];

    if (!watch_tracing() || lanes == MOST_LANES)
        return 0;
    snprintf(name, sizeof name, "%.31s%.0d", role->name, role->count > 1 ? number : 0);
    watch_name_lane(++lanes, name);
    return lanes;
}

/* Puts all that the step concerns at its beginning. Returns how many there are. */
static nfds_t
gather_players(const struct step *step)
{
    unsigned effects = step->verb->effects;
    bool begins = effects & (CONNECTS | KNOCKS);
    nfds_t n = 0;

    for (struct role *role = roles; role < roles + role_count; role++) {
        if (!takes_part(step, role))
            continue;
        if (begins) {
            role->count = step->count ? step->count : 1;
            role->connections = must_have(
                reallocarray(role->connections, (size_t)role->count, sizeof *role->connections));
        }
        for (struct connection *c = role->connections; c < role->connections + role->count; c++) {
            int lane = begins ? next_lane(role, (int)(c - role->connections) + 1) : c->lane;

            *c = (struct connection){.fd = begins ? -1 : c->fd, .since = now_ns(), .lane = lane};
            players[n++] = c;
        }
        role->is_connected = effects & CONNECTS || (role->is_connected && !(effects & LEAVES));
    }
    return n;
}

static enum outcome
too_late(const struct connection *c)
{
    snprintf(came.then, sizeof came.then, "%s for %g s", c->lacking,
             PATIENCE_MS * time_scale / 1000);
    return FAILED;
}

/* Until now it waited, unless the kernel would not take what it sends; now it has worked. */
static void
trace(const struct step *step, const struct connection *c, enum outcome outcome, int64_t began,
      int64_t now)
{
    if (c->lane == 0 || outcome == WAITING)
        return;
    watch_record(c->lane, step->verb->name, true, began, now);
    watch_record(c->lane, step->verb->name, false, now, now_ns());
}

/* Every player goes on as soon as it can. Returns one that has failed, or was too late, or NULL. */
static const struct connection *
play(const struct step *step)
{
    nfds_t n = gather_players(step), waiting = n;
    int64_t began = now_ns(), deadline = began + scaled_ns(PATIENCE_MS + step->takes_ms);

    while (waiting > 0) {
        int64_t now = now_ns(), next = deadline;

        for (nfds_t i = 0; i < n; i++) {
            struct connection *c = players[i];
            enum outcome outcome = WAITING;

            if (!c)
                continue;
            if (watched[i].revents || now >= c->wake_at) {
                c->events = 0;
                outcome = step->verb->play(step, c);
            }
            if (outcome == WAITING && now >= deadline)
                outcome = too_late(c);
            trace(step, c, outcome, began, now);
            if (outcome == FAILED)
                return c;
            if (outcome == HELD) {
                c->events = 0;
                c->wake_at = NEVER;
                players[i] = NULL;
                waiting--;
            }
            watched[i].fd = c->events ? c->fd : -1; /* poll() passes over -1 */
            watched[i].events = c->events;
            next = c->wake_at < next ? c->wake_at : next;
        }
        now = now_ns();
        if (waiting > 0) /* an interrupted poll() only looks again too early */
            poll(watched, n, next > now ? (int)((next - now) / NS_PER_MS + 1) : 0);
    }
    return NULL;
}

/* ---- telling the story ---- */

static void
print_step(FILE *out, size_t i, const char *how)
{
    int widest = 0;

    for (size_t k = 0; k < step_count; k++) {
        int len = (int)strlen(steps[k].text);

        widest = len > widest ? len : widest;
    }
    widest = widest < STEP_COLUMNS ? widest : STEP_COLUMNS;
    fprintf(out, "%4zu  %-*.*s  %s\n", i + 1, widest, widest, steps[i].text, how);
}

/* In quotes and escaped; the first of them, if there are many. */
static void
print_excerpt(const char *bytes, size_t len)
{
    fputc('"', stderr);
    for (size_t i = 0; i < len && i < EXCERPT; i++) {
        const char *special = memchr(escaped, bytes[i], sizeof escaped - 1);

        if (special)
            fprintf(stderr, "\\%c", escape_letters[special - escaped]);
        else if (bytes[i] < ' ' || bytes[i] > '~')
            fprintf(stderr, "\\x%02x", (unsigned char)bytes[i]);
        else
            fputc(bytes[i], stderr);
    }
    fputs(len > EXCERPT ? "\"…" : "\"", stderr);
}

static void
print_bytes(const char *bytes, size_t len)
{
    print_excerpt(bytes, len);
    if (len > EXCERPT)
        fprintf(stderr, " (%zu bytes)", len);
}

static void
print_failure(const struct step *step, const struct connection *c)
{
    bool is_about_bytes = !step->verb->expected;
    const char *and_then = "";

    for (struct role *role = roles; role < roles + role_count; role++)
        if (c >= role->connections && c < role->connections + role->count && role->count > 1)
            fprintf(stderr, "      %s, connection %td of %d\n", role->name,
                    c - role->connections + 1, role->count);
        else if (c == role->connections && !step->role)
            fprintf(stderr, "      %s\n", role->name);

    fprintf(stderr, "      expected ");
    if (is_about_bytes)
        print_bytes(step->bytes, step->len);
    else
        fputs(step->verb->expected, stderr);
    if (is_about_bytes && step->len > EXCERPT && c->got > 0) {
        fprintf(stderr, ", at byte %zu ", c->got);
        print_excerpt(step->bytes + c->got, step->len - c->got);
    }

    fprintf(stderr, "\n      came     ");
    if (!is_about_bytes && step->verb->effects & SPEAKS) {
        fprintf(stderr, "%zu bytes sent", c->sent);
        and_then = " and then ";
    } else if (c->got > 0) {
        print_bytes(step->bytes, c->got);
        and_then = " and then ";
    }
    if (came.len > 0) {
        fputs(and_then, stderr);
        print_excerpt(came.bytes, came.len);
        and_then = " and then ";
    }
    if (came.then[0])
        fprintf(stderr, "%s%s", and_then, came.then);
    fputc('\n', stderr);
}

static void
print_story(size_t reached, const struct connection *c)
{
    fprintf(stderr, "talk: step %zu failed (line %d): %s\n", reached + 1, steps[reached].line,
            steps[reached].text);
    for (size_t i = 0; i < step_count; i++) {
        print_step(stderr, i, i < reached ? "ok" : i == reached ? "FAILED" : "not reached");
        if (i == reached)
            print_failure(&steps[i], c);
    }
}

/* ---- the command line ---- */

static void
read_time_scale(void)
{
    const char *text = getenv("TIME_SCALE");
    char *end;

    if (!text || !*text)
        return;
    time_scale = strtod(text, &end);
    if (*end || !(time_scale > 0 && time_scale <= 1000)) {
        fprintf(stderr, "talk: TIME_SCALE must be a number up to 1000, not '%s'\n", text);
        exit(2);
    }
}

int
main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "8000", *verbose = NULL;
    const struct own_option options[] = {
        {'p', "PORT", "the port to connect to (8000)", &port},
        {'b', "ADDRESS", "the address to connect to (127.0.0.1)", &address},
        {'v', NULL, "print each step that has held", &verbose},
        {0},
    };
    char **operands = parse_args(argc, argv, options, "[SCRIPT]");
    struct address default_address;

    parse_number(port, 1, 65535, "PORT");
    if (!parse_address(address, port, &default_address)) {
        fprintf(stderr, "talk: ADDRESS must be a number such as 127.0.0.1 or ::1, not '%s'\n",
                address);
        exit(2);
    }
    read_time_scale();
    if (*operands && !freopen(*operands, "r", stdin)) {
        complain("open", *operands);
        exit(2);
    }
    read_script(&default_address);
    make_room(rehearse_all());

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < step_count; i++) {
        const struct connection *failed = play(&steps[i]);

        if (failed) {
            print_story(i, failed);
            return 1;
        }
        if (verbose)
            print_step(stdout, i, "ok");
    }
    return 0;
}
