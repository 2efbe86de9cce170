--- The rate falls by the factor `gamma` every `step_size` epochs.
return {
  options = { step_size = "integer", gamma = .1 },
  rate = function(o, t, run) return run.lr * o.gamma ^ (t // o.step_size) end,
}
