/*
 * connect.h - the way from the name of a host to a connection, told step by step
 */
#pragma once

#include "url.h"

/* Tries all addresses of the host. Ends the program if nobody is there. */
int connect_to(const struct url *url);
