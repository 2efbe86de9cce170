-- Installed as <prefix>/share/lua/5.4/nac.lua: lets a stock lua5.4 find the
-- engine's Lua files, which lie in <prefix>/share/nac-lua.
local prefix = debug.getinfo(1, "S").source:match("^@(.*)/share/lua/5%.4/nac%.lua$")
assert(prefix, "this file works where `make install` puts it")
local root = prefix .. "/share/nac-lua/lua/"
package.path = root .. "?.lua;" .. root .. "?/init.lua;" .. package.path
package.cpath = prefix .. "/lib/lua/5.4/?.so;" .. package.cpath
return dofile(root .. "nac/init.lua")
