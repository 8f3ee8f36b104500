/* layout: in the debug data of a type and the data model of a target, out how much the type takes there and where its members lie. The same walk lays the type
 * out by the rules of the machine that was traced; where that is not what the debug data says, the answer is not exact, and says so. */
#ifndef HOST_PREDICT_LAYOUT_H
#define HOST_PREDICT_LAYOUT_H

#include <elfutils/libdw.h>

#include "host/base/map.h"
#include "data_model.h"

enum { LAYOUT_BYTES_MOST = 1 << 30 }; /* what is larger is damage */

/* Of one type on both sides. */
struct shape {
    struct extent host, target;
    uint64_t host_tight, target_tight; /* without the padding at the end, which a derived class may use */
    bool is_exact;                     /* the rules explain what the debug data says of the host */
    uint32_t pointers;                 /* that it holds, and other words that change their width; of a type that holds none, the size is certain */
};

/* `host` and `target` must live as long as the layout. Zero-filled otherwise. */
struct layout {
    const struct data_model *host, *target;
    struct map known; /* of a DIE's place in memory: its place in `shapes`, plus 1 */
    VEC(struct shape) shapes;
    unsigned depth;
};

/* False: incomplete (only declared), no type that has a size, or damaged. */
bool layout_type(struct layout *layout, Dwarf_Die *type, struct shape *shape);
/* offsetof(type, name) on both sides; false: no such member. `member` becomes its type. */
bool layout_member(struct layout *layout, Dwarf_Die *type, const char *name, uint64_t *host, uint64_t *target, Dwarf_Die *member);
/* Without const, volatile and typedef. */
bool layout_peel(Dwarf_Die *type, Dwarf_Die *peeled);
/* DW_AT_type. */
bool layout_type_of(Dwarf_Die *die, Dwarf_Die *type);
void layout_done(struct layout *layout);

#endif
