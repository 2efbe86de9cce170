/* Samples, answers and scores between Lua and training. */
#ifndef NAC_DATA_BIND_H
#define NAC_DATA_BIND_H

#include <lua.h>

#include "core/train.h"

/** The loss of that name; raises with the allowed ones. */
nac_loss nac_lua_check_loss(lua_State *L, const char *name);

/** The option `reference` of the table at `index`: 0, 32 or 64. */
int nac_lua_opt_reference(lua_State *L, int index);

/** Samples at xi and answers at yi, checked against the net and the loss. */
nac_data nac_lua_check_data(lua_State *L, int xi, int yi, const nac_net *net, nac_loss loss);

/** Pushes {loss = mean, accuracy = share (cross_entropy only), n = rows}. */
void nac_lua_push_score(lua_State *L, const nac_score *score, nac_loss loss);

#endif
