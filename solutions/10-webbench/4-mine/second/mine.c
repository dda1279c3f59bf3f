/*
 * mine.c - one thread, one poll(), a machine for each peer, and a log that is written once a turn
 *
 * Run:    build/mine -p 8000 -P http -d . -t 10000
 * Book:   10-webbench, "Measuring honestly"
 */
#include "answer.h"
#include "args.h"
#include "clock.h"
#include "error.h"
#include "net.h"
#include "request.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PEERS = 1000, IN = 4096, OUT = 16384 };

/* What a peer has to do next; each has its deadline. */
enum task {
    TO_BEGIN, /* to ask: if it does not, it is closed without a word */
    TO_ASK,   /* to send the rest of a head: one deadline for all of it */
    TO_SEND,  /* to send more of a body: every byte puts the deadline off */
    TO_READ,  /* to take what it is owed: every byte, too */
    TO_LEAVE, /* to end its side, as we have ended ours */
};

struct peer {
    int fd;
    bool ended, leaving; /* its side is over; ours will be, when all has been sent */
    struct buffer in, out;
    struct request request;
    struct sending file;
    enum task task;
    int64_t deadline;
};

static struct peer *peers[MOST_PEERS];
static struct pollfd watched[MOST_PEERS + 1]; /* the last one is the listener */
static size_t count;
static bool is_http;
static int64_t patience;

static void
welcome(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !buffer_open(&p->in, IN) || !buffer_open(&p->out, OUT)) {
        if (p)
            buffer_close(&p->in);
        free(p);
        close(fd);
        return;
    }
    set_nonblocking(fd);
    p->fd = fd;
    p->file.fd = -1;
    p->deadline = now_ns() + patience;
    request_begin(&p->request);
    peers[count++] = p;
}

static void
dismiss(size_t i)
{
    struct peer *p = peers[i];

    buffer_close(&p->in);
    buffer_close(&p->out);
    if (p->file.fd >= 0)
        close(p->file.fd);
    close(p->fd);
    free(p);
    peers[i] = peers[--count];
}

/* ---- what is said ---- */

static void
echo(struct peer *p)
{
    size_t len = buffer_length(&p->in), room = buffer_room(&p->out);

    len = len < room ? len : room;
    buffer_append(&p->out, buffer_bytes(&p->in), len);
    buffer_consume(&p->in, len);
}

static void
refuse(struct peer *p, int status)
{
    p->request.goes_on = false;
    p->leaving = true;
    answer_status(&p->request, status, &p->out);
}

/* Feeds the machine until it has something to tell, or there are no more bytes. */
static enum request_event
next_event(struct peer *p)
{
    const char *bytes = buffer_bytes(&p->in);
    size_t len = buffer_length(&p->in), used = 0;
    enum request_event event = REQUEST_MORE;

    while (used < len && event == REQUEST_MORE)
        event = request_take(&p->request, bytes[used++]);
    buffer_consume(&p->in, used);
    return event;
}

/* Answers in order, as long as there is room for an answer. False: the file has betrayed us. */
static bool
converse(struct peer *p)
{
    for (;;) {
        if (p->file.fd >= 0 && !send_more(&p->file, &p->out))
            return false;
        if (p->file.fd >= 0 || p->leaving || buffer_room(&p->out) < MOST_ANSWER)
            return true;
        switch (next_event(p)) {
        case REQUEST_MORE:
            return true;
        case REQUEST_HEAD:
            if (p->request.expects_continue && p->request.minor > 0)
                buffer_print(&p->out, "HTTP/1.1 100 Continue\r\n\r\n");
            break;
        case REQUEST_WHOLE:
            answer(&p->request, &p->out, &p->file);
            p->leaving = !p->request.goes_on;
            p->task = TO_READ;
            request_begin(&p->request);
            break;
        case REQUEST_WRONG:
            refuse(p, p->request.status);
            break;
        }
    }
}

/* ---- when, and until when ---- */

static bool
owes(const struct peer *p)
{
    return buffer_length(&p->out) > 0 || p->file.fd >= 0;
}

static enum task
next_task(const struct peer *p)
{
    if (owes(p))
        return TO_READ;
    if (p->leaving)
        return TO_LEAVE;
    if (!request_has_begun(&p->request))
        return TO_BEGIN;
    return request_is_in_body(&p->request) ? TO_SEND : TO_ASK;
}

