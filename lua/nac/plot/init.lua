--- Pictures of results, drawn by gnuplot.
local curves = require "nac.plot.curves"
local front = require "nac.plot.front"

return {
  --- Every pair of objectives, a panel each: front2d(records, objectives, path).
  front2d = front.draw_2d,
  --- Three objectives at once: front3d(records, objectives, path).
  front3d = front.draw_3d,
  --- As the two above, without waiting: they return a job with `finish`.
  start_front2d = front.start_2d,
  start_front3d = front.start_3d,
  --- Lines through points: curves(panels, path).
  curves = curves.draw,
  --- The same, without waiting.
  start_curves = curves.start,
}
