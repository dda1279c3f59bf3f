/*
 * clients.h - a process for each client, and the two pipes between them and their parent
 */
#pragma once

#include "plan.h"

/*
 * Forks, measures, adds up what the clients report, and ends those who do not. Returns how many
 * have reported. If it is not all of them a line has said why: the system had not enough processes,
 * and nothing was measured; or a client is stuck or has been killed, and what it had counted is
 * lost.
 */
int run_clients(const struct plan *plan, struct tally *total);
