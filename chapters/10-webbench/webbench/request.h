/*
 * request.h - from a URL to the bytes of a request
 */
#pragma once

#include "plan.h"

/*
 * Fills in plan->host, port and request, and raises plan->http to the version that knows what is
 * asked for. A URL that cannot be asked for is one line, and status 2.
 */
void build_request(struct plan *plan);
