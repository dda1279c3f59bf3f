/*
 * mine.c - the same in three units, with another I/O unit: a thread for each peer
 *
 * Shows:  logic.c and storage.c need not change for it: what belongs to a conversation is in its
 *         struct talk, and the storage unit has nothing that changes.
 * Run:    build/mine -P http -d ../../book -p 8000
 * Book:   04-anatomy, "Four units"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"
#include "units.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *protocol = "echo";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int peers; /* guarded by `lock` */

/* Goes on until it is over, or the connection is broken. */
static void
serve(int peer, struct talk *t, struct buffer *in, struct buffer *out)
{
    bool on = true, ended = false;
    enum io_result result = IO_DATA;

    while (result == IO_DATA && (on || buffer_length(out) > 0)) {
        if (on)
            on = talk_on(t, in, out, ended);
        do
            if (buffer_length(out) > 0)
                result = buffer_write(out, peer); /* sleeps until the peer has read enough */
            else if (on)
                result = buffer_read(in, peer); /* sleeps until the peer speaks */
        while (result == IO_INTERRUPTED);
        if (result == IO_END) {
            ended = true;
            result = IO_DATA;
        }
    }
}

/* To close a socket with unread bytes resets it, and the peer may lose the last answer. */
static void
say_goodbye(int peer)
{
    char nowhere[4096];

    shutdown(peer, SHUT_WR);
    for (int i = 0; i < 1000 && recv(peer, nowhere, sizeof nowhere, MSG_DONTWAIT) > 0; i++)
        ;
    close(peer);
}

static void
count(int change)
{
    pthread_mutex_lock(&lock);
    peers += change;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *
converse(void *argument)
{
    struct buffer in = {0}, out = {0};
    struct talk *t = talk_begin(protocol);
    int peer = (int)(intptr_t)argument;

    if (t && buffer_open(&in, IN_ROOM) && buffer_open(&out, OUT_ROOM))
        serve(peer, t, &in, &out);
    if (t)
        talk_end(t);
    buffer_close(&in);
    buffer_close(&out);
    say_goodbye(peer);
    count(-1);
    return NULL;
}

/* Nobody will ask for its result, so the thread is detached. */
static void
welcome(int peer)
{
    pthread_t thread;

    count(+1);
    errno = pthread_create(&thread, NULL, converse, (void *)(intptr_t)peer);
    if (errno == 0) {
        pthread_detach(thread);
        return;
    }
    complain("pthread_create", NULL); /* this one is sent away, the others stay */
    sleep_ms(10);
    close(peer);
    count(-1);
}

int
main(int argc, char **argv)
{
    const char *directory = ".";
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &protocol},
                                     {'d', "DIRECTORY", "what http serves (.)", &directory},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener, peer;

    if (strcmp(protocol, "echo") != 0 && strcmp(protocol, "http") != 0) {
        fprintf(stderr, "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY]\n");
        return 2;
    }
    if (strcmp(protocol, "http") == 0)
        storage_begin(directory);
    listener = tcp_listen(args.address, args.port);
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0)
        welcome(peer);
    pthread_mutex_lock(&lock); /* the end of main is the end of all threads */
    while (peers > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return 0;
}
