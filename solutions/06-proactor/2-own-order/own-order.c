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
    size_t got;         /* how many of its bytes have come */
    char bytes[PIECE];
} pieces[AT_ONCE];

static size_t asked; /* how many bytes of the file have been asked for, */
static size_t sent;  /* and how many have gone out */
static int under_way;

/* Asks for what is missing of it. */
static void
ask_for(struct piece *p)
{
    ask(p, p->bytes + p->got, p->len - p->got, p->offset + p->got);
    under_way++;
}

static void
ask_for_next(size_t size)
{
    struct piece *p = &pieces[asked / PIECE % AT_ONCE];

    p->offset = asked;
    p->len = size - asked < PIECE ? size - asked : PIECE;
    p->got = 0;
    asked += p->len;
    ask_for(p);
}

/* Puts out what is whole, up to the first piece that is not. */
static void
put_out_whole(void)
{
    while (sent < asked) {
        struct piece *p = &pieces[sent / PIECE % AT_ONCE];

        if (p->got < p->len)
            return;
        put_out(p->bytes, p->len);
        sent += p->len;
    }
}

/* Sends the first `size` bytes of the file, in order. False: they could not be read. */
bool
send_file(size_t size)
{
    bool failed = false;

    asked = sent = 0;
    while (under_way > 0 || (sent < size && !failed)) {
        struct piece *p;
        struct done d;

        while (!failed && asked < size && asked - sent < PIECE * AT_ONCE)
            ask_for_next(size);
        d = wait_done();
        under_way--;
        p = d.who;
        if (d.result <= 0) {
            failed = true;
            continue;
        }
        p->got += (size_t)d.result;
        if (failed)
            continue;
        if (p->got < p->len)
            ask_for(p);
        put_out_whole();
    }
    return !failed;
}
