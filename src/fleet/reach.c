#include "conc_bench/fleet/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conc_bench/base/text.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/entropy.h"

enum { ADDRESSES_MOST = 16, SECRET_BYTES = 16 };

/* A packet that is lost is sent again after one second. */
#define LONGEST_CONNECT (2500 * NANOSECONDS_PER_MILLISECOND)
#define LONGEST_ANSWER  (30 * NANOSECONDS_PER_SECOND)

/* Bytes that a follower has sent may arrive after its message by MPI, which goes another way. */
enum { LATE_MILLISECONDS = 300 };

struct call {
    unsigned char secret[SECRET_BYTES];
    uint16_t port;
    uint32_t count;
    uint32_t addresses[ADDRESSES_MOST]; /* in network byte order, as sin_addr has them */
};

/* The token that a follower shows at an address. */
struct token {
    unsigned char secret[SECRET_BYTES];
    uint32_t rank;
    uint32_t address; /* its index */
};

/* The follower's answer afterwards. */
struct reach_answer {
    int failure; /* errno of the last address that it did not reach; 0: it has reached all */
};

/* A follower's side */

struct reach_attempt {
    int socket; /* -1: it is over */
    int failure;
};

static void end(struct reach_attempt *attempt, int failure)
{
    if (attempt->socket >= 0)
        close(attempt->socket);
    *attempt = (struct reach_attempt){.socket = -1, .failure = failure};
}

static void begin(struct reach_attempt *attempt, uint32_t address, uint16_t port)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = address};
    attempt->failure = ETIMEDOUT;
    attempt->socket = descriptor_socket(AF_INET, SOCK_STREAM, 0);
    if (attempt->socket < 0 || fcntl(attempt->socket, F_SETFL, O_NONBLOCK) != 0 ||
        (connect(attempt->socket, (const struct sockaddr *)&there, sizeof(there)) != 0 && errno != EINPROGRESS))
        end(attempt, errno);
}

