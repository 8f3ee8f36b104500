/* alert_action: commands and requests are children of their own, so that a slow server costs nothing; they are ended after ten seconds. */
#include "alert_action.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/base/json.h"

enum { PATIENCE_S = 10, END_WAITS = 100, END_WAIT_US = 50000 };

static void log_line(const char *path, const char *line)
{
    char date[40];
    struct str text = {0};
    time_t now = time(NULL);
    struct tm parts;
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0 || !localtime_r(&now, &parts))
        return;
    strftime(date, sizeof date, "%FT%T%z", &parts);
    str_add_format(&text, "%s %s\n", date, line);
    if (write(file, str_text(&text), text.count) < 0) { /* a full disk is no reason to stop watching */
    }
    close(file);
    str_done(&text);
}

static void descriptors_quiet(void)
{
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i <= STDERR_FILENO; i++)
        dup2(null, i);
    close_range(STDERR_FILENO + 1, ~0u, 0);
}

static void variable_set(const char *name, const char *format, double number)
{
    char text[64];
    snprintf(text, sizeof text, format, number);
    setenv(name, text, 1);
}

__attribute__((noreturn)) static void command_run(const struct action_news *news)
{
    setenv("HEAPTRACER_ALERT", news->rule->name, 1);
    setenv("HEAPTRACER_ALERT_STATE", news->fires ? "fires" : "ended", 1);
    setenv("HEAPTRACER_ALERT_LEVEL", rule_level_words[news->rule->level], 1);
    setenv("HEAPTRACER_ALERT_LINE", news->line, 1);
    variable_set("HEAPTRACER_ALERT_VALUE", "%.15g", news->value);
    execl("/bin/sh", "sh", "-c", news->rule->command, (char *)NULL);
    _exit(127);
}

static void body_write(FILE *out, const struct action_news *news)
{
    struct json json = {.out = out};
    json_object(&json, NULL);
    json_text(&json, "schema", "heaptracer.alert/1");
    json_text(&json, "rule", news->rule->name);
    json_text(&json, "condition", news->rule->when);
    json_text(&json, "level", rule_level_words[news->rule->level]);
    json_text(&json, "state", news->fires ? "fires" : "ended");
    json_real(&json, "value", news->value);
    json_unsigned(&json, "time_ns", news->time_ns);
    json_text(&json, "text", news->line);
    json_end(&json);
}

__attribute__((noreturn)) static void request_send(const struct action_news *news)
{
    char *body = NULL;
    size_t count;
    FILE *out = open_memstream(&body, &count);
    CURL *curl = curl_easy_init();
    struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
    if (!out || !curl)
        _exit(1);
    body_write(out, news);
    fclose(out);
    curl_easy_setopt(curl, CURLOPT_URL, news->rule->webhook);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)PATIENCE_S);
    _exit(curl_easy_perform(curl) != CURLE_OK);
}

static void children_reap(struct actions *actions)
{
    for (size_t i = 0; i < ACTIONS_AT_ONCE; i++)
        if (actions->children[i] && waitpid(actions->children[i], NULL, WNOHANG))
            actions->children[i] = 0;
}

static void child_start(struct actions *actions, const struct action_news *news, void (*work)(const struct action_news *))
{
    size_t place = 0;
    children_reap(actions);
    while (place < ACTIONS_AT_ONCE && actions->children[place])
        place++;
    if (place == ACTIONS_AT_ONCE) {
        actions->left_out++;
        return;
    }
    pid_t child = fork();
    if (child > 0)
        actions->children[place] = child;
    if (child)
        return;
    setpgid(0, 0); /* Ctrl-C is for the watcher */
    descriptors_quiet();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    alarm(PATIENCE_S);
    work(news);
}

void action_take(struct actions *actions, const struct action_news *news)
{
    if (news->rule->log)
        log_line(news->rule->log, news->line);
    if (news->rule->command)
        child_start(actions, news, command_run);
    if (news->rule->webhook)
        child_start(actions, news, request_send);
}

static void led_write(const char *led, const char *file, const char *text)
{
    struct str path = {0};
    str_add_format(&path, strchr(led, '/') ? "%s/%s" : "/sys/class/leds/%s/%s", led, file);
    int out = open(str_text(&path), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (out >= 0 && write(out, text, strlen(text)) < 0) { /* a light that is gone: the other ways still tell */
    }
    if (out >= 0)
        close(out);
    str_done(&path);
}

static void led_blink(const char *led, const char *half_ms)
{
    led_write(led, "trigger", "timer");
    led_write(led, "delay_on", half_ms);
    led_write(led, "delay_off", half_ms);
}

/* Steady: all is well; 1 Hz: warn; 4 Hz: critical. */
void action_light(const char *led, enum rule_level level)
{
    if (level == RULE_CRITICAL) {
        led_blink(led, "125");
    } else if (level == RULE_WARN) {
        led_blink(led, "500");
    } else {
        led_write(led, "trigger", "none");
        led_write(led, "brightness", "255");
    }
}

void actions_end(struct actions *actions, const struct rules *rules)
{
    bool is_busy = true;
    for (int i = 0; i < END_WAITS && is_busy; i++) {
        is_busy = false;
        children_reap(actions);
        for (size_t place = 0; place < ACTIONS_AT_ONCE; place++)
            is_busy |= actions->children[place] != 0;
        if (is_busy)
            usleep(END_WAIT_US);
    }
    for (size_t i = 0; i < rules->list.count; i++)
        if (rules->list.at[i].led) {
            led_write(rules->list.at[i].led, "trigger", "none");
            led_write(rules->list.at[i].led, "brightness", "0");
        }
}
