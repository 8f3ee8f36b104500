/* scene: a tree of objects with a name, a matrix and children in an array that grows; what a display keeps. */
#include <stdlib.h>
#include <string.h>

struct node {
    struct node **children;
    int child_count, child_room;
    float matrix[6];
    const char *name;
    void (*draw)(struct node *node);
    unsigned long flags;
};

static struct node *node_new(const char *name)
{
    struct node *node = calloc(1, sizeof(struct node));
    node->name = name;
    return node;
}

static void node_add(struct node *node, struct node *child)
{
    if (node->child_count == node->child_room) {
        node->child_room = node->child_room ? node->child_room * 2 : 4;
        node->children = realloc(node->children, (size_t)node->child_room * sizeof *node->children);
    }
    node->children[node->child_count++] = child;
}

static void fill(struct node *node, int depth)
{
    for (int i = 0; depth && i < 5; i++) {
        struct node *child = node_new("group");
        node_add(node, child);
        fill(child, depth - 1);
    }
}

int main(void)
{
    struct node *root = node_new("root");
    fill(root, 3);
    return root->child_count != 5;
}
