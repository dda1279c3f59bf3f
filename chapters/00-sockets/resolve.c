/*
 * resolve.c - what getaddrinfo() makes of a name
 *
 * Shows:  a name may stand for several addresses, of both families, in the order in
 *         which a client should try them; it may be a number already; it may be unknown.
 * Run:    build/00-sockets/resolve localhost http
 * Watch:  ::1 and 127.0.0.1 need no resolver; 127.1 and 0x7f000001 are numbers, too;
 *         a name that the resolver cannot look up now is not the same error as no such name.
 * Book:   00-sockets, "From a name to an address"
 */
#include "args.h"
#include "net.h"

#include <err.h>
#include <netdb.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    const char *only4 = NULL, *only6 = NULL, *passive = NULL;
    const struct own_option own[] = {{'4', NULL, "IPv4 addresses only", &only4},
                                     {'6', NULL, "IPv6 addresses only", &only6},
                                     {'l', NULL, "to listen on: HOST may be ''", &passive},
                                     {0}};
    char **operands = parse_args(argc, argv, own, "HOST [PORT]");
    const char *host = *operands[0] ? operands[0] : NULL, *port = operands[1] ? operands[1] : "0";
    struct addrinfo *found,
        hints = {
            .ai_family = only4   ? AF_INET
                         : only6 ? AF_INET6
                                 : AF_UNSPEC,
            .ai_socktype = SOCK_STREAM, /* else each address comes three times: TCP, UDP, raw */
            .ai_flags = passive ? AI_PASSIVE : 0,
        };
    int error = getaddrinfo(host, port, &hints, &found);

    if (error) /* not an errno but a code of its own: see getaddrinfo(3) */
        errx(1, "getaddrinfo: %s: %s:%s", gai_strerror(error), operands[0], port);
    for (struct addrinfo *a = found; a; a = a->ai_next) {
        char text[ADDRESS_TEXT];

        printf("%s  %s\n", a->ai_family == AF_INET6 ? "IPv6" : "IPv4",
               address_text(a->ai_addr, a->ai_addrlen, text));
    }
    freeaddrinfo(found);
    return 0;
}