/* What it has to do now, and until when. False: nothing, the connection is over. */
static bool
go_on(struct peer *p, bool forward)
{
    enum task task = next_task(p);

    if (p->ended && !owes(p))
        return false;
    if (task == TO_LEAVE) {
        if (p->task != TO_LEAVE)
            shutdown(p->fd, SHUT_WR); /* the last word arrives, even if there are bytes unread */
        buffer_consume(&p->in, buffer_length(&p->in));
    }
    if (task != p->task || (forward && (task == TO_SEND || task == TO_READ)))
        p->deadline = now_ns() + patience;
    p->task = task;
    return true;
}

/* False: the connection is over. */
static bool
step(struct peer *p)
{
    enum io_result got = p->ended ? IO_NOT_YET : buffer_read(&p->in, p->fd);
    size_t owed, sent;

    p->ended = p->ended || got == IO_END;
    if (got == IO_FAILED)
        return false;
    do { /* as long as something goes, there may be room for more */
        if (!is_http)
            echo(p);
        else if (!converse(p))
            return false;
        owed = buffer_length(&p->out);
        if (buffer_write(&p->out, p->fd) == IO_FAILED)
            return false;
        sent = owed - buffer_length(&p->out);
    } while (sent > 0 && (buffer_length(&p->in) > 0 || p->file.fd >= 0) && !p->leaving);
    return go_on(p, got == IO_DATA || sent > 0);
}

/* The deadline has passed. */
static bool
late(struct peer *p)
{
    if (p->task != TO_ASK && p->task != TO_SEND)
        return false;
    refuse(p, 408);
    return step(p);
}

static short
interest(const struct peer *p)
{
    short events = owes(p) ? POLLOUT : 0;

    if (!p->ended && buffer_room(&p->in) > 0)
        events |= POLLIN;
    return events;
}

/* Milliseconds until the next deadline; -1: there is none. */
static int
time_left(void)
{
    int64_t next = INT64_MAX, now = now_ns();

    for (size_t i = 0; is_http && i < count; i++)
        if (peers[i]->deadline < next)
            next = peers[i]->deadline;
    if (next == INT64_MAX)
        return -1;
    return next < now ? 0 : (int)((next - now) / NS_PER_MS) + 1;
}

static void
serve(void)
{
    for (size_t i = count; i-- > 0;) { /* backwards: the last one takes the leaver's place */
        bool goes_on = true;

        if (watched[i].revents)
            goes_on = step(peers[i]);
        else if (is_http && now_ns() >= peers[i]->deadline)
            goes_on = late(peers[i]);
        if (!goes_on)
            dismiss(i);
    }
}

/* False: the server is to stop. */
static bool
accept_all(int listener)
{
    enum io_result result = IO_DATA;
    int fd;

    while (count < MOST_PEERS && (result = accept_peer(listener, &fd)) == IO_DATA)
        welcome(fd);
    return result != IO_END;
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *protocol = "echo", *ms = "10000", *log = NULL;
    const struct own_option own[] = {{'d', "DIRECTORY", "whose files are served (.)", &directory},
                                     {'P', "PROTOCOL", "echo or http (echo)", &protocol},
                                     {'t', "MS", "patience with a peer (10000)", &ms},
                                     {'l', "FILE", "what http answers (nowhere)", &log},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    bool listens = true;
    int listener;

    is_http = strcmp(protocol, "http") == 0;
    if (!is_http && strcmp(protocol, "echo") != 0) {
        fprintf(
            stderr,
            "usage: mine [-b ADDRESS] [-p PORT] [-d DIRECTORY] [-P echo|http] [-t MS] [-l FILE]\n");
        return 2;
    }
    patience = parse_number(ms, 1, 1000000, "MS") * NS_PER_MS;
    if (is_http)
        answer_root(directory);
    if (log)
        answer_log(log);
    listener = tcp_listen(args.address, args.port);
    set_nonblocking(listener);
    stop_on_signals(listener);
    announce(listener);
    while (listens || count > 0) {
        size_t polled = count;

        answer_log_flush();
        for (size_t i = 0; i < polled; i++)
            watched[i] = (struct pollfd){peers[i]->fd, interest(peers[i]), 0};
        watched[polled] = (struct pollfd){listens && count < MOST_PEERS ? listener : -1, POLLIN, 0};
        if (poll(watched, polled + 1, time_left()) == -1) {
            if (errno != EINTR)
                fail("poll", NULL);
            continue;
        }
        serve();
        if (watched[polled].revents)
            listens = accept_all(listener);
    }
    answer_log_flush();
    return 0;
}
