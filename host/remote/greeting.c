/* greeting: the agent greets in clear, and says whether TLS follows and a token is wanted. Then the viewer proves first: what it sends is of no use to anybody who
 * does not know the token, since nonces of both sides and the TLS connection's own secret are in it. */
#include "greeting.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/now.h"

enum { ROLE_BYTES = 8, KEY_BYTES = REMOTE_NONCE_BYTES + REMOTE_PROOF_BYTES };
static const uint64_t REFUSAL_NS = 1000000000;
static const char AGENT_ROLE[ROLE_BYTES] = "agent", VIEWER_ROLE[ROLE_BYTES] = "viewer";

/* What is proven: who says it, both nonces, the connection. */
struct proven {
    uint8_t role[ROLE_BYTES], agent[REMOTE_NONCE_BYTES], viewer[REMOTE_NONCE_BYTES], binding[LINK_BINDING_BYTES];
};

bool token_read(const char *path, struct str *token, struct error *error)
{
    char text[TOKEN_MOST + 1];
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return error_set_errno(error, ERROR_USAGE, "the token cannot be read from %s", path);
    bool is_open = fstat(file, &status) || (S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)));
    ssize_t count = read(file, text, sizeof text);
    close(file);
    while (count > 0 && isspace((unsigned char)text[count - 1]))
        count--;
    if (is_open)
        return error_set(error, ERROR_USAGE, "others may read the token in %s: chmod 600 %s", path, path);
    if (count < TOKEN_LEAST || count > TOKEN_MOST || memchr(text, 0, (size_t)count) || memchr(text, '\n', (size_t)count))
        return error_set(error, ERROR_USAGE, "%s holds no token: one line of %d to %d bytes that nobody can guess, as from head -c 24 /dev/urandom | base64", path, TOKEN_LEAST,
                         TOKEN_MOST);
    str_add_bytes(token, text, (size_t)count);
    return true;
}

bool message_read(struct link *link, remote_buffer *buffer, size_t most, uint64_t until_ns)
{
    uint8_t head[REMOTE_LENGTH_BYTES];
    buffer->count = 0;
    if (!link_read(link, head, sizeof head, until_ns))
        return false;
    size_t length = remote_length(head, most);
    vec_reserve(buffer, length);
    buffer->count = length;
    return length && link_read(link, buffer->at, length, until_ns);
}

static void prove(const char *token, struct proven *proven, const char role[ROLE_BYTES], uint8_t proof[REMOTE_PROOF_BYTES])
{
    memcpy(proven->role, role, ROLE_BYTES);
    tls_proof(token, (const uint8_t *)proven, sizeof *proven, proof);
}

static bool refuse(struct link *link, const char *why, struct error *error)
{
    remote_buffer out = {0};
    struct remote_answer answer = {.flags = REMOTE_REFUSED, .text = {(const uint8_t *)why, strlen(why)}};
    remote_answer_put(&answer, &out);
    link_write(link, out.at, out.count, now_ns() + REFUSAL_NS);
    vec_done(&out);
    return error_set(error, ERROR_READ, "%s", why);
}

static bool viewer_check(struct link *link, const struct greeting_agent *agent, const struct remote_request *hello, struct proven *proven, struct error *error)
{
    uint8_t proof[REMOTE_PROOF_BYTES];
    if (hello->kind != REMOTE_HELLO || hello->key.count != KEY_BYTES)
        return refuse(link, "the viewer does not begin with a HELLO", error);
    memcpy(proven->viewer, hello->key.at, REMOTE_NONCE_BYTES);
    if (!agent->token)
        return true;
    prove(agent->token, proven, VIEWER_ROLE, proof);
    return tls_is_equal(proof, hello->key.at + REMOTE_NONCE_BYTES, sizeof proof) || refuse(link, "the token is wrong", error);
}

