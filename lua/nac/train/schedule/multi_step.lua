--- The rate falls by the factor `gamma` after each of the epochs in `milestones`.
return {
  options = { milestones = "list", gamma = .1 },
  check = function(o, level)
    for _, epoch in ipairs(o.milestones) do
      if type(epoch) ~= "number" then error("milestones are a list of epochs, got " .. tostring(epoch), level + 1) end
    end
  end,
  rate = function(o, t, run)
    local passed = 0
    for _, epoch in ipairs(o.milestones) do
      if t >= epoch then passed = passed + 1 end
    end
    return run.lr * o.gamma ^ passed
  end,
}
