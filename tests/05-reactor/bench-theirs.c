/*
 * bench-theirs.c - a plain echo server on libuv, to measure the chapter's own against
 *
 * As the library's guide has it: one buffer is made for each read, goes along with the write, and
 * is freed when that is done. Built by chapters/05-reactor/bench only.
 */
#include "args.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static void
must(int status, const char *call)
{
    if (status < 0) {
        fprintf(stderr, "libuv: %s: %s\n", call, uv_strerror(status));
        exit(1);
    }
}

static void
give_room(uv_handle_t *peer, size_t suggested, uv_buf_t *buf)
{
    (void)peer;
    buf->base = malloc(suggested);
    buf->len = buf->base ? suggested : 0;
}

static void
ended(uv_handle_t *peer)
{
    free(peer);
}

static void
written(uv_write_t *write, int status)
{
    (void)status; /* of a peer that is gone, the next read says so, too */
    free(write->data);
    free(write);
}

static void
send_back(uv_stream_t *peer, char *bytes, size_t len)
{
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)len);
    uv_write_t *write = malloc(sizeof *write);

    if (!write)
        abort();
    write->data = bytes;
    must(uv_write(write, peer, &buf, 1, written), "uv_write");
}

static void
got(uv_stream_t *peer, ssize_t n, const uv_buf_t *buf)
{
    if (n > 0) {
        send_back(peer, buf->base, (size_t)n);
        return;
    }
    free(buf->base);
    if (n < 0)
        uv_close((uv_handle_t *)peer, ended);
}

static void
welcome(uv_stream_t *listener, int status)
{
    uv_tcp_t *peer = malloc(sizeof *peer);

    must(status, "uv_listen");
    if (!peer)
        return;
    must(uv_tcp_init(listener->loop, peer), "uv_tcp_init");
    must(uv_accept(listener, (uv_stream_t *)peer), "uv_accept");
    must(uv_read_start((uv_stream_t *)peer, give_room, got), "uv_read_start");
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    struct sockaddr_storage addr;
    int len = sizeof addr;
    uv_tcp_t listener;

    must(uv_ip4_addr(args.address, atoi(args.port), (struct sockaddr_in *)&addr), "uv_ip4_addr");
    must(uv_tcp_init(uv_default_loop(), &listener), "uv_tcp_init");
    must(uv_tcp_bind(&listener, (struct sockaddr *)&addr, 0), "uv_tcp_bind");
    must(uv_listen((uv_stream_t *)&listener, SOMAXCONN, welcome), "uv_listen");
    must(uv_tcp_getsockname(&listener, (struct sockaddr *)&addr, &len), "uv_tcp_getsockname");
    printf("listening on 127.0.0.1:%d\n", ntohs(((struct sockaddr_in *)&addr)->sin_port));
    fflush(stdout);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
