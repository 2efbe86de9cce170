--- Cosine annealing with warm restarts (Loshchilov & Hutter 2017, equation 5):
-- half a cosine from the rate down towards `min_lr` in `epochs` epochs, then again
-- from the top, each time `factor` times as long.
return {
  options = { epochs = "integer", factor = 1, min_lr = 0 },
  check = function(o, level)
    if o.factor < 1 or o.factor % 1 ~= 0 then error("factor of warm_restarts must be an integer of 1 or more", level + 1) end
  end,
  rate = function(o, t, run)
    local length = o.epochs
    if o.factor == 1 then t = t % length end
    while t >= length do t, length = t - length, length * o.factor end
    return o.min_lr + (run.lr - o.min_lr) * (1 + math.cos(math.pi * t / length)) / 2
  end,
}
