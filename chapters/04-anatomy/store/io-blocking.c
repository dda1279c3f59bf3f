#include "io-unit.h"
#include "logic.h"
#include "net.h"

#include <unistd.h>

static void
serve(int peer, struct conversation *c)
{
    enum io_result result = IO_DATA;

    while (result == IO_DATA || result == IO_INTERRUPTED) {
        while (request_is_there(c))
            answer_request(c);
        if (conversation_is_over(c))
            return;
        if (buffer_length(&c->out) > 0)
            result = buffer_write(&c->out, peer); /* sleeps until the peer has read enough */
        else
            result = buffer_read(&c->in, peer); /* sleeps until the peer speaks */
        if (result == IO_END) {
            c->ended = true;
            result = IO_DATA; /* it may still read */
        }
    }
}

void
serve_blocking(int listener)
{
    struct conversation c;
    int peer;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        if (conversation_begin(&c)) {
            serve(peer, &c);
            conversation_end(&c);
        }
        close(peer);
    }
}
