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

/* Methods of "nac.net" that bind/net_quant.c defines. */
int nac_lua_net_quantise(lua_State *L);
int nac_lua_net_quantiser(lua_State *L);
int nac_lua_net_set_mask(lua_State *L);
int nac_lua_net_mask(lua_State *L);

#endif
