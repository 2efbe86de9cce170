--- The learning rate as it was given.
return {
  options = {},
  rate = function(_, _, run) return run.lr end,
}
