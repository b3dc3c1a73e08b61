/* The least that an answer to a point query can cost: an HTTP server of one epoll loop a process that sends what its clients
 * ask to PostgreSQL over one connection, in libpq's pipeline mode.
 *
 *   limit PORT PROCESSES CONNINFO [single]
 *
 * It answers GET /...?user_id=N as the tutorial's API does, and checks nothing: no credential, no route, no deadline. Requests
 * that came while the connection was busy leave together, with one Sync; `single`: each with a Sync of its own. A failure of
 * PostgreSQL ends the process. It ends with its parent. Only for measurements: t/bench/bench.py. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kRequestSize = 4096, kMaxClients = 1024, kMaxEvents = 256, kIdSize = 24 };

static const char kSql[] = "SELECT \"user_id\", \"user_name\" FROM \"mirror\".\"user_info\" WHERE \"user_id\" = $1 LIMIT 1";
static const char kStatement[] = "point";

struct client {
    int socket; /* -1: closed while its answer was on its way */
    bool used;
    size_t size;
    char request[kRequestSize];
    char id[kIdSize];
};

static struct client clients[kMaxClients];
/* Rings of clients: those that wait for the connection, and those whose answers come next, in order. */
struct ring {
    struct client *of[kMaxClients];
    size_t first, count;
};
static struct ring waiting, flying;
static PGconn *database;
static int loop;
static bool single;

static void fail(const char *what)
{
    fprintf(stderr, "limit: %s: %s\n", what, database != NULL && *PQerrorMessage(database) != '\0' ? PQerrorMessage(database) : strerror(errno));
    exit(1);
}

static void push(struct ring *ring, struct client *client)
{
    ring->of[(ring->first + ring->count++) % kMaxClients] = client;
}

static struct client *pop(struct ring *ring)
{
    struct client *client = ring->of[ring->first];
    ring->first = (ring->first + 1) % kMaxClients;
    --ring->count;
    return client;
}

static void watch(int descriptor, void *of)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = of};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("epoll_ctl");
}

static void close_client(struct client *client)
{
    close(client->socket);
    client->socket = -1;
}

static void answer(struct client *client, const PGresult *result)
{
    char text[512];
    int size;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail("the query");
    if (client->socket < 0) {
        client->used = false;
        return;
    }
    if (PQntuples(result) == 0) {
        size = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n{\"data\":null,\"success\":true}");
    } else {
        char body[256];
        const int length = snprintf(body, sizeof body, "{\"data\":{\"user_id\":%s,\"user_name\":\"%s\"},\"success\":true}", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
        size = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length, body);
    }
    if (send(client->socket, text, (size_t)size, MSG_NOSIGNAL) != size)
        close_client(client);
    client->used = client->socket >= 0;
}

static void send_waiting(void)
{
    if (waiting.count == 0 || (flying.count != 0 && !single))
        return;
    while (waiting.count != 0) {
        struct client *client = pop(&waiting);
        const char *values[] = {client->id};
        if (PQsendQueryPrepared(database, kStatement, 1, values, NULL, NULL, 0) != 1 || (single && PQpipelineSync(database) != 1))
            fail("sending a query");
        push(&flying, client);
    }
    if ((!single && PQpipelineSync(database) != 1) || PQflush(database) != 0)
        fail("sending queries");
}

static void read_database(void)
{
    if (PQconsumeInput(database) != 1)
        fail("reading");
    while (!PQisBusy(database)) {
        PGresult *result = PQgetResult(database);
        if (result == NULL) {
            if (flying.count == 0)
                break;
            continue;
        }
        if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
            answer(pop(&flying), result);
        PQclear(result);
    }
}

static void read_client(struct client *client)
{
    const ssize_t got = recv(client->socket, client->request + client->size, kRequestSize - 1 - client->size, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got > 0) {
        client->size += (size_t)got;
        client->request[client->size] = '\0';
        if (strstr(client->request, "\r\n\r\n") == NULL)
            return;
        const char *id = strstr(client->request, "user_id=");
        const size_t digits = id == NULL ? 0 : strspn(id + 8, "0123456789");
        client->size = 0;
        if (digits != 0 && digits < kIdSize) {
            memcpy(client->id, id + 8, digits);
            client->id[digits] = '\0';
            return push(&waiting, client);
        }
    }
    close_client(client);
    client->used = false;
}

static void take_client(int listener)
{
    for (;;) {
        const int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (socket < 0)
            return;
        const int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct client *client = clients;
        while (client < clients + kMaxClients && client->used)
            ++client;
        if (client == clients + kMaxClients) {
            close(socket);
            continue;
        }
        *client = (struct client){.socket = socket, .used = true};
        watch(socket, client);
    }
}

static void connect_database(const char *conninfo)
{
    const Oid types[] = {20}; /* bigint */
    database = PQconnectdb(conninfo);
    if (PQstatus(database) != CONNECTION_OK)
        fail("connecting");
    PGresult *result = PQprepare(database, kStatement, kSql, 1, types);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail("preparing");
    PQclear(result);
    if (PQsetnonblocking(database, 1) != 0 || PQenterPipelineMode(database) != 1)
        fail("pipeline mode");
}

static void serve(int port, const char *conninfo)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    loop = epoll_create1(0);
    connect_database(conninfo);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0)
        fail("listening");
    watch(listener, NULL);
    watch(PQsocket(database), database);
    for (;;) {
        struct epoll_event events[kMaxEvents];
        const int count = epoll_wait(loop, events, kMaxEvents, -1);
        for (int i = 0; i < count; ++i) {
            if (events[i].data.ptr == NULL)
                take_client(listener);
            else if (events[i].data.ptr == database)
                read_database();
            else
                read_client(events[i].data.ptr);
        }
        send_waiting();
    }
}

int main(int count, char **arguments)
{
    if (count < 4 || atoi(arguments[1]) <= 0 || atoi(arguments[2]) <= 0) {
        fprintf(stderr, "usage: limit PORT PROCESSES CONNINFO [single]\n");
        return 2;
    }
    single = count > 4 && strcmp(arguments[4], "single") == 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int process = 1; process < atoi(arguments[2]); ++process) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            break;
        }
    }
    serve(atoi(arguments[1]), arguments[3]);
}