static bool viewer_let_in(struct link *link, const struct greeting_agent *agent, struct proven *proven, uint64_t until_ns, struct error *error)
{
    uint8_t proof[REMOTE_PROOF_BYTES] = {0};
    char machine[256] = "";
    remote_buffer out = {0};
    gethostname(machine, sizeof machine - 1);
    if (agent->token)
        prove(agent->token, proven, AGENT_ROLE, proof);
    struct remote_answer answer = {.flags = agent->allows_memory ? REMOTE_MEMORY_ALLOWED : 0,
                                   .key = {proof, sizeof proof},
                                   .text = {(const uint8_t *)machine, strlen(machine)}};
    remote_answer_put(&answer, &out);
    bool is_good = link_write(link, out.at, out.count, until_ns) || error_set(error, ERROR_READ, "the viewer %s", link_why(link));
    vec_done(&out);
    return is_good;
}

bool greeting_welcome(struct link *link, const struct greeting_agent *agent, uint64_t until_ns, struct error *error)
{
    uint8_t bytes[REMOTE_GREETING_BYTES];
    struct proven proven;
    struct remote_request hello;
    remote_buffer in = {0};
    struct remote_greeting greeting = {.version = REMOTE_VERSION, .flags = (uint8_t)((agent->tls ? REMOTE_WITH_TLS : 0) | (agent->token ? REMOTE_WITH_TOKEN : 0))};
    if (!tls_random(greeting.nonce, sizeof greeting.nonce))
        return error_set(error, ERROR_READ, "no random numbers can be had here");
    remote_greeting_put(&greeting, bytes);
    memcpy(proven.agent, greeting.nonce, sizeof greeting.nonce);
    if (!link_write(link, bytes, sizeof bytes, until_ns))
        return error_set(error, ERROR_READ, "the viewer %s", link_why(link));
    if (agent->tls && !link_secure(link, agent->tls, NULL, until_ns, error))
        return false;
    bool is_good = link_binding(link, proven.binding) && message_read(link, &in, REMOTE_REQUEST_MOST, until_ns);
    if (!is_good || !remote_request_take(in.at, in.count, &hello))
        error_set(error, ERROR_READ, "who connects is no viewer: it %s", is_good ? "sends something else" : *link_why(link) ? link_why(link) : "sends something else");
    else if (viewer_check(link, agent, &hello, &proven, error))
        viewer_let_in(link, agent, &proven, until_ns, error);
    vec_done(&in);
    return !error->kind;
}

static bool greeting_check(const struct link *link, const struct greeting_viewer *viewer, const struct remote_greeting *greeting, struct error *error)
{
    bool is_clear = !(greeting->flags & REMOTE_WITH_TLS);
    if (greeting->version != REMOTE_VERSION)
        return error_set(error, ERROR_READ, "%s is an agent of another version (%u, and this one speaks %u)", viewer->name, greeting->version, REMOTE_VERSION);
    if (is_clear && viewer->fingerprint)
        return error_set(error, ERROR_READ, "%s does not offer TLS, and so has no fingerprint", viewer->name);
    if (is_clear && !viewer->may_be_clear && !link_is_loopback(link))
        return error_set(error, ERROR_READ, "%s would send all in clear; start the agent with --tls, or add --clear to take it so", viewer->name);
    if ((greeting->flags & REMOTE_WITH_TOKEN) && !viewer->token)
        return error_set(error, ERROR_READ, "%s wants a token: --token-file FILE", viewer->name);
    if (!(greeting->flags & REMOTE_WITH_TOKEN) && viewer->token)
        return error_set(error, ERROR_READ, "%s has no token, and cannot prove that it is the one that is meant; leave --token-file out to trust it", viewer->name);
    return true;
}

