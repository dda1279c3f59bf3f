#include "peers.h"

#include "buffer.h"
#include "net.h"

#include <unistd.h>

enum { OWED_MOST = 65536 };

struct peer {
    int fd;
    struct buffer owed; /* received, and not yet sent back */
    bool ended;         /* it has sent its last byte, or the connection is broken */
};

static struct peer peers[MOST_PEERS];
static nfds_t count;

nfds_t
peers_count(void)
{
    return count;
}

void
peers_welcome(int listener)
{
    struct peer *next = &peers[count];

    while (count < MOST_PEERS && accept_peer(listener, &next->fd) == IO_DATA) {
        next->ended = false;
        if (!buffer_open(&next->owed, OWED_MOST)) {
            close(next->fd); /* no memory for this one */
            return;
        }
        set_nonblocking(next->fd);
        next = &peers[++count];
    }
}

/* To speak, if there is room for what it says; to take what it is owed. */
void
peers_wanted(struct pollfd *watched)
{
    for (nfds_t i = 0; i < count; i++) {
        watched[i] = (struct pollfd){.fd = peers[i].fd};
        if (!peers[i].ended && buffer_room(&peers[i].owed) > 0)
            watched[i].events |= POLLIN;
        if (buffer_length(&peers[i].owed) > 0)
            watched[i].events |= POLLOUT;
    }
}

void
peers_serve(nfds_t i, struct pollfd event)
{
    struct peer *peer = &peers[i];
    enum io_result received = IO_NOT_YET, sent;

    if (event.events & POLLIN && event.revents & ~POLLOUT)
        received = buffer_read(&peer->owed, peer->fd);
    sent = buffer_write(&peer->owed, peer->fd);
    if (received == IO_END)
        peer->ended = true;
    if (received == IO_FAILED || sent == IO_FAILED) {
        peer->ended = true;
        buffer_close(&peer->owed); /* nobody will read it */
    }
}

void
peers_see_off(void)
{
    for (nfds_t i = 0; i < count;) {
        if (!peers[i].ended || buffer_length(&peers[i].owed) > 0) {
            i++;
            continue;
        }
        close(peers[i].fd);
        buffer_close(&peers[i].owed);
        peers[i] = peers[--count];
    }
}

void
peers_stop(void)
{
    for (nfds_t i = 0; i < count; i++)
        shutdown(peers[i].fd, SHUT_RD); /* fails if the peer is gone, and does no harm */
}
