#include "io-unit.h"
#include "net.h"
#include "peers.h"

void
serve_by_poll(int listener)
{
    struct peers all = peers_begin(listener);

    announce(listener);
    while (peers_turn(&all, -1, true))
        for (size_t i = 0; i < all.count; i++)
            while (request_is_there(&all.list[i]->talk))
                answer_request(&all.list[i]->talk);
    peers_end(&all);
}