/* Without a token, somebody must vouch for the certificate: who is trusted here, or the user who names its fingerprint. */
static bool certificate_check(const struct link *link, const struct greeting_viewer *viewer, struct error *error)
{
    char print[LINK_PRINT_ROOM];
    link_print(link, print);
    if (viewer->fingerprint && strcasecmp(viewer->fingerprint, print))
        return error_set(error, ERROR_READ, "%s is not the agent that is meant: its fingerprint is %s", viewer->name, print);
    if (!viewer->fingerprint && !viewer->token && !link_is_trusted(link))
        return error_set(error, ERROR_READ, "nobody vouches for %s; if the agent itself tells the same fingerprint, add --fingerprint %s", viewer->name, print);
    return true;
}

static bool welcome_take(const struct greeting_viewer *viewer, struct proven *proven, remote_buffer *in, bool *allows_memory, struct error *error)
{
    uint8_t proof[REMOTE_PROOF_BYTES];
    struct remote_answer answer;
    if (!remote_answer_take(in->at, in->count, &answer))
        return error_set(error, ERROR_READ, "%s does not answer as an agent does", viewer->name);
    if (answer.flags & REMOTE_REFUSED)
        return error_set(error, ERROR_READ, "%s refuses: %.*s", viewer->name, (int)answer.text.count, (const char *)answer.text.at);
    *allows_memory = answer.flags & REMOTE_MEMORY_ALLOWED;
    if (!viewer->token)
        return true;
    prove(viewer->token, proven, AGENT_ROLE, proof);
    return (answer.key.count == sizeof proof && tls_is_equal(proof, answer.key.at, sizeof proof)) ||
           error_set(error, ERROR_READ, "%s does not know the token: it is not the agent that is meant", viewer->name);
}

static bool hello_send(struct link *link, const struct greeting_viewer *viewer, struct proven *proven, remote_buffer *buffer, uint64_t until_ns, struct error *error)
{
    uint8_t key[KEY_BYTES] = {0};
    if (!tls_random(proven->viewer, sizeof proven->viewer) || !link_binding(link, proven->binding))
        return error_set(error, ERROR_READ, "no random numbers can be had here");
    memcpy(key, proven->viewer, REMOTE_NONCE_BYTES);
    if (viewer->token)
        prove(viewer->token, proven, VIEWER_ROLE, key + REMOTE_NONCE_BYTES);
    remote_request_put(&(struct remote_request){.kind = REMOTE_HELLO, .key = {key, sizeof key}}, buffer);
    return link_write(link, buffer->at, buffer->count, until_ns) && message_read(link, buffer, REMOTE_ANSWER_MOST, until_ns);
}

bool greeting_enter(struct link *link, const struct greeting_viewer *viewer, bool *allows_memory, uint64_t until_ns, struct error *error)
{
    uint8_t bytes[REMOTE_GREETING_BYTES];
    struct remote_greeting greeting;
    struct proven proven;
    remote_buffer buffer = {0};
    if (!link_read(link, bytes, sizeof bytes, until_ns))
        return error_set(error, ERROR_READ, "%s is no agent, or not a good one: it %s", viewer->name, link_why(link));
    if (!remote_greeting_take(bytes, &greeting))
        return error_set(error, ERROR_READ, "%s is no agent of HeapTracer", viewer->name);
    if (!greeting_check(link, viewer, &greeting, error))
        return false;
    memcpy(proven.agent, greeting.nonce, sizeof greeting.nonce);
    if (greeting.flags & REMOTE_WITH_TLS) {
        struct tls *tls = tls_call(error);
        bool is_secure = tls && link_secure(link, tls, viewer->host, until_ns, error) && certificate_check(link, viewer, error);
        tls_free(tls);
        if (!is_secure)
            return false;
    }
    bool is_good = hello_send(link, viewer, &proven, &buffer, until_ns, error)
                       ? welcome_take(viewer, &proven, &buffer, allows_memory, error)
                       : error_set(error, ERROR_READ, "%s %s", viewer->name, *link_why(link) ? link_why(link) : "sends nonsense");
    vec_done(&buffer);
    return is_good;
}
