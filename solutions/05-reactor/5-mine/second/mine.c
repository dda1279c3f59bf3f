/*
 * mine.c - the same in three units, with another I/O unit: poll(), and all of it in the open
 *
 * Shows:  a reactor need not be epoll. Each turn hands the kernel the whole list, and looks at all
 *         of it afterwards: with a thousand peers of which one speaks, that is what a turn costs.
 * Run:    build/mine -P http -d ../../book -p 8000
 * Book:   05-reactor, "The loop"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"
#include "units.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct peer {
    struct talk *talk;
    struct buffer in, out;
    bool ended, over, leaving;
    int64_t leaves; /* when we stop waiting for the end of its side */
};

/* Number 0 is the listener; watched[i] and peers[i] are of the same peer. */
static struct pollfd *watched;
static struct peer **peers;
static size_t count, room;
static const char *protocol = "echo";
static bool looks_away; /* there is no descriptor for whoever waits */

/* For one more. False: there is no memory. */
static bool
make_room(void)
{
    size_t more = room ? 2 * room : 64;
    struct pollfd *longer;
    struct peer **longer_too;

    if (count < room)
        return true;
    longer = reallocarray(watched, more, sizeof *watched);
    watched = longer ? longer : watched;
    longer_too = reallocarray(peers, more, sizeof(struct peer *));
    peers = longer_too ? longer_too : peers;
    if (longer && longer_too)
        room = more;
    return longer && longer_too;
}

static void
begin(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    set_nonblocking(fd);
    if (!make_room() || !p || !(p->talk = talk_begin(protocol)) || !buffer_open(&p->in, IN_ROOM) ||
        !buffer_open(&p->out, OUT_ROOM)) {
        if (p && p->talk)
            talk_end(p->talk);
        if (p)
            buffer_close(&p->in);
        free(p);
        close(fd);
        return;
    }
    peers[count] = p;
    watched[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void
end(size_t i)
{
    close(watched[i].fd);
    talk_end(peers[i]->talk);
    buffer_close(&peers[i]->in);
    buffer_close(&peers[i]->out);
    free(peers[i]);
    watched[i] = watched[--count];
    peers[i] = peers[count];
}

static void
talk(struct peer *p)
{
    if (!p->over)
        p->over = !talk_on(p->talk, &p->in, &p->out, p->ended);
}

/* Reads what a peer still says once we have said all; false when it has ended its side, too. */
static bool
says_more(int fd)
{
    char nowhere[4096];
    enum io_result result = io_result(read(fd, nowhere, sizeof nowhere));

    return result != IO_END && result != IO_FAILED;
}

/* Reads once, writes once. False: the connection is over. */
static bool
serve(struct peer *p, struct pollfd *w)
{
    enum io_result received = IO_NOT_YET;

    if (p->leaving)
        return says_more(w->fd);
    if (!p->ended)
        received = buffer_read(&p->in, w->fd);
    p->ended = p->ended || received == IO_END;
    talk(p);
    if (received == IO_FAILED || buffer_write(&p->out, w->fd) == IO_FAILED)
        return false;
    talk(p);
    w->events = buffer_length(&p->out) > 0 ? POLLOUT : 0;
    if (!p->ended && !p->over && buffer_room(&p->in) > 0)
        w->events |= POLLIN;
    if (!p->over || buffer_length(&p->out) > 0)
        return true;
    shutdown(w->fd, SHUT_WR); /* the last answer arrives, even if there are bytes unread */
    w->events = POLLIN;
    p->leaving = true;
    p->leaves = now_ns() + NS_PER_SECOND;
    return !p->ended;
}

static void
serve_all(void)
{
    for (size_t i = count; i-- > 1;) /* backwards: the last one takes the leaver's place */
        if ((watched[i].revents && !serve(peers[i], &watched[i])) ||
            (peers[i]->leaving && now_ns() > peers[i]->leaves))
            end(i);
}

static void
welcome(void)
{
    enum io_result result;
    int fd;

    while ((result = accept_peer(watched[0].fd, &fd)) == IO_DATA)
        begin(fd);
    looks_away = result == IO_NOT_YET && errno != EAGAIN;
    if (result == IO_END) {
        close(watched[0].fd);
        watched[0].fd = -1;
    }
}

/* How long to sleep: for ever, unless somebody is leaving or waiting outside. */
static int
patience(void)
{
    for (size_t i = 1; i < count; i++)
        if (peers[i]->leaving)
            return 100;
    return looks_away ? 100 : -1;
}

static void
serve_until_told_to_stop(int listener)
{
    if (!make_room())
        fail("reallocarray", "peers");
    peers[0] = NULL;
    watched[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    count = 1;
    while (watched[0].fd >= 0 || count > 1) {
        watched[0].events = looks_away ? 0 : POLLIN;
        if (poll(watched, count, patience()) == -1) {
            if (errno != EINTR)
                fail("poll", NULL);
            continue;
        }
        looks_away = false;
        serve_all();
        if (watched[0].revents)
            welcome();
    }
    free(watched);
    free(peers);
}

int
main(int argc, char **argv)
{
    const char *directory = ".";
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &protocol},
                                     {'d', "DIRECTORY", "what http serves (.)", &directory},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener;

    if (strcmp(protocol, "echo") != 0 && strcmp(protocol, "http") != 0) {
        fprintf(stderr, "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY]\n");
        return 2;
    }
    if (strcmp(protocol, "http") == 0)
        storage_begin(directory);
    listener = tcp_listen(args.address, args.port);
    set_nonblocking(listener);
    stop_on_signals(listener);
    announce(listener);
    serve_until_told_to_stop(listener);
    return 0;
}
