#include "json_parts.h"

#include "conc_bench/modes/trait.h"

const char *const document_columns[DOCUMENT_COLUMNS] = {
    "unit",         "url",        "worker", "start_s",  "service_s", "settled_s", "name_lookup_s", "connect_s", "tls_s",
    "first_byte_s", "body_bytes", "status", "connects", "redirects", "outcome",   "http_version",  "curl_code",
};

const struct document_trait document_traits[DOCUMENT_TRAITS] = {
    {"one_worker", MODE_ONE_WORKER},   {"own_processes", MODE_OWN_PROCESSES},
    {"cooperative", MODE_COOPERATIVE}, {"all_cores", MODE_ALL_CORES},
    {"hidden", MODE_HIDDEN},           {"scripted", MODE_SCRIPTED},
};
