--- busted's words (`describe`, `it`, ...) for a contract. busted gives them to the
-- spec file alone, so that a file which a spec requires has to look for them
-- in the environment of the function that called it.
return function()
  for level = 2, math.huge do
    local info = debug.getinfo(level, "f")
    if not info then error("a contract is called from a spec that busted runs", 0) end
    for i = 1, math.huge do
      local name, value = debug.getupvalue(info.func, i)
      if not name then break end
      if name == "_ENV" and type(value) == "table" and value.describe then return value end
    end
  end
end
