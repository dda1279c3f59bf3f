/*
 * own-order.c - sends a file whose pieces are read by somebody else, and come in any order
 *
 * Run:    make, then build/own-order turned (gdb --args build/own-order turned)
 * Test:   make test
 * Book:   06-proactor, "The answers come in their own order"
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* ---- the Proactor, which is given ---- */

struct done {
    void *who;      /* as it was given to ask() */
    ssize_t result; /* how many bytes, from 1 to len; 0: the file ends before; or -errno */
};

void ask(void *who, char *buf, size_t len, size_t offset); /* to read; returns at once */
struct done wait_done(void); /* sleeps until some request is done, and tells which */
void put_out(const char *bytes, size_t len); /* sends on what is then no longer ours */

/* ---- what is to be finished ---- */

enum { PIECE = 16, AT_ONCE = 4 };

bool send_file(size_t size);

/* A piece of the file. Piece n is in pieces[n % AT_ONCE]. */
static struct piece {
    size_t offset, len; /* where it is in the file; the last piece may be shorter */
    char bytes[PIECE];
} pieces[AT_ONCE];

static size_t asked; /* how many bytes of the file have been asked for, */
static size_t sent;  /* and how many have gone out */
static int under_way;

static void
ask_for_next(size_t size)
{
    struct piece *p = &pieces[asked / PIECE % AT_ONCE];

    p->offset = asked;
    p->len = size - asked < PIECE ? size - asked : PIECE;
    ask(p, p->bytes, p->len, p->offset);
    asked += p->len;
    under_way++;
}

/* Sends the first `size` bytes of the file, in order. False: they could not be read. */
bool
send_file(size_t size)
{
    asked = sent = 0;
    while (sent < size) {
        struct piece *p = &pieces[sent / PIECE % AT_ONCE];
        struct done d;

        while (asked < size && asked - sent < PIECE * AT_ONCE)
            ask_for_next(size);
        d = wait_done();
        under_way--;
        /* TODO: whose is it, is it all there, and is it its turn? And if it has failed: who may
         * still be writing into our pieces? */
        if (d.result <= 0)
            return false;
        put_out(p->bytes, p->len);
        sent += p->len;
    }
    return true;
}