/* Shows the token. It fits into the buffer of a connection that nothing was sent over yet. */
static void show(struct reach_attempt *attempt, const struct token *token)
{
    int failure = 0;
    socklen_t length = sizeof(failure);
    if (getsockopt(attempt->socket, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
        failure = errno;
    if (failure == 0 && descriptor_send(attempt->socket, token, sizeof(*token)) != (ssize_t)sizeof(*token))
        failure = errno;
    end(attempt, failure);
}

static bool wait_for_attempts(struct reach_attempt *attempts, const struct call *call, nanoseconds until)
{
    struct pollfd entries[ADDRESSES_MOST];
    nanoseconds left = until - clock_now();
    bool is_any_open = false;
    for (uint32_t i = 0; i < call->count; i++) {
        entries[i] = (struct pollfd){.fd = attempts[i].socket, .events = POLLOUT};
        is_any_open |= attempts[i].socket >= 0;
    }
    if (!is_any_open || left <= 0)
        return false;
    poll(entries, call->count, (int)(left / NANOSECONDS_PER_MILLISECOND) + 1);
    for (uint32_t i = 0; i < call->count; i++) {
        struct token token = {.rank = fleet_rank(), .address = i};
        memcpy(token.secret, call->secret, sizeof(token.secret));
        if (attempts[i].socket >= 0 && entries[i].revents != 0)
            show(&attempts[i], &token);
    }
    return true;
}

int reach_answer(const struct fleet_message *message, struct error *error)
{
    struct call call = {0};
    struct reach_attempt attempts[ADDRESSES_MOST];
    struct reach_answer answer = {0};
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_ANSWER};
    nanoseconds until = clock_now() + LONGEST_CONNECT;
    if (message->size == sizeof(call))
        memcpy(&call, message->bytes, sizeof(call));
    if (call.count > ADDRESSES_MOST)
        call.count = ADDRESSES_MOST;
    for (uint32_t i = 0; i < call.count; i++)
        begin(&attempts[i], call.addresses[i], call.port);
    while (wait_for_attempts(attempts, &call, until))
        continue;
    for (uint32_t i = 0; i < call.count; i++) {
        end(&attempts[i], attempts[i].failure);
        answer.failure = attempts[i].failure != 0 ? attempts[i].failure : answer.failure;
    }
    return fleet_send(0, FLEET_REACHED, &answer, sizeof(answer), &limit, error);
}

/* The leader's side */

struct reach_search {
    struct call call;
    const char *wanted;
    int listener;
    bool (*has_reached)[ADDRESSES_MOST]; /* by rank */
    int *failures;
};

static char *write_address(uint32_t address, char buffer[REACH_ADDRESS_BYTES])
{
    const struct in_addr in = {.s_addr = address};
    if (inet_ntop(AF_INET, &in, buffer, REACH_ADDRESS_BYTES) == NULL)
        buffer[0] = '\0';
    return buffer;
}

/* Listens at all addresses, or at the one that is wanted. */
static int begin_to_listen(struct reach_search *search, struct error *error)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t length = sizeof(here);
    if (search->wanted[0] != '\0')
        here.sin_addr.s_addr = search->call.addresses[0];
    search->listener = descriptor_socket(AF_INET, SOCK_STREAM, 0);
    if (search->listener < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: cannot make a socket");
    if (bind(search->listener, (const struct sockaddr *)&here, sizeof(here)) != 0 && errno == EADDRNOTAVAIL)
        return error_set(error, ERROR_USAGE, "--origin: %s has no address %s: name one of its own, or leave it out",
                         fleet_name(0), search->wanted);
    if (listen(search->listener, SOMAXCONN) != 0 || fcntl(search->listener, F_SETFL, O_NONBLOCK) != 0 ||
        getsockname(search->listener, (struct sockaddr *)&here, &length) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: cannot listen at %s",
                                search->wanted[0] != '\0' ? search->wanted : "any address");
    search->call.port = ntohs(here.sin_port);
    return 0;
}

/* The addresses of this machine's interfaces that are up, without those of loopback. Where the system does not tell
 * there are none. */
static uint32_t list_own(uint32_t *addresses, uint32_t most)
{
    struct ifaddrs *interfaces = NULL;
    uint32_t count = 0;
    if (getifaddrs(&interfaces) != 0)
        return 0;
    for (const struct ifaddrs *at = interfaces; at != NULL && count < most; at = at->ifa_next) {
        struct sockaddr_in address;
        bool is_up = (at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_LOOPBACK) == 0;
        if (!is_up || at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET)
            continue;
        memcpy(&address, at->ifa_addr, sizeof(address));
        addresses[count++] = address.sin_addr.s_addr;
    }
    freeifaddrs(interfaces);
    return count;
}

static void list_addresses(struct reach_search *search)
{
    struct call *call = &search->call;
    struct in_addr wanted;
    if (search->wanted[0] != '\0' && inet_pton(AF_INET, search->wanted, &wanted) == 1) {
        call->addresses[0] = wanted.s_addr;
        call->count = 1;
        return;
    }
    call->addresses[0] = htonl(INADDR_LOOPBACK);
    call->count = 1 + list_own(call->addresses + 1, ADDRESSES_MOST - 1);
}

/* Takes one connection. Anybody may connect, and is not waited for. */
static void take(struct reach_search *search, int connection)
{
    struct pollfd ready = {.fd = connection, .events = POLLIN};
    struct token token;
    if (poll(&ready, 1, LATE_MILLISECONDS) != 1 ||
        recv(connection, &token, sizeof(token), MSG_DONTWAIT) != (ssize_t)sizeof(token))
        return;
    if (memcmp(token.secret, search->call.secret, sizeof(token.secret)) == 0 && token.rank < fleet_size() &&
        token.address < search->call.count)
        search->has_reached[token.rank][token.address] = true;
}

static void take_all(struct reach_search *search, int milliseconds)
{
    struct pollfd ready = {.fd = search->listener, .events = POLLIN};
    nanoseconds until = clock_now() + LONGEST_ANSWER;
    while (clock_now() < until && poll(&ready, 1, milliseconds) == 1) {
        int connection = descriptor_accept(search->listener);
        if (connection < 0)
            return;
        take(search, connection);
        close(connection);
    }
}

static bool is_reached_by_all(const struct reach_search *search, uint32_t address)
{
    for (uint32_t rank = 1; rank < fleet_size(); rank++) {
        if (!search->has_reached[rank][address])
            return false;
    }
    return true;
}

static bool choose(const struct reach_search *search, char address[REACH_ADDRESS_BYTES])
{
    for (uint32_t i = 0; i < search->call.count; i++) {
        if (is_reached_by_all(search, i)) {
            write_address(search->call.addresses[i], address);
            return true;
        }
    }
    return false;
}

static bool has_reached_any(const struct reach_search *search, uint32_t rank)
{
    for (uint32_t i = 0; i < search->call.count; i++) {
        if (search->has_reached[rank][i])
            return true;
    }
    return false;
}

static int refuse(const struct reach_search *search, struct error *error)
{
    char list[ADDRESSES_MOST * (REACH_ADDRESS_BYTES + 2)] = "", address[REACH_ADDRESS_BYTES];
    const uint32_t first = search->call.count > 1 ? 1 : 0; /* loopback is in question on one machine only */
    for (uint32_t i = first; i < search->call.count; i++)
        text_append(list, sizeof(list), "%s%s", i > first ? ", " : "",
                    write_address(search->call.addresses[i], address));
    for (uint32_t rank = 1; rank < fleet_size(); rank++) {
        if (!has_reached_any(search, rank))
            return error_set(error, ERROR_ENVIRONMENT,
                             "--origin: %s does not reach %s at %s (%s): open the way, name another address of it with "
                             "--origin=address=, or have an origin on each machine with --origin=each",
                             fleet_name(rank), fleet_name(0), list, strerror(search->failures[rank]));
    }
    return error_set(error, ERROR_ENVIRONMENT,
                     "--origin: the machines do not all reach %s at one of its addresses (%s): have an origin on each "
                     "machine with --origin=each",
                     fleet_name(0), list);
}

static int ask_all(struct reach_search *search, struct error *error)
{
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_ANSWER};
    if (!entropy_read(search->call.secret, sizeof(search->call.secret)))
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: the system gives no random numbers");
    if (fleet_broadcast(FLEET_REACH, &search->call, sizeof(search->call), &limit, error) != 0)
        return -1;
    for (uint32_t rank = 1; rank < fleet_size(); rank++) {
        struct reach_answer answer;
        if (fleet_receive_exactly(rank, FLEET_REACHED, &answer, sizeof(answer), &limit, error) != 0)
            return -1;
        search->failures[rank] = answer.failure;
        take_all(search, 0);
    }
    return 0;
}

int reach_find(const char *wanted, char address[REACH_ADDRESS_BYTES], struct error *error)
{
    struct reach_search search = {.wanted = wanted, .listener = -1};
    int status = -1;
    search.has_reached = calloc(fleet_size(), sizeof(search.has_reached[0]));
    search.failures = calloc(fleet_size(), sizeof(search.failures[0]));
    list_addresses(&search);
    if (search.has_reached == NULL || search.failures == NULL)
        error_set(error, ERROR_ENVIRONMENT, "--origin: no memory for %" PRIu32 " machines", fleet_size());
    else if (begin_to_listen(&search, error) == 0 && ask_all(&search, error) == 0)
        status = 0;
    if (status == 0 && !choose(&search, address)) {
        take_all(&search, LATE_MILLISECONDS);
        status = choose(&search, address) ? 0 : refuse(&search, error);
    }
    if (search.listener >= 0)
        close(search.listener);
    free(search.has_reached);
    free(search.failures);
    return status;
}
