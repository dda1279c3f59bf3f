/*
 * clients.h - a process for each client, and the two pipes between them and their parent
 */
#pragma once

#include "plan.h"

/*
 * Forks, measures, adds up what the clients report, and waits for the last of them. False, after
 * a line that says why: the system had not enough processes, and nothing was measured; or somebody
 * has killed a client, and what it had counted is lost.
 */
bool run_clients(const struct plan *plan, struct tally *total);
