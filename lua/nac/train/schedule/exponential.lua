--- The rate falls by the factor `gamma` every epoch.
return {
  options = { gamma = "number" },
  rate = function(o, t, run) return run.lr * o.gamma ^ t end,
}
