#include "conc_bench/base/connections.h"

const char *const connection_policy_names[CONNECTION_POLICY_COUNT + 1] = {
    [CONNECTIONS_REUSE] = "reuse",
    [CONNECTIONS_FRESH] = "fresh",
    [CONNECTIONS_WARM] = "warm",
};
