/* Operation of an integer graph as a table, for back ends that write it down: extents, constants,
 * tables. Numbers that do not fit into a Lua integer are left out; then `sum_bits` is above 64. */
#include "bind/fixed_bind.h"

#include "bind/bind.h"

static void set_integer(lua_State *L, const char *name, int64_t x)
{
  lua_pushinteger(L, (lua_Integer)x);
  lua_setfield(L, -2, name);
}

static void set_wide(lua_State *L, const char *name, nac_wide x)
{
  if (x >= INT64_MIN && x <= INT64_MAX) {
    set_integer(L, name, (int64_t)x);
  }
}

static void set_list(lua_State *L, const char *name, const int64_t *x, int64_t n)
{
  int64_t i;
  if (x == NULL) {
    return;
  }
  lua_createtable(L, (int)n, 0);
  for (i = 0; i < n; i++) {
    lua_pushinteger(L, (lua_Integer)x[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, name);
}

static void set_offsets(lua_State *L, const nac_iop *op)
{
  int64_t i;
  for (i = 0; i < op->n_offsets; i++) {
    if (op->offset[i] < INT64_MIN || op->offset[i] > INT64_MAX) {
      return;
    }
  }
  lua_createtable(L, (int)op->n_offsets, 0);
  for (i = 0; i < op->n_offsets; i++) {
    lua_pushinteger(L, (lua_Integer)op->offset[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "offsets");
}

static void set_window(lua_State *L, const nac_iwindow *w)
{
  const struct {
    const char *name;
    int64_t x;
  } field[] = {{"c", w->c}, {"h", w->h}, {"w", w->w}, {"o", w->o}, {"oh", w->oh}, {"ow", w->ow}, {"kh", w->kh},
               {"kw", w->kw}, {"sh", w->sh}, {"sw", w->sw}, {"dh", w->dh}, {"dw", w->dw}, {"top", w->top},
               {"left", w->left}, {"groups", w->groups}};
  size_t i;
  lua_createtable(L, 0, 15);
  for (i = 0; i < sizeof field / sizeof *field; i++) {
    set_integer(L, field[i].name, field[i].x);
  }
  lua_setfield(L, -2, "window");
}

static void set_matrix(lua_State *L, const nac_imatrix *m)
{
  lua_createtable(L, 0, 6);
  set_integer(L, "count", m->count);
  set_integer(L, "m", m->m);
  set_integer(L, "k", m->k);
  set_integer(L, "n", m->n);
  set_integer(L, "ta", m->ta);
  set_integer(L, "tb", m->tb);
  lua_setfield(L, -2, "matrix");
}

/* { outer, n, inner, how ("sum" or "max"), lo, hi, first, share, weights, offsets, channels, table_first,
 * table, chosen, up, drop, eps, dims, strides (PERMUTE), window, matrix, format_inner (elements in turn that share a format) }; fields as in igraph.h */
void nac_lua_push_iop(lua_State *L, const nac_igraph *g, const nac_iop *op)
{
  const nac_ivalue *y = nac_igraph_value(g, op->output);
  lua_createtable(L, 0, 28);
  set_integer(L, "outer", op->outer);
  set_integer(L, "n", op->n);
  set_integer(L, "inner", op->inner);
  lua_pushstring(L, op->how == NAC_ISUM ? "sum" : "max");
  lua_setfield(L, -2, "how");
  set_wide(L, "lo", op->lo);
  set_wide(L, "hi", op->hi);
  set_integer(L, "first", op->first);
  set_list(L, "share", op->share, op->n_inputs);
  set_list(L, "weights", op->weight, op->n_weights);
  set_offsets(L, op);
  set_integer(L, "channels", op->channels);
  set_integer(L, "table_first", op->table_first);
  set_list(L, "table", op->table, op->n_table);
  set_list(L, "chosen", op->chosen, op->n_chosen);
  set_integer(L, "up", op->up);
  set_integer(L, "drop", op->drop);
  set_wide(L, "eps", op->eps);
  if (op->kind == NAC_IOP_PERMUTE) {
    set_list(L, "dims", op->dim, op->outer);
    set_list(L, "strides", op->stride, op->outer);
  }
  set_window(L, &op->window);
  set_matrix(L, &op->matrix);
  if (y->q != NULL) {
    set_integer(L, "format_inner", y->q->inner);
  }
}
