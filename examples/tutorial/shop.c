/* shop: in a number of orders, out the turnover. The program of docs/tutorial.md: it works, its tests are green, and it grows. Built with -DMENDED it does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUSTOMERS = 64, NAME_ROOM = 32 };

struct customer {
    char *name;
    unsigned orders;
    struct customer *next;
};

static struct customer *customers[CUSTOMERS];
static double *history;
static size_t history_count, history_room;

static struct customer *customer_new(const char *name)
{
    struct customer *customer = calloc(1, sizeof *customer);
    customer->name = strdup(name);
    return customer;
}

static struct customer *customer_find(const char *name, unsigned hash)
{
    struct customer *customer = customers[hash];
    while (customer && strcmp(customer->name, name))
        customer = customer->next;
    return customer;
}

/* The one who is known already, or a new one. */
static struct customer *customer_get(const char *name, unsigned hash)
{
#ifdef MENDED
    struct customer *known = customer_find(name, hash);
    if (known)
        return known;
    struct customer *customer = customer_new(name);
#else
    struct customer *customer = customer_new(name);
    struct customer *known = customer_find(name, hash);
    if (known)
        return known;
#endif
    customer->next = customers[hash];
    return customers[hash] = customer;
}

static char *invoice_print(const struct customer *customer, double total)
{
    char *text = malloc(256);
    snprintf(text, 256, "%s, order %u: %.2f\n", customer->name, customer->orders, total);
    return text;
}

static void history_add(double total)
{
#ifdef MENDED
    if (history_count == history_room)
        history = realloc(history, (history_room = history_room * 2 + 16) * sizeof *history);
#else
    history = realloc(history, (history_room = history_count + 1) * sizeof *history);
#endif
    history[history_count++] = total;
}

static double order_take(unsigned number)
{
    char name[NAME_ROOM];
    unsigned who = number * 7919 % 200;
    snprintf(name, sizeof name, "customer %u", who);
    struct customer *customer = customer_get(name, who % CUSTOMERS);
    double total = 10 + number % 90;
    customer->orders++;
    char *invoice = invoice_print(customer, total);
    history_add(total);
    free(invoice);
    return total;
}

static void customers_free(void)
{
    for (unsigned i = 0; i < CUSTOMERS; i++)
        while (customers[i]) {
            struct customer *next = customers[i]->next;
            free(customers[i]->name);
            free(customers[i]);
            customers[i] = next;
        }
}

int main(int count, char **words)
{
    unsigned orders = count > 1 ? (unsigned)atoi(words[1]) : 1000;
    double turnover = 0;
    for (unsigned i = 0; i < orders; i++)
        turnover += order_take(i);
    printf("%u orders, turnover %.2f\n", orders, turnover);
    customers_free();
    free(history);
    return 0;
}
