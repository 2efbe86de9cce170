/* Losses, samples, answers and scores between Lua and training. */
#ifndef NAC_DATA_BIND_H
#define NAC_DATA_BIND_H

#include <lua.h>

#include "core/train.h"

/** Raises "unknown WHAT 'given'; allowed: ..." with the names that name_of lists
 * up to its first NULL. */
int nac_lua_refuse_word(lua_State *L, const char *what, const char *given, const char *(*name_of)(int i));

/** The loss at `index`, a name or a table {kind=, ...}; raises with what is
 * allowed. Pushes one value, which holds the loss's memory and must be kept
 * while the loss is used. */
nac_loss nac_lua_check_loss(lua_State *L, int index);

/** The option `reference` of the table at `index`: 0, 32 or 64. */
int nac_lua_opt_reference(lua_State *L, int index);

/** Samples at xi and answers at yi, checked against the net and the loss. */
nac_data nac_lua_check_data(lua_State *L, int xi, int yi, const nac_net *net, const nac_loss *loss);

/** Pushes {loss = mean, accuracy = share of right answers (where the loss knows
 * them), n = rows}. */
void nac_lua_push_score(lua_State *L, const nac_score *score);

#endif
