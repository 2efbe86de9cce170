--- The command line of `nac-lua`: takes the global `arg`, returns the exit status.
return function(arg)
  local script = arg[1]
  if not script then
    io.stderr:write("usage: nac-lua script.lua [args]\n")
    return 2
  end
  local shifted = { [0] = script }
  for i = 2, #arg do shifted[i - 1] = arg[i] end
  shifted[-1] = arg[0]
  _G.arg = shifted
  local chunk, message = loadfile(script)
  if not chunk then
    io.stderr:write("nac-lua: ", message, "\n")
    return 1
  end
  chunk(table.unpack(shifted))
  return 0
end
