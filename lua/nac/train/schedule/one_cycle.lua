--- One cycle (Smith & Topin 2018): from max_lr / div_factor up to `max_lr` (the
-- given rate when nil) over the share `pct_start` of the training, then down to
-- max_lr / (div_factor final_div_factor), along half a cosine each or, with
-- anneal = "linear", straight. A new rate every step, or per = "epoch". The
-- momentum is left alone.
local enum = require "nac.util.enum"

return {
  options = { max_lr = false, pct_start = .3, div_factor = 25, final_div_factor = 1e4, anneal = "cosine", per = "step" },
  check = function(o, level)
    enum.check(o.anneal, { "cosine", "linear" }, "anneal of one_cycle", level + 1)
    enum.check(o.per, { "step", "epoch" }, "per of one_cycle", level + 1)
    if not (o.pct_start >= 0 and o.pct_start <= 1) then error("pct_start must be a number from 0 to 1", level + 1) end
  end,
  per_step = function(o) return o.per == "step" end,
  rate = function(o, t, run)
    local last = (o.per == "step" and run.epochs * run.steps or run.epochs) - 1
    local top = o.max_lr or run.lr
    local from, to, first, ends = top / o.div_factor, top, 0, o.pct_start * (last + 1) - 1
    if t > ends then
      from, to, first, ends = top, from / o.final_div_factor, ends, last
    end
    local share = ends > first and math.min(1, (t - first) / (ends - first)) or 1
    if o.anneal == "linear" then return from + (to - from) * share end
    return to + (from - to) * (1 + math.cos(math.pi * share)) / 2
  end,
}
