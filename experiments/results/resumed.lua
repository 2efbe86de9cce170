--- Runs a search, continued where it was begun before, or anew where what lies there is of other settings; ends the
-- program where it is interrupted.
-- @param run function(options) -> a result, or nil and a message
-- @param options of it
-- @param begun whether an earlier run left something
-- @return the result
return function(run, options, begun)
  options.resume = begun
  local result, message = run(options)
  if not result and begun then
    options.resume, options.force = nil, true
    result, message = run(options)
  end
  assert(result, message)
  if result.interrupted then os.exit(130) end
  return result
end
