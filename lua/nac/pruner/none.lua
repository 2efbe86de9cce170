--- No trial is pruned for what it reports.
return {
  name = "none",
  should_prune = function() return false end,
}
