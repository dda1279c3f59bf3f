#include "peer.h"

#include "net.h"

#include <stdlib.h>
#include <unistd.h>

struct peer *
peer_begin(int fd)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (!peer || !conversation_begin(&peer->talk)) {
        free(peer);
        close(fd);
        return NULL;
    }
    peer->fd = fd;
    set_nonblocking(fd);
    return peer;
}

void
peer_end(struct peer *peer)
{
    close(peer->fd);
    conversation_end(&peer->talk);
    free(peer);
}

bool
peer_is_done(const struct peer *peer)
{
    return !peer->lent && (peer->failed || conversation_is_over(&peer->talk));
}

struct pollfd
peer_wanted(const struct peer *peer, bool receive)
{
    struct pollfd wanted = {.fd = -1}; /* poll() passes over it, whatever happens there */

    if (peer->lent)
        return wanted;
    if (receive && !peer->talk.ended && buffer_room(&peer->talk.in) > 0)
        wanted.events |= POLLIN;
    if (buffer_length(&peer->talk.out) > 0)
        wanted.events |= POLLOUT;
    if (wanted.events)
        wanted.fd = peer->fd;
    return wanted;
}

/* About POLLERR and POLLHUP the call itself says more. */
void
peer_serve(struct peer *peer, struct pollfd event)
{
    enum io_result received = IO_NOT_YET, sent = IO_NOT_YET;

    if (event.events & POLLIN && event.revents & ~POLLOUT)
        received = buffer_read(&peer->talk.in, peer->fd);
    if (event.events & POLLOUT && event.revents & ~POLLIN)
        sent = buffer_write(&peer->talk.out, peer->fd);
    if (received == IO_END)
        peer->talk.ended = true;
    if (received == IO_FAILED || sent == IO_FAILED)
        peer->failed = true;
}
