/* The net as the bindings share it. */
#ifndef NAC_NET_BIND_H
#define NAC_NET_BIND_H

#include <lua.h>

#include "core/net.h"

/* A net and how many hold it: Lua's handle, views of its tensors, trainers. */
typedef struct nac_net_box {
  nac_net *net;
  int refs;
} nac_net_box;

/** The box of the net at `index`; raises on another value and on a closed net. */
nac_net_box *nac_lua_check_net(lua_State *L, int index);

/** Drops one reference; the net goes with the last. */
void nac_net_box_release(void *box);

/** Lua's functions for a layer of kind "opaque": `forward` and `backward` of the
 * layer table at index 2 go to layer `layer` (bind/opaque.c). */
void nac_lua_opaque_bind(lua_State *L, nac_net *net, int layer);

/** Says in which Lua thread opaque layers run from now on: the one that calls.
 * Returns the one before, which is to be set again when the call is over: a
 * function of a layer may run another net in a thread of its own. */
lua_State *nac_lua_opaque_state(lua_State *L);

/* Methods of "nac.net" that bind/net_quant.c defines. */
int nac_lua_net_add_step(lua_State *L);
int nac_lua_net_quantise(lua_State *L);
int nac_lua_net_quantiser(lua_State *L);
int nac_lua_net_set_mask(lua_State *L);
int nac_lua_net_mask(lua_State *L);

#endif
