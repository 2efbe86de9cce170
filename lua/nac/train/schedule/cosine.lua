--- Cosine annealing (Loshchilov & Hutter 2017, equation 5, without restarts):
-- half a cosine from the rate down to `min_lr` in `epochs` epochs (all of the
-- training when not given), and up again beyond.
return {
  options = { epochs = false, min_lr = 0 },
  rate = function(o, t, run)
    local whole = o.epochs or math.max(1, run.epochs)
    return o.min_lr + (run.lr - o.min_lr) * (1 + math.cos(math.pi * t / whole)) / 2
  end,
}
